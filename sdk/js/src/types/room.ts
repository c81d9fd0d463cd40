/** A room that one is inside of. */
import type {
  AddPush,
  Joined,
  LimitsUpdate,
  Member,
  Mix,
  MixGain,
  MixPush,
  MixRequest,
  MixSound,
  MuteFlags,
  PullUrls,
  Push,
  Recording,
  RequestView,
  Role,
  Room as RoomState,
  Settings,
  SettingsUpdate,
  Source,
  StartRecording,
  Stream,
  Ticket,
  BypassPart,
} from '../wire/openapi';
import type { Events } from './emitter';
import type { RoomEvents } from './events';
import type { PublishOptions, Publication, SubscribeOptions, Subscription } from './media';

/** What is muted. */
export type MuteKind = 'audio' | 'video';

/** How to enter a room. */
export interface JoinOptions {
  password?: string;
  /** A signed right to join, instead of a password. */
  ticket?: string;
  /** Left out: the default of the room's kind. */
  role?: Role;
  nick?: string;
  /** Free text that everybody sees. */
  ext?: string;
  bypass?: BypassPart;
  pushes?: MixPush[];
}

/** Inside since `client.join`, until `left`. Survives lost connections; `state` is kept up by events. */
export interface Room extends Events<RoomEvents> {
  readonly id: string;
  /** Everything the room is, as REST shows it. A new object after each change. */
  readonly state: RoomState;
  /** What `join` answered: whether the account was inside before. */
  readonly again: Joined['again'];
  /** `inside`, without a connection for the moment, or out for good. */
  readonly phase: 'inside' | 'suspended' | 'left';
  /** One's own member; its id changes when one had to join anew. */
  readonly me: Member;
  readonly settings: Settings;
  readonly members: ReadonlyMap<string, Member>;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly muted: MuteFlags;
  readonly requests: readonly RequestView[];
  /** One's own streams, by id, and those one gets. */
  readonly publications: ReadonlyMap<string, Publication>;
  readonly subscriptions: ReadonlyMap<string, Subscription>;

  member(account: string): Member | undefined;
  streamsOf(member: string): Stream[];

  /** To enter again with, should the connection be lost for long: tickets expire. */
  refreshTicket(ticket: string): void;
  /** Leaves. `sessionOnly`: the member stays while another of its devices is connected. */
  leave(options?: { sessionOnly?: boolean }): Promise<void>;
  /** Ends the room for everybody. */
  destroy(): Promise<void>;
  update(settings: SettingsUpdate): Promise<void>;
  setLimits(limits: LimitsUpdate): Promise<void>;
  issueTicket(role: Role, options?: { account?: string; ttlMs?: number }): Promise<Ticket>;

  kick(member: string): Promise<void>;
  setRole(member: string, role: Role): Promise<void>;
  /** Changes one's own nick name or text. */
  updateMe(change: { nick?: string; ext?: string }): Promise<void>;
  mute(member: string, kind: MuteKind): Promise<void>;
  unmute(member: string, kind: MuteKind): Promise<void>;
  muteAll(kind: MuteKind): Promise<void>;
  unmuteAll(kind: MuteKind): Promise<void>;
  /** Asks the admins for a role, such as to speak; takes it back; answers somebody who asked. */
  requestRole(role: Role): Promise<void>;
  withdrawRequest(): Promise<void>;
  answerRequest(member: string, role: Role, accept: boolean): Promise<void>;

  setAttribute(key: string, value: string): Promise<void>;
  deleteAttribute(key: string): Promise<void>;
  /** A message to everybody, or to one member. */
  send(payload: string, to?: string): Promise<void>;
  /** Whether to be told `audio_levels`. */
  setLevels(on: boolean): Promise<void>;

  publish(options?: PublishOptions): Promise<Publication>;
  /** At most one subscription per stream: a second call answers the same. */
  subscribe(stream: string, options?: SubscribeOptions): Promise<Subscription>;
  /** Subscribes to all streams of others there are and will be (mixes left out). Returns what ends it. */
  subscribeAll(onSubscription: (subscription: Subscription) => void, options?: SubscribeOptions): () => void;
  /** Streams with their statistics as the gateway sees them. */
  streamStats(): Promise<Stream[]>;

  readonly mix: RoomMix;
  readonly recordings: RoomRecordings;
  readonly pushes: RoomPushes;
}

/** The composed picture and sound of a room. */
export interface RoomMix {
  start(request?: MixRequest): Promise<Mix>;
  show(): Promise<Mix>;
  update(request: MixRequest): Promise<Mix>;
  stop(): Promise<void>;
  setMain(main: Source | null): Promise<void>;
  setGain(member: string, gain: MixGain): Promise<void>;
  /** URLs of the mix with sound alone: everybody's, or everybody's but one's own. */
  soundUrls(sound?: MixSound): Promise<PullUrls>;
}

/** Recordings of a room: of the mix, or of single streams. */
export interface RoomRecordings {
  start(request?: StartRecording): Promise<Recording[]>;
  list(options?: { after?: number; limit?: number }): Promise<Recording[]>;
  show(recording: string): Promise<Recording>;
  pause(recording: string): Promise<Recording>;
  resume(recording: string): Promise<Recording>;
  split(recording: string): Promise<Recording>;
  stop(recording: string): Promise<Recording>;
}

/** Bypass: streams of a room, pushed on to other servers. */
export interface RoomPushes {
  add(push: AddPush): Promise<Push>;
  list(): Promise<Push[]>;
  show(push: string): Promise<Push>;
  remove(push: string): Promise<void>;
}
