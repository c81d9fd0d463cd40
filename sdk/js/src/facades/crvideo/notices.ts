/** The vendor's notices: objects to whose `callback` the app assigns a function, now or later, one at a time. */
import { NOTICES, UNDOCUMENTED_NOTICES, type AnyNotice } from './names/notices';

type Callback = (...args: never[]) => unknown;

/** Callable, too: older scripts call what they should have assigned to. */
export interface Notice {
  (...args: unknown[]): void;
  callback: Callback | null;
}

export class Notices {
  readonly all = new Map<string, Notice>();

  constructor() {
    for (const name of [...Object.keys(NOTICES), ...Object.keys(UNDOCUMENTED_NOTICES)]) this.all.set(name, notice());
  }

  /** Tells the app, if it listens. Its mistakes do not come back. */
  fire(name: AnyNotice, ...args: unknown[]): void {
    const callback = this.all.get(name)?.callback;
    if (typeof callback !== 'function') return;
    try {
      (callback as (...args: unknown[]) => unknown)(...args);
    } catch (thrown) {
      console.error(thrown);
    }
  }

  /** As `fire`, after the call that caused it has returned. */
  later(name: AnyNotice, ...args: unknown[]): void {
    void Promise.resolve().then(() => this.fire(name, ...args));
  }
}

function notice(): Notice {
  const made = ((...args: unknown[]) => {
    (made.callback as ((...args: unknown[]) => unknown) | null)?.(...args);
  }) as Notice;
  made.callback = null;
  return made;
}
