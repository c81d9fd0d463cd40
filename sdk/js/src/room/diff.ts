/** What happened between two states of a room, as events: for clients that missed the events themselves. */
import type { Member, Room as RoomState, Stream } from '../wire/openapi';
import type { Actor, RoomChanges } from '../types/events';

type Told = { [K in keyof RoomChanges]: { name: K; event: RoomChanges[K] } }[keyof RoomChanges];

const APP: Actor = { type: 'app' };

/** In an order in which they make sense: who and what is gone, who and what came, what changed. */
export function diff(before: RoomState, after: RoomState, at: number): Told[] {
  const told: Told[] = [];
  const tell = <K extends keyof RoomChanges>(name: K, fields: Omit<RoomChanges[K], 'event' | 'room' | 'at'>) =>
    told.push({ name, event: { event: name, room: after.id, at, ...fields } } as unknown as Told);
  const members = compare(before.members, after.members);
  const streams = compare(before.streams, after.streams);
  for (const { id, owner } of streams.gone) {
    const left = members.gone.some((member) => member.id === owner);
    tell('stream_removed', { stream: id, owner: owner ?? null, reason: left ? 'owner_left' : 'unpublished' });
  }
  for (const { id, account, role, joined_at } of members.gone) {
    tell('member_left', { member: id, account, role, reason: 'normal', by: null, joined_at });
  }
  if (!same(before.settings, after.settings)) tell('settings_changed', { settings: after.settings, by: APP });
  for (const member of members.come) tell('member_joined', { member });
  for (const [old, now] of members.both) {
    if (old.nick !== now.nick || old.ext !== now.ext) tell('member_updated', { member: now.id, nick: now.nick, ext: now.ext });
    if (old.online !== now.online) tell('member_online', { member: now.id, online: now.online });
    if (old.role !== now.role) tell('role_changed', { member: now.id, role: now.role, by: APP });
    if (!same(old.mute, now.mute)) tell('mute_changed', { member: now.id, mute: now.mute, by: APP });
  }
  if (!same(before.mute_all, after.mute_all)) {
    tell('mute_all_changed', { muted: after.mute_all, excuses_void: { audio: false, video: false }, by: APP });
  }
  for (const stream of streams.come) tell('stream_added', { stream });
  for (const [old, now] of streams.both) {
    const { id, voff, aoff, via, client_ref, ext, on_air, url_version } = now;
    if (!same([old.voff, old.aoff, old.via, old.client_ref, old.ext], [voff, aoff, via, client_ref, ext])) {
      tell('stream_updated', { stream: id, voff, aoff, via, client_ref: client_ref ?? null, ext });
    }
    if (old.url_version !== url_version) tell('url_reissued', { stream: id, version: url_version, previous_until: at });
    if (old.on_air !== on_air) tell(on_air ? 'media_started' : 'media_stopped', { stream: id, epoch: 0 });
  }
  for (const [key, value] of Object.entries(after.attributes)) {
    if (before.attributes[key] !== value) tell('attribute_set', { key, value, by: APP });
  }
  for (const key of Object.keys(before.attributes)) {
    if (!(key in after.attributes)) tell('attribute_deleted', { key, by: APP });
  }
  for (const request of after.requests) {
    if (!before.requests.some(({ member }) => member === request.member)) tell('request_opened', { request });
  }
  for (const { member, role } of before.requests) {
    if (!after.requests.some((request) => request.member === member)) {
      tell('request_closed', { member, role, outcome: 'obsolete', by: null });
    }
  }
  return told;
}

function compare<T extends Member | Stream>(before: T[], after: T[]): { gone: T[]; come: T[]; both: [T, T][] } {
  const old = new Map(before.map((one) => [one.id, one]));
  const now = new Map(after.map((one) => [one.id, one]));
  return {
    gone: before.filter(({ id }) => !now.has(id)),
    come: after.filter(({ id }) => !old.has(id)),
    both: after.flatMap((one): [T, T][] => {
      const was = old.get(one.id);
      return was ? [[was, one]] : [];
    }),
  };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
