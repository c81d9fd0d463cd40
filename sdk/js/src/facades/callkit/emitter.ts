/** An event emitter with the surface that apps know from the vendor's instance. */

// What a handler takes depends on its event.
export type Handler = (...args: never[]) => void;

interface Entry {
  handler: (...args: unknown[]) => void;
  context: unknown;
  once: boolean;
}

/** Spellings of events that mean the same; the first one is how they are raised. */
const ALIASES: Record<string, string> = { onCallingTimeout: 'onCallingTimeOut' };

const nameOf = (event: string) => ALIASES[event] ?? event;

export class Emitter {
  private readonly entries = new Map<string, Entry[]>();

  on(event: string, handler: Handler, context?: unknown): this {
    return this.add(event, handler, context, false);
  }

  once(event: string, handler: Handler, context?: unknown): this {
    return this.add(event, handler, context, true);
  }

  addListener(event: string, handler: Handler, context?: unknown): this {
    return this.on(event, handler, context);
  }

  /** Without a handler: all of the event. */
  off(event: string, handler?: Handler): this {
    const name = nameOf(event);
    const left = (this.entries.get(name) ?? []).filter((entry) => handler !== undefined && entry.handler !== handler);
    if (left.length > 0) this.entries.set(name, left);
    else this.entries.delete(name);
    return this;
  }

  removeListener(event: string, handler?: Handler): this {
    return this.off(event, handler);
  }

  removeAllListeners(event?: string): this {
    if (event === undefined) this.entries.clear();
    else this.off(event);
    return this;
  }

  /** As `on`, in the component's words. */
  addDelegate(event: string, handler: Handler): void {
    this.on(event, handler);
  }

  /** Drops all handlers of the event. */
  removeDelegate(event: string): void {
    this.off(event);
  }

  eventNames(): string[] {
    return [...this.entries.keys()];
  }

  listeners(event: string): Handler[] {
    return (this.entries.get(nameOf(event)) ?? []).map(({ handler }) => handler);
  }

  listenerCount(event: string): number {
    return this.listeners(event).length;
  }

  emit(event: string, ...args: unknown[]): boolean {
    const name = nameOf(event);
    const entries = this.entries.get(name) ?? [];
    for (const entry of entries) {
      if (entry.once) this.off(name, entry.handler as Handler);
      try {
        entry.handler.apply(entry.context ?? this, args);
      } catch (thrown) {
        // An app's mistake in one handler is no reason for the others, or for the call, to end.
        console.error(thrown);
      }
    }
    return entries.length > 0;
  }

  private add(event: string, handler: Handler, context: unknown, once: boolean): this {
    const name = nameOf(event);
    const entry = { handler: handler as Entry['handler'], context, once };
    this.entries.set(name, [...(this.entries.get(name) ?? []), entry]);
    return this;
  }
}
