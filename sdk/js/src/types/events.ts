/** Events of a room, under the names and with the fields that docs/api.md gives them, and some of the SDK's own. */
import type {
  Layout,
  Member,
  MemberMute,
  MixStatus,
  MuteFlags,
  Push,
  Recording,
  RecordingPart,
  RequestView,
  Role,
  Room as RoomState,
  Settings,
  Source,
  Stream,
  Transport,
} from '../wire/openapi';
import type { LianmaiError } from './errors';

/** Who did it. */
export type Actor = { type: 'app' } | { type: 'member'; id: string };

/** Why a member left: by itself, gone for longer than the grace, removed, or the room ended. */
export type LeaveReason = 'normal' | 'timeout' | 'kicked' | 'room_ended';

/** Why a stream is gone. */
export type StreamEndReason = 'unpublished' | 'role_lost' | 'owner_left' | 'room_ended';

/** Why a room ended: somebody ended it, or nobody was left in it. */
export type RoomEndReason = { type: 'destroyed'; by: Actor } | { type: 'empty' };

/** How a request for a role ended. `obsolete`: the member got the role, or a higher one, another way. */
export type RequestOutcome = 'accepted' | 'refused' | 'expired' | 'withdrawn' | 'obsolete';

/** What every event of a room has. */
export interface RoomEvent {
  event: string;
  room: string;
  /** Number of the event in its room; absent of signals and of what the SDK found out by comparing. */
  sequence?: number;
  /** Unix milliseconds. */
  at: number;
}

type With<F> = RoomEvent & F;

/** Changes of a room. The room's state already has them when they are told. */
export interface RoomChanges {
  room_created: With<{ view: RoomState }>;
  room_ended: With<{ reason: RoomEndReason }>;
  settings_changed: With<{ settings: Settings; by: Actor }>;
  member_joined: With<{ member: Member }>;
  member_updated: With<{ member: string; nick: string; ext: string }>;
  member_online: With<{ member: string; online: boolean }>;
  member_left: With<{
    member: string;
    account: string;
    role: Role;
    reason: LeaveReason;
    by: Actor | null;
    joined_at: number;
  }>;
  role_changed: With<{ member: string; role: Role; by: Actor }>;
  stream_added: With<{ stream: Stream }>;
  stream_updated: With<{
    stream: string;
    voff: boolean;
    aoff: boolean;
    via: Transport;
    client_ref: string | null;
    ext: string;
  }>;
  stream_removed: With<{ stream: string; owner: string | null; reason: StreamEndReason }>;
  media_started: With<{ stream: string; epoch: number }>;
  media_stopped: With<{ stream: string; epoch: number }>;
  url_reissued: With<{ stream: string; version: number; previous_until: number }>;
  attribute_set: With<{ key: string; value: string; by: Actor }>;
  attribute_deleted: With<{ key: string; by: Actor }>;
  mute_changed: With<{ member: string; mute: MemberMute; by: Actor }>;
  mute_all_changed: With<{ muted: MuteFlags; excuses_void: MuteFlags; by: Actor }>;
  request_opened: With<{ request: RequestView }>;
  request_closed: With<{ member: string; role: Role; outcome: RequestOutcome; by: Actor | null }>;
  custom_message: With<{ from: Actor; to: Recipient; payload: string }>;
  mix_started: With<{ stream: string; layout: Layout; by: Actor | null }>;
  mix_updated: With<{ layout: Layout; by: Actor }>;
  mix_stopped: With<{ stream: string; by: Actor | null }>;
  main_picture_changed: With<{ main: Source | null; by: Actor }>;
  mix_gain_changed: With<{ account: string; gain: number; muted: boolean; by: Actor }>;
  push_added: With<{ push: Push }>;
  push_removed: With<{ push: string; reason: unknown; by: Actor | null }>;
}

/** To whom a message went. */
export type Recipient = { type: 'everyone' } | { type: 'member'; id: string };

/** Loudness of a member's stream, in dB below overload: 0 is loudest, 127 silence. */
export interface Level {
  member: string;
  stream: string;
  level: number;
}

/** What is told and changes nothing. */
export interface RoomSignals {
  /** Who speaks; `member` is `null` when nobody has for three seconds. */
  active_speaker: With<{ member: string | null; stream: string | null; level: number }>;
  /** Up to four times per second, after `room.setLevels(true)`. */
  audio_levels: With<{ levels: Level[] }>;
  mix_status: With<MixStatus>;
  push_state: With<{ push: Push }>;
  'record.started': With<{ recording: Recording }>;
  'record.part': With<{ recording: Recording; part: RecordingPart }>;
  'record.paused': With<{ recording: Recording }>;
  'record.resumed': With<{ recording: Recording }>;
  'record.ended': With<{ recording: Recording }>;
  'record.failed': With<{ recording: Recording }>;
  /** 1 (best) to 5 (worst), 0: unknown. `up`: from the member to the gateway. */
  quality: With<{ member: string; up: number; down: number }>;
}

/** Why one is no longer inside. */
export type LeftReason = LeaveReason | 'replaced' | 'closed' | 'refused';

/** What the SDK itself tells of a room. */
export interface RoomLifecycle {
  /** The connection is lost; the state stands still, commands wait. */
  suspended: { room: string };
  /**
   * The connection is back; missed events follow. `rejoined`: one had to join anew, perhaps as a new member; publications
   * and subscriptions are made anew where they can.
   */
  resumed: { room: string; rejoined: boolean };
  /** Events were missed and the state was taken anew; differences were told as events before this. */
  resync: { room: string };
  /** One is no longer inside. The last event. */
  left: { room: string; reason: LeftReason; by: Actor | null; error: LianmaiError | null };
}

/** All events of a room. */
export type RoomEvents = RoomChanges & RoomSignals & RoomLifecycle;
