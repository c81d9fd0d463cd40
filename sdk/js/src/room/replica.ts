/** A room's state, kept up by its events. Pure: a state and an event in, the next state out. */
import type { Member, MuteFlags, Room as RoomState, Stream } from '../wire/openapi';
import type { RoomChanges } from '../types/events';

type Changes = { [K in keyof RoomChanges]: (state: RoomState, event: RoomChanges[K]) => RoomState };

const CHANGES: Partial<Changes> = {
  settings_changed: (state, { settings }) => ({ ...state, settings }),
  member_joined: (state, { member }) => ({ ...state, members: [...without(state.members, member.id), member] }),
  member_updated: (state, { member, nick, ext }) => ofMember(state, member, (old) => ({ ...old, nick, ext })),
  member_online: (state, { member, online }) => ofMember(state, member, (old) => ({ ...old, online })),
  member_left: (state, { member }) => ({
    ...state,
    members: without(state.members, member),
    streams: state.streams.filter(({ owner }) => owner !== member),
    requests: state.requests.filter((request) => request.member !== member),
  }),
  role_changed: (state, { member, role }) => ofMember(state, member, (old) => ({ ...old, role })),
  stream_added: (state, { stream }) => ({ ...state, streams: [...without(state.streams, stream.id), stream] }),
  stream_updated: (state, { stream, voff, aoff, via, client_ref, ext }) =>
    ofStream(state, stream, (old) => ({ ...old, voff, aoff, via, client_ref, ext })),
  stream_removed: (state, { stream }) => ({ ...state, streams: without(state.streams, stream) }),
  media_started: (state, { stream }) => ofStream(state, stream, (old) => ({ ...old, on_air: true })),
  media_stopped: (state, { stream }) => ofStream(state, stream, (old) => ({ ...old, on_air: false })),
  url_reissued: (state, { stream, version }) => ofStream(state, stream, (old) => ({ ...old, url_version: version })),
  attribute_set: (state, { key, value }) => ({ ...state, attributes: { ...state.attributes, [key]: value } }),
  attribute_deleted: (state, { key }) => {
    const { [key]: _gone, ...attributes } = state.attributes;
    return { ...state, attributes };
  },
  mute_changed: (state, { member, mute }) =>
    ofMember(state, member, (old) => ({ ...old, mute, muted: inEffect({ ...old, mute }, state.mute_all) })),
  mute_all_changed: (state, { muted, excuses_void: voided }) => ({
    ...state,
    mute_all: muted,
    members: state.members.map((old) => {
      const excused = { audio: old.mute.excused.audio && !voided.audio, video: old.mute.excused.video && !voided.video };
      const member = { ...old, mute: { ...old.mute, excused } };
      return { ...member, muted: inEffect(member, muted) };
    }),
  }),
  request_opened: (state, { request }) => ({
    ...state,
    requests: [...state.requests.filter(({ member }) => member !== request.member), request],
  }),
  request_closed: (state, { member }) => ({ ...state, requests: state.requests.filter((one) => one.member !== member) }),
};

/** The state after an event; the same object for events that change nothing, or are older than the state. */
export function apply<K extends keyof RoomChanges>(state: RoomState, name: K, event: RoomChanges[K]): RoomState {
  const sequence = event.sequence ?? 0;
  if (sequence <= state.sequence) return state;
  const change = CHANGES[name] as ((state: RoomState, event: RoomChanges[K]) => RoomState) | undefined;
  return { ...(change ? change(state, event) : state), sequence };
}

/** What is muted for a member: by itself, or with everybody unless it is excused; never admins with everybody. */
function inEffect({ role, mute }: Member, all: MuteFlags): MuteFlags {
  const of = (kind: keyof MuteFlags) => mute.own[kind] || (all[kind] && role !== 'admin' && !mute.excused[kind]);
  return { audio: of('audio'), video: of('video') };
}

function ofMember(state: RoomState, id: string, change: (old: Member) => Member): RoomState {
  return { ...state, members: state.members.map((member) => (member.id === id ? change(member) : member)) };
}

function ofStream(state: RoomState, id: string, change: (old: Stream) => Stream): RoomState {
  return { ...state, streams: state.streams.map((stream) => (stream.id === id ? change(stream) : stream)) };
}

function without<T extends { id: string }>(all: T[], id: string): T[] {
  return all.filter((one) => one.id !== id);
}
