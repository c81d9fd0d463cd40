import { describe, expect, it } from 'vitest';
import { stats, stream } from '../testing';
import { Backoff } from './backoff';
import { wantedTracks } from './tracks';

describe('Backoff', () => {
  it('doubles up to a limit and starts again after success', () => {
    const backoff = new Backoff(500, 3000, () => 0);
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([500, 1000, 2000, 3000, 3000]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });

  it('stays within a quarter of it', () => {
    expect(new Backoff(1000, 8000, () => 0.999).next()).toBeGreaterThanOrEqual(750);
  });
});

describe('wantedTracks', () => {
  it('asks for what is there and not switched off', () => {
    expect(wantedTracks(stream('s'), stats(), null)).toEqual({ audio: true, video: true });
    expect(wantedTracks(stream('s', { voff: true }), stats(), null)).toEqual({ audio: true, video: false });
    expect(wantedTracks(stream('s'), stats({ audio: null }), null)).toEqual({ audio: false, video: true });
  });

  it('keeps what was known while nothing is', () => {
    const before = { audio: true, video: false };
    expect(wantedTracks(stream('s', { on_air: false }), stats(), before)).toBe(before);
    expect(wantedTracks(stream('s'), null, before)).toBe(before);
    expect(wantedTracks(stream('s'), stats({ audio: null, video: null }), before)).toBe(before);
    expect(wantedTracks(stream('s', { aoff: true, voff: true }), stats(), null)).toBeNull();
  });
});
