import { describe, expect, it } from 'vitest';
import { away, isInside, playMode } from './me';
import { initialState, reduce, type State } from './state';

const inside: State = { ...initialState, open: 'r', me: { ...away, room: 'r', member: 'm', phase: 'joined' } };

describe('how a stream is played', () => {
  it('is FLV for those who watch and WebRTC for members', () => {
    expect(playMode(initialState, 's')).toBe('flv');
    expect(playMode(inside, 's')).toBe('webrtc');
    expect(isInside({ ...inside, open: 'other' })).toBe(false);
    expect(isInside({ ...inside, me: { ...inside.me, phase: 'lost' } })).toBe(true);
  });

  it('is what was chosen, until another room is on show', () => {
    const chosen = reduce(inside, { type: 'mode', stream: 's', mode: 'flv' });
    expect([playMode(chosen, 's'), playMode(chosen, 't')]).toEqual(['flv', 'webrtc']);
    expect(reduce(chosen, { type: 'asked', room: 'other' }).modes).toEqual({});
  });
});
