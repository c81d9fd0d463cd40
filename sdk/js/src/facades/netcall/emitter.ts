/** Events as the class has them. */

type Handler = (...args: unknown[]) => void;

export class Emitter {
  private handlers: Record<string, Handler[]> = {};

  on(name: string, handler: Handler): this {
    this.handlers[name] = [...(this.handlers[name] ?? []), handler];
    return this;
  }

  /** Without a handler: all of the event. */
  off(name: string, handler?: Handler): this {
    this.handlers[name] = (this.handlers[name] ?? []).filter((other) => handler !== undefined && other !== handler);
    return this;
  }

  emit(name: string, ...args: unknown[]): void {
    for (const handler of this.handlers[name] ?? []) {
      try {
        handler.apply(this, args);
      } catch (thrown) {
        // One handler's mistake is not the others'.
        console.error(thrown);
      }
    }
  }

  eventReset(): void {
    this.handlers = {};
  }
}
