/** A room's state by its events, and what is told of what was missed. */
import { describe, expect, it } from 'vitest';
import { diff } from '../src/room/diff';
import { apply } from '../src/room/replica';
import type { RoomChanges } from '../src/types/events';
import type { Room } from '../src/wire/openapi';
import { member, roomState, stream } from './fake';

const state = (more: object = {}) => roomState(more) as unknown as Room;
const event = (fields: object) => ({ event: '', room: 'r', at: 1, ...fields }) as never;

/** The state after these events. */
function after(before: Room, events: [keyof RoomChanges, object][]): Room {
  return events.reduce((now, [name, fields], n) => apply(now, name, event({ sequence: before.sequence + n + 1, ...fields })), before);
}

describe('the replica', () => {
  it('follows members, streams, attributes and requests', () => {
    const now = after(state(), [
      ['member_joined', { member: member('m2', 'bob') }],
      ['member_updated', { member: 'm2', nick: 'B', ext: 'x' }],
      ['role_changed', { member: 'm2', role: 'admin' }],
      ['stream_added', { stream: stream('s', 'm2') }],
      ['media_started', { stream: 's', epoch: 1 }],
      ['stream_updated', { stream: 's', voff: true, aoff: false, via: 'webrtc', client_ref: null, ext: '' }],
      ['attribute_set', { key: 'a', value: '1' }],
      ['request_opened', { request: { member: 'm1', role: 'admin', expires_at: 9 } }],
    ]);
    expect(now.members[1]).toMatchObject({ nick: 'B', ext: 'x', role: 'admin' });
    expect(now.streams[0]).toMatchObject({ on_air: true, voff: true, via: 'webrtc' });
    expect([now.attributes, now.requests.length, now.sequence]).toEqual([{ a: '1' }, 1, 13]);
    const gone = after(now, [
      ['attribute_deleted', { key: 'a' }],
      ['member_left', { member: 'm2', account: 'bob' }],
      ['request_closed', { member: 'm1' }],
    ]);
    expect([gone.members.length, gone.streams, gone.attributes, gone.requests]).toEqual([1, [], {}, []]);
  });

  it('works out who is muted, as the gateway does', () => {
    const before = state({ members: [member('m1', 'ann', { role: 'admin' }), member('m2', 'bob')] });
    const all = { audio: true, video: false };
    const none = { audio: false, video: false };
    const muted = after(before, [['mute_all_changed', { muted: all, excuses_void: all }]]);
    expect(muted.members.map((one) => one.muted?.audio)).toEqual([false, true]);
    const excused = after(muted, [['mute_changed', { member: 'm2', mute: { own: none, excused: all } }]]);
    expect(excused.members[1]?.muted?.audio).toBe(false);
    const again = after(excused, [['mute_all_changed', { muted: all, excuses_void: all }]]);
    expect(again.members[1]?.muted?.audio).toBe(true);
  });

  it('takes nothing twice', () => {
    const before = state();
    expect(apply(before, 'attribute_set', event({ sequence: 5, key: 'a', value: '1' }))).toBe(before);
    expect(apply(before, 'audio_levels' as never, event({ levels: [] }))).toBe(before);
  });
});

describe('the difference', () => {
  it('of two states brings the one to the other', () => {
    const before = state({ members: [member('m1', 'ann'), member('m2', 'bob')], streams: [stream('s2', 'm2')], attributes: { a: '1', b: '1' } });
    const now = state({
      sequence: 40,
      members: [member('m1', 'ann', { nick: 'A', online: false, role: 'admin' }), member('m3', 'cat')],
      streams: [stream('s3', 'm3', { on_air: true })],
      attributes: { a: '2', c: '1' },
      mute_all: { audio: true, video: false },
      requests: [{ member: 'm3', role: 'admin', expires_at: 1 }],
    });
    const told = diff(before, now, 1);
    const result = told.reduce((at, { name, event: one }, n) => apply(at, name, { ...one, sequence: 6 + n } as never), before);
    const known = (room: Room) => ({ ...room, sequence: 0, members: room.members.map((one) => ({ ...one, muted: null })) });
    expect(known(result)).toEqual(known(now));
    expect(told.map(({ name }) => name).slice(0, 2)).toEqual(['stream_removed', 'member_left']);
    expect(diff(now, now, 1)).toEqual([]);
  });
});
