/** Which media line of a connection carries which stream: two per stream, used again when a stream goes. */

export type LineKind = 'audio' | 'video';

export interface Slot {
  kind: LineKind;
  /** `null`: free for another stream. */
  stream: string | null;
}

export interface Assignment<S extends Slot> {
  /** Lines whose stream is no longer wanted and that nothing else took. */
  freed: S[];
  /** Lines that carry another stream from now on. */
  taken: { slot: S; stream: string }[];
  /** Lines to add. */
  missing: { kind: LineKind; stream: string }[];
}

/** What to change so that the lines carry the wanted streams and nothing else. Lines that fit stay as they are. */
export function assign<S extends Slot>(slots: S[], wanted: Iterable<string>): Assignment<S> {
  const streams = new Set(wanted);
  const stale = new Set(slots.filter(({ stream }) => stream !== null && !streams.has(stream)));
  const free = slots.filter((slot) => slot.stream === null || stale.has(slot));
  const change: Assignment<S> = { freed: [], taken: [], missing: [] };
  for (const stream of streams) {
    for (const kind of ['audio', 'video'] as const) {
      if (slots.some((slot) => slot.stream === stream && slot.kind === kind)) continue;
      const at = free.findIndex((slot) => slot.kind === kind);
      const slot = free[at];
      if (!slot) {
        change.missing.push({ kind, stream });
        continue;
      }
      free.splice(at, 1);
      stale.delete(slot);
      change.taken.push({ slot, stream });
    }
  }
  change.freed = [...stale];
  return change;
}

export function isUnchanged({ freed, taken, missing }: Assignment<Slot>): boolean {
  return freed.length + taken.length + missing.length === 0;
}
