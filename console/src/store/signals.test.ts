import { describe, expect, it } from 'vitest';
import { bars, noSignals, signalOf, withSignal } from './signals';

describe('signals', () => {
  it('are told from events that change the room', () => {
    expect(signalOf({ event: 'member_joined', room: 'r' })).toBeNull();
    expect(signalOf({ event: 'active_speaker', room: 'r', member: 'm1' })).toEqual({ kind: 'speaker', member: 'm1' });
    expect(signalOf({ event: 'active_speaker', room: 'r', member: null })).toEqual({ kind: 'speaker', member: null });
  });

  it('say how loud each member is', () => {
    const levels = [
      { member: 'm1', level: 100 },
      { member: 'm2', level: 50 },
      { member: 'm2', level: 0 },
      { member: 7 },
      null,
    ];
    expect(signalOf({ event: 'audio_levels', levels })).toEqual({ kind: 'levels', levels: { m1: 1, m2: 0.5 } });
    const quieter = [{ member: 'm1', level: 0 }];
    const both = [levels, quieter].map((list) => signalOf({ event: 'audio_levels', levels: list })!);
    expect(both.reduce(withSignal, noSignals).levels).toEqual({ m1: 0, m2: 0.5 });
    expect(signalOf({ event: 'audio_levels' })).toEqual({ kind: 'levels', levels: {} });
  });

  it('keep the newest quality of each member', () => {
    const first = signalOf({ event: 'quality', member: 'm1', up: 1, down: 9 })!;
    const second = signalOf({ event: 'quality', member: 'm2', up: 'x', down: 2 })!;
    const { quality } = [first, second].reduce(withSignal, noSignals);
    expect(quality).toEqual({ m1: { up: 1, down: 5 }, m2: { up: 0, down: 2 } });
    expect([bars(quality['m1']), bars(quality['m2']), bars(undefined), bars({ up: 0, down: 0 })]).toEqual([1, 4, null, null]);
  });
});
