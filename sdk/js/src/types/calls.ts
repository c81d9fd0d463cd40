/** Ringing: one to one and in groups. A call that is answered has a room. */
import type { Events } from './emitter';
import type { LianmaiError } from './errors';
import type { Room } from './room';

/** What a call is for; nothing stops one from publishing something else. */
export type CallType = 'audio' | 'video' | 'other';

/** Where a call stands: nobody answered yet, somebody did, it is over. */
export type CallState = 'ringing' | 'active' | 'ended';

/** How a call ended. */
export type CallStatus = 'completed' | 'cancelled' | 'rejected' | 'timed_out' | 'busy';

/** Where somebody stands: a device rings, is offline, is in the call, or why not. */
export type CallMemberState =
  | 'inside'
  | 'ringing'
  | 'waiting'
  | 'rejected'
  | 'busy'
  | 'timed_out'
  | 'cancelled'
  | 'left'
  | (string & {});

/** Somebody who takes part in a call, or was asked to. */
export interface CallMember {
  account: string;
  state: CallMemberState;
}

/** A call as the gateway shows it. */
export interface CallView {
  call: string;
  type: CallType;
  group: boolean;
  state: CallState;
  caller: string;
  /** Where the asking account stands. */
  me: CallMemberState;
  /** Whether the call is on this session. */
  here: boolean;
  members: CallMember[];
  attachment: unknown;
  started_at: number;
  answered_at: number | null;
  /** When the ring ends. */
  expires_at: number | null;
  sequence: number;
  /** Once it is answered, for those inside. */
  room?: string;
  ticket?: string;
  ticket_expires_at?: number;
}

/** What is kept of a call that has ended. */
export interface EndedCall {
  call: string;
  /** To page on with; missing where it is told as an event. */
  position?: number;
  type: CallType;
  group: boolean;
  status: CallStatus;
  caller: string;
  callees: string[];
  room: string | null;
  started_at: number;
  answered_at: number | null;
  ended_at: number;
  /** Talk time in milliseconds. */
  duration_ms: number;
  ended_by: string | null;
  reason: string;
  members: {
    account: string;
    outcome: 'accepted' | 'rejected' | 'busy' | 'timed_out' | 'cancelled';
    invited_by: string | null;
    invited_at: number;
    joined_at: number | null;
    left_at: number | null;
    seconds: number;
  }[];
}

/** The message of type g2 that both sides of a one-to-one call get about it, perhaps after their next login. */
export interface CallMessage {
  id: string;
  type: 'g2';
  from: string;
  to: string;
  attach: { type: 1 | 2 | 3; channelId: string; status: 1 | 2 | 3 | 4 | 5; durations: { accid: string; duration: number | null }[] };
}

/** Whom to ring, and how. */
export interface InviteOptions {
  /** Accounts to ring. */
  to: string[];
  type?: CallType;
  /** Default: whether several are rung. */
  group?: boolean;
  /** How long it rings, at most two minutes. */
  timeoutMs?: number;
  /** Anything that those who are rung get with the invitation, as JSON up to 4096 bytes. */
  attachment?: unknown;
}

/** Events of one call. */
export interface CallEvents {
  /** Somebody who was offline rings now. */
  ringing: { account: string };
  /** Somebody answered. The call's room is open from the first time on; see `call.join()`. */
  accepted: { account: string; ext: unknown };
  rejected: { account: string; reason: string; ext: unknown };
  busy: { account: string; automatic: boolean; reason: string; ext: unknown };
  timed_out: { account: string };
  /** Somebody's ring was taken back. */
  cancelled: { account: string; by: string; reason: string };
  left: { account: string; reason: 'normal' | 'disconnected' | 'kicked' };
  members_added: { by: string; members: CallMember[] };
  /** The other side asks for another type: answer with `answerType`. */
  type_requested: { by: string; type: CallType };
  type_declined: { by: string; type: CallType };
  type_changed: { by: string; type: CallType };
  /** A control message. */
  control: { from: string; to: string | null; data: unknown };
  /** Another device of this account answered or refused, or took the call over; it is over here. `ended` follows. */
  elsewhere: { what: 'accepted' | 'rejected' | 'taken_over'; device: string };
  state: CallState;
  /** It is over, at least here. The last event; `status` is `null` while it goes on elsewhere. */
  ended: CallEnd;
}

/** The end of a call: how, by whom, and what is kept of it where that is known. */
export interface CallEnd {
  status: CallStatus | null;
  by: string | null;
  reason: string;
  record: EndedCall | null;
  error: LianmaiError | null;
}

/** A call that rings or runs, on this device or another of the account. */
export interface Call extends Events<CallEvents> {
  readonly id: string;
  readonly view: CallView;
  readonly type: CallType;
  readonly state: CallState;
  readonly direction: 'outgoing' | 'incoming';
  readonly caller: string;
  readonly isGroup: boolean;
  readonly members: readonly CallMember[];
  readonly attachment: unknown;
  /** Whether the call is on this device. */
  readonly here: boolean;
  /** Name of its room, once somebody answered. */
  readonly roomId: string | null;
  /** The room, once this device is inside. */
  readonly room: Room | null;

  /** Incoming: answers, and enters the room unless told not to. */
  accept(options?: { ext?: unknown; join?: boolean }): Promise<void>;
  /** Enters the call's room; the caller does so after `accepted`. Leaving it is `hangUp` or `leave`. */
  join(): Promise<Room>;
  /** Incoming: refuses; `busy`: says so. */
  reject(options?: { busy?: boolean; reason?: string; ext?: unknown }): Promise<void>;
  /** Takes rings back: all of them, or those of these accounts. */
  cancel(options?: { to?: string[]; reason?: string }): Promise<void>;
  /** Ends it for everybody. */
  hangUp(reason?: string): Promise<void>;
  /** Goes, while the others go on. */
  leave(): Promise<void>;
  /** Group: rings further accounts. */
  invite(accounts: string[], options?: { timeoutMs?: number; attachment?: unknown }): Promise<void>;
  /** How long it rings, counted from the invitation. */
  setTimeout(timeoutMs: number): Promise<void>;
  /** Changes the type, or asks the other side for it. True: asked; `type_changed` or `type_declined` follows. */
  setType(type: CallType, options?: { ask?: boolean }): Promise<boolean>;
  answerType(type: CallType, accept: boolean): Promise<void>;
  /** A control message to everybody else inside, or to one. */
  control(data: unknown, to?: string): Promise<void>;
  /** Takes the call over from another device of the account. */
  takeOver(): Promise<void>;
}

/** Events of all calls of the account. */
export interface CallsEvents {
  /** It rings here. Told again after a reconnect only for calls that are not known yet. */
  invited: Call;
  /** This account is in a call on another device, or was before it logged in anew: `call.takeOver()`. */
  elsewhere: Call;
  ended: { call: Call; end: CallEnd };
  message: CallMessage;
}

/** The calls of the account (`client.calls`). */
export interface Calls extends Events<CallsEvents> {
  /** The call that this account is in or that it makes; at most one. */
  readonly current: Call | null;
  /** Calls that ring or run, by id. */
  readonly active: ReadonlyMap<string, Call>;
  invite(options: InviteOptions): Promise<Call>;
  /** Calls that have ended, newest first: one's own, or with the app's token all. */
  ended(query?: { account?: string; status?: CallStatus; from?: number; until?: number; after?: number; limit?: number }): Promise<EndedCall[]>;
  endedCall(call: string): Promise<EndedCall>;
}
