import { describe, expect, it } from 'vitest';
import type { Member, Mix, Recording } from '../api/types';
import { stream, summary } from '../testing';
import { initialState, type State } from './state';
import { mayManage, mixPhase, presetOf, worthShowing } from './studio';

const canvas = { width: 1280, height: 720, fps: 25 };
const off: Mix = { stream: null, layout: { arrangement: { type: 'preset', preset: 'grid' }, canvas }, status: null };

function recording(id: string, state: Recording['state']): Recording {
  return { id, stream: 's', account: null, is_mix: true, state, started_at: 1, ended_at: null };
}

describe('who may change a room', () => {
  const member = (account: string, role: Member['role']): Member => ({ id: account, account, role, nick: '', joined_at: 1, online: true });
  const inside = (members: Member[]): State => ({
    ...initialState,
    account: 'ann',
    room: { id: 'r', settings: summary('r').settings, members, streams: [] },
  });

  it('is the app, and the admins of the room', () => {
    expect(mayManage({ ...initialState, isApp: true })).toBe(true);
    expect(mayManage(inside([member('ann', 'admin')]))).toBe(true);
    expect(mayManage(inside([member('ann', 'talker'), member('bob', 'admin')]))).toBe(false);
    expect(mayManage({ ...initialState, account: 'ann' })).toBe(false);
  });
});

describe('a mix', () => {
  it('is off, starting until it is heard of, then as it says', () => {
    expect([mixPhase(off), presetOf(off)]).toEqual(['off', 'grid']);
    const on: Mix = { ...off, stream: stream('m', { kind: 'mix', owner: null }) };
    expect(mixPhase(on)).toBe('starting');
    expect(mixPhase({ ...on, status: { state: 'no_capacity', need: 1, free: 0.2 } })).toBe('no_capacity');
    expect(presetOf({ ...on, layout: { arrangement: { type: 'custom', regions: [] }, canvas } })).toBeNull();
  });
});

describe('recordings worth showing', () => {
  it('run, or are the last and failed', () => {
    const done = recording('a', 'done');
    expect(worthShowing([recording('b', 'paused'), done])).toHaveLength(1);
    expect(worthShowing([recording('c', 'failed'), done])).toHaveLength(1);
    expect(worthShowing([done, recording('c', 'failed')])).toEqual([]);
  });
});
