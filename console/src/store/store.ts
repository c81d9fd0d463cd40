/** Holds the one state and tells components when what they look at has changed. */
import { useEffect, useState } from 'preact/hooks';
import { initialState, reduce, type Action, type State } from './state';

export class Store {
  private state: State;
  private readonly listeners = new Set<() => void>();

  constructor(state: State = initialState) {
    this.state = state;
  }

  get(): State {
    return this.state;
  }

  dispatch(action: Action): void {
    const next = reduce(this.state, action);
    if (next === this.state) return;
    this.state = next;
    for (const listener of [...this.listeners]) listener();
  }

  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The state as of now; the component renders again with every change. */
export function useStore(store: Store): State {
  const [state, setState] = useState(store.get());
  useEffect(() => {
    const update = () => setState(store.get());
    update();
    return store.subscribe(update);
  }, [store]);
  return state;
}
