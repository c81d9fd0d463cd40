import { describe, expect, it, vi } from 'vitest';
import type { Room } from '../api/types';
import { stats, stream, summary } from '../testing';
import { initialState, isTuningIn, reduce, type Action, type State } from './state';
import { Store } from './store';

function after(...actions: Action[]): State {
  return actions.reduce(reduce, initialState);
}

const rooms = (...list: ReturnType<typeof summary>[]): Action => ({ type: 'rooms', rooms: list, more: false });
const live = stream('s1');

function full(id: string): Room {
  return { id, settings: summary(id).settings, members: [], streams: [live] };
}

describe('which room is on show', () => {
  it('is the most active one', () => {
    expect(after(rooms(summary('a'), summary('b', [live]))).open).toBe('b');
    expect(after(rooms()).open).toBeNull();
  });

  it('stays while it is on air, or while no other is', () => {
    const busy = after(rooms(summary('b', [live])), rooms(summary('a', [live]), summary('b', [live])));
    expect(busy.open).toBe('b');
    const silent = after(rooms(summary('b')), rooms(summary('a'), summary('b')));
    expect(silent.open).toBe('b');
  });

  it('gives way when it is silent or gone and another is on air', () => {
    expect(after(rooms(summary('a')), rooms(summary('a'), summary('b', [live]))).open).toBe('b');
    expect(after(rooms(summary('a')), rooms(summary('b'))).open).toBe('b');
  });

  it('is the one asked for, whatever else happens', () => {
    const state = after({ type: 'asked', room: 'x' }, rooms(summary('b', [live])), {
      type: 'room',
      id: 'x',
      room: 'gone',
    });
    expect(state).toMatchObject({ open: 'x', room: 'gone' });
    expect(reduce(state, { type: 'asked', room: null })).toMatchObject({ open: 'b', room: null });
  });
});

describe('what is known of the room', () => {
  it('comes with statistics beside the streams', () => {
    const state = after(rooms(summary('a', [live])), { type: 'room', id: 'a', room: full('a') }, {
      type: 'streams',
      room: 'a',
      streams: [stream('s1', { stats: stats() }), stream('s2', { on_air: false })],
    });
    expect(state.stats).toEqual({ s1: stats() });
    expect(isTuningIn(state)).toBe(false);
    const young = stats({ video: null, audio: null });
    expect(isTuningIn({ ...state, stats: { s1: young } })).toBe(true);
    expect(isTuningIn({ ...state, stats: {} })).toBe(true);
    expect((state.room as Room).streams.map(({ id }) => id)).toEqual(['s1', 's2']);
    expect((state.room as Room).streams[0]).not.toHaveProperty('stats');
  });

  it('ignores answers about a room that is no longer on show', () => {
    const state = after({ type: 'asked', room: 'b' }, { type: 'room', id: 'b', room: full('b') });
    expect(reduce(state, { type: 'streams', room: 'a', streams: [] })).toBe(state);
    expect(reduce(state, { type: 'room', id: 'a', room: 'gone' })).toBe(state);
  });

  it('is forgotten with the token', () => {
    const state = after({ type: 'asked', room: 'a' }, rooms(summary('a')), { type: 'token_needed', problem: 'no' });
    expect(state).toMatchObject({ phase: 'needs_token', rooms: null, asked: 'a', open: null, problem: 'no' });
  });
});

describe('the list', () => {
  it('has rooms on air first, then goes by name', () => {
    const state = after(rooms(summary('c'), summary('z', [live], 'Zoo'), summary('q', [], 'Aa')));
    expect(state.rooms?.map(({ id }) => id)).toEqual(['z', 'q', 'c']);
  });
});

describe('Store', () => {
  it('tells of changes only', () => {
    const store = new Store();
    const listener = vi.fn();
    const end = store.subscribe(listener);
    store.dispatch({ type: 'link', link: 'connecting' });
    expect(listener).not.toHaveBeenCalled();
    store.dispatch({ type: 'link', link: 'events' });
    expect(listener).toHaveBeenCalledOnce();
    end();
    store.dispatch({ type: 'link', link: 'offline' });
    expect(listener).toHaveBeenCalledOnce();
  });
});
