import { describe, expect, it } from 'vitest';
import { assign, isUnchanged, type Slot } from '../src/rtc/lines';

/** Does what the assignment says, as a connection would. */
function settle(slots: Slot[], wanted: string[]): Slot[] {
  const { freed, taken, missing } = assign(slots, wanted);
  for (const slot of freed) slot.stream = null;
  for (const { slot, stream } of taken) slot.stream = stream;
  return [...slots, ...missing];
}

describe('assign', () => {
  it('gives each stream a line for sound and one for the picture', () => {
    const slots = settle([], ['a', 'b']);
    expect(slots).toEqual([
      { kind: 'audio', stream: 'a' },
      { kind: 'video', stream: 'a' },
      { kind: 'audio', stream: 'b' },
      { kind: 'video', stream: 'b' },
    ]);
    expect(isUnchanged(assign(slots, ['b', 'a']))).toBe(true);
  });

  it('uses lines again, at once or later', () => {
    const first = settle([], ['a', 'b']);
    const swapped = settle(first, ['b', 'c']);
    expect(swapped.map(({ stream }) => stream)).toEqual(['c', 'c', 'b', 'b']);
    const fewer = settle(swapped, ['b']);
    expect(fewer.map(({ stream }) => stream)).toEqual([null, null, 'b', 'b']);
    expect(settle(fewer, ['b', 'd', 'e'])).toHaveLength(6);
  });

  it('never needs more lines than streams were wanted at one time, and never moves one that stays', () => {
    let slots: Slot[] = [];
    let most = 0;
    for (let step = 0; step < 200; step++) {
      const wanted = ['a', 'b', 'c', 'd', 'e'].filter((_, at) => (step * 7919 + at * 104729) % 11 < 5);
      const stayed = new Map(slots.filter(({ stream }) => stream && wanted.includes(stream)).map((slot) => [slot, slot.stream]));
      slots = settle(slots, wanted);
      most = Math.max(most, wanted.length);
      for (const [slot, stream] of stayed) expect(slot.stream).toBe(stream);
      const carried = slots.filter(({ stream }) => stream !== null).map(({ kind, stream }) => `${kind} ${stream}`);
      expect(carried.sort()).toEqual(wanted.flatMap((id) => [`audio ${id}`, `video ${id}`]).sort());
      expect(slots.length).toBeLessThanOrEqual(2 * most);
    }
  });
});
