/**
 * `crvideo.js`: the globals `CRVideo_*` of CloudRoom's web script, over this SDK. Every documented name exists, as a
 * function for calls and as an object with a `callback` for notices.
 */
import type { MakeClient } from '../client';
import { OLDER_CALLS, UNDOCUMENTED_CALLS, type CallName } from './names/calls';
import { makeScript, type Func } from './script';

export const PREFIX = 'CRVideo_';

/** Puts all names on `target`, usually the page's window. */
export function install(target: Record<string, unknown>, make: MakeClient): void {
  const { notices, calls } = makeScript(make);
  for (const [name, notice] of notices.all) target[PREFIX + name] = notice;
  for (const [name, run] of Object.entries(calls)) target[PREFIX + name] = run;
  for (const [older, name] of Object.entries(OLDER_CALLS)) target[PREFIX + older] = calls[name as CallName];
  const nothing: Func = () => undefined;
  for (const name of UNDOCUMENTED_CALLS) target[PREFIX + name] ??= nothing;
}
