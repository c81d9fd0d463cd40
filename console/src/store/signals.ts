/** What passes by in a room: who speaks, how loud members are, how good their connections are. */
import type { EventFrame } from '../../../sdk/js/src/net/frames';

/** How good a connection is: 0 unknown, 1 best to 5 worst. */
export interface Quality {
  /** From the member to the gateway. */
  up: number;
  down: number;
}

export interface Signals {
  /** Who speaks now. */
  speaker: string | null;
  /** Loudness by member, from 0 (silent) to 1. */
  levels: Record<string, number>;
  /** By member. */
  quality: Record<string, Quality>;
}

export const noSignals: Signals = { speaker: null, levels: {}, quality: {} };

export type Signal =
  | { kind: 'speaker'; member: string | null }
  | { kind: 'levels'; levels: Record<string, number> }
  | { kind: 'quality'; member: string; quality: Quality };

/** The signal in an event; `null` for events that change the room. */
export function signalOf(event: EventFrame): Signal | null {
  switch (event.event) {
    case 'active_speaker':
      return { kind: 'speaker', member: text(event['member']) };
    case 'audio_levels':
      return { kind: 'levels', levels: levelsOf(event['levels']) };
    case 'quality': {
      const quality = { up: step(event['up']), down: step(event['down']) };
      return { kind: 'quality', member: text(event['member']) ?? '', quality };
    }
    default:
      return null;
  }
}

export function withSignal(signals: Signals, signal: Signal): Signals {
  switch (signal.kind) {
    case 'speaker':
      return { ...signals, speaker: signal.member };
    case 'levels':
      return { ...signals, levels: { ...signals.levels, ...signal.levels } };
    case 'quality':
      return { ...signals, quality: { ...signals.quality, [signal.member]: signal.quality } };
  }
}

/** Bars to fill, 5 for the best; the worse direction counts. `null` while unknown. */
export function bars(quality: Quality | undefined): number | null {
  const worst = quality ? Math.max(quality.up, quality.down) : 0;
  return worst === 0 ? null : 6 - worst;
}

/** `[{member, level}]`, of the members whose level changed; from 0 (silent) to 100. */
function levelsOf(list: unknown): Record<string, number> {
  const levels: Record<string, number> = {};
  for (const entry of Array.isArray(list) ? list : []) {
    const { member, level } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    if (typeof member !== 'string' || typeof level !== 'number') continue;
    // A member with camera and screen is as loud as the louder of them.
    levels[member] = Math.max(levels[member] ?? 0, Math.min(Math.max(level / 100, 0), 1));
  }
  return levels;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function step(value: unknown): number {
  return typeof value === 'number' ? Math.min(Math.max(Math.round(value), 0), 5) : 0;
}
