import { describe, expect, it } from 'vitest';
import { stats, stream } from '../testing';
import { wantedTracks } from './tracks';

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
