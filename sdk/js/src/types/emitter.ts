/** Typed events. */

/** What is called with an event. */
export type Listener<E> = (event: E) => void;

/** Listens and stops listening. `M` maps names to what listeners get; `'*'` hears all of them. */
export interface Events<M> {
  /** Calls `listener` at each event of this name; returns what ends that. */
  on<K extends keyof M>(name: K, listener: Listener<M[K]>): () => void;
  on(name: '*', listener: (name: keyof M, event: M[keyof M]) => void): () => void;
  once<K extends keyof M>(name: K, listener: Listener<M[K]>): () => void;
  off<K extends keyof M>(name: K, listener: Listener<M[K]>): void;
}

type Any = (first: unknown, second?: unknown) => void;

/** A listener that throws is reported as an unhandled rejection and keeps nobody else from hearing. */
export class Emitter<M> implements Events<M> {
  private readonly listeners = new Map<PropertyKey, Any[]>();

  on<K extends keyof M>(name: K, listener: Listener<M[K]>): () => void;
  on(name: '*', listener: (name: keyof M, event: M[keyof M]) => void): () => void;
  on(name: PropertyKey, listener: unknown): () => void {
    this.listeners.set(name, [...this.listening(name), listener as Any]);
    return () => this.remove(name, listener as Any);
  }

  once<K extends keyof M>(name: K, listener: Listener<M[K]>): () => void {
    const stop = this.on(name, (event) => {
      stop();
      listener(event);
    });
    return stop;
  }

  off<K extends keyof M>(name: K, listener: Listener<M[K]>): void {
    this.remove(name, listener as Any);
  }

  /** For the one who made it: tells everybody. */
  emit<K extends keyof M>(name: K, event: M[K]): void {
    for (const listener of this.listening(name)) attempt(() => listener(event));
    for (const listener of this.listening('*')) attempt(() => listener(name, event));
  }

  private listening(name: PropertyKey): Any[] {
    return this.listeners.get(name) ?? [];
  }

  private remove(name: PropertyKey, listener: Any): void {
    const left = this.listening(name).filter((other) => other !== listener);
    this.listeners.set(name, left);
  }
}

function attempt(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    void Promise.reject(thrown);
  }
}
