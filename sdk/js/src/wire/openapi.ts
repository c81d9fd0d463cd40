/** Bodies, commands and error codes of the API. Written by `npm run types` from docs/openapi.json and docs/api.md. */

/** Push a stream to another server. */
export interface AddPush {
  /**
   * Where to: `rtmp://host[:port]/app/stream[?query]` or `rtmps://…`, with the stream key in it. Never
   * shown again.
   */
  url: string;
  /** Which stream; left out: the room's mix, whenever there is one. */
  stream?: string | null;
}

/** Answer a request. */
export interface AnswerRequest {
  /** The role that was asked for, so that a late answer cannot hit another request. */
  role: Role;
  /** Yes or no. */
  accept: boolean;
}

/** A part of the canvas. It starts inside; what reaches beyond is cut off. */
export type Area = {
  /** Left edge. */
  x: number;
  /** Upper edge. */
  y: number;
  /** Width. */
  w: number;
  /** Height. */
  h: number;
  unit: 'pixels';
} | {
  /** Left edge. */
  x: number;
  /** Upper edge. */
  y: number;
  /** Width. */
  w: number;
  /** Height. */
  h: number;
  unit: 'fraction';
};

/** Where the pictures are. */
export type Arrangement = {
  /** Which. */
  preset: Preset;
  type: 'preset';
} | {
  /** In order of drawing, where their `z` is equal. */
  regions: Region[];
  type: 'custom';
};

/** Figures of an audio track. */
export interface AudioStats {
  /** Codec. */
  codec: string;
  /** Samples per second; 0 when unknown. */
  sample_rate: number;
  /** Channels; 0 when unknown. */
  channels: number;
  /** Kilobits per second over the last seconds. */
  kbps: number;
  /** Packets since the publication began. */
  frames: number;
}

/** A frame inside a picture's edge. */
export interface Border {
  /** Pixels. */
  width: number;
  /** `#rrggbb`. */
  colour: string;
}

/** What a member is in a room that is pushed on behalf of one member. */
export type BypassPart = 'off' | 'host' | 'guest';

/** One stay of an account in a room. */
export interface CallMember {
  /** As which member. */
  member: string;
  /** Who. */
  account: string;
  /** Last display name. */
  nick: string;
  /** Last role. */
  role: Role;
  /** From, in milliseconds since the Unix epoch. */
  joined_at: number;
  /** Until. */
  left_at: number;
  /** How long, in milliseconds. */
  duration_ms: number;
  /** How the stay ended: `normal`, `timeout`, `kicked` or `room_ended`. */
  reason: string;
}

/** A room that has ended. */
export interface CallRecord {
  /** Unique id. */
  id: string;
  /** Place in the list, for paging. */
  position: number;
  /** Room. */
  room: string;
  /** Its name. */
  name?: string | null;
  /** Its type. */
  kind: string;
  /** When it was created, in milliseconds since the Unix epoch. */
  started_at: number;
  /** When it ended. */
  ended_at: number;
  /** How long it was, in milliseconds. */
  duration_ms: number;
  /** How it ended: `{"type": "empty"}` or `{"type": "destroyed", "by": …}`. */
  reason: Record<string, unknown>;
  /** Stays in order of joining. */
  members: CallMember[];
}

/** Call records, newest first. */
export interface CallRecordList {
  /** The records. */
  records: CallRecord[];
}

/** Size and rates of a mix. */
export interface Canvas {
  /** Width in pixels, even. */
  width?: number;
  /** Height in pixels, even. */
  height?: number;
  /** Frames per second. */
  fps?: number;
  /** Bits per second of the picture. */
  video_bitrate?: number;
  /** Bits per second of the sound. */
  audio_bitrate?: number;
  /** `live`: lowest delay; `recording`: better pictures for the same bits. */
  quality?: string;
  /** No picture at all. */
  audio_only?: boolean;
}

/** Make a room. All fields may be left out. */
export interface CreateRoom {
  /** Id, `[A-Za-z0-9_-]`; left out: generated. */
  id?: string | null;
  /** Name, unique inside the app. */
  name?: string | null;
  kind?: RoomKind | null;
  /** Password for joining. A mask such as `****` is refused. */
  password?: string | null;
  limits?: LimitsUpdate | null;
  /** Record the streams. */
  record?: boolean;
  /** Merge the recording into one file. */
  record_merge?: boolean;
  /** Free text for the clients. */
  custom_info?: string;
  /** Whether RTMP URLs are given; left out: yes. */
  mini_program?: boolean | null;
  lifetime?: Lifetime | null;
  /** What members may do without asking. */
  permissions?: Permissions;
  /** Time spans. */
  timing?: Timing;
  /** Who becomes admin on joining; left out: the account of the token, for the app's own server nobody. */
  creator?: string | null;
  /** Other servers to push the room's mix to, whenever there is one. */
  pushes?: MixPush[];
}

/** A call that has ended, answered or not. */
export interface EndedCall {
  /** Its id. */
  call: string;
  /** Place in the list, for paging. */
  position: number;
  /** What it was for, at last: `audio`, `video` or `other`. */
  type: string;
  /** Whether more than two could take part. */
  group: boolean;
  /** How it ended: `completed`, `cancelled`, `rejected`, `timed_out` or `busy`. */
  status: string;
  /** Who called. */
  caller: string;
  /** Who was called. */
  callees: string[];
  /** Its room; `null`: nobody answered. */
  room?: string | null;
  /** When it began, in milliseconds since the Unix epoch. */
  started_at: number;
  /** When somebody answered. */
  answered_at?: number | null;
  /** When it ended. */
  ended_at: number;
  /** From the first answer to the end, in milliseconds. */
  duration_ms: number;
  /** Who ended it. */
  ended_by?: string | null;
  /** Why, as a client said it. */
  reason: string;
  /** Everybody, the caller first. */
  members: EndedCallMember[];
}

/** Calls that have ended, newest first. */
export interface EndedCallList {
  /** The records. */
  records: EndedCall[];
}

/** An account in a call that has ended. */
export interface EndedCallMember {
  /** Who. */
  account: string;
  /** How it went: `accepted` (was inside), `rejected`, `busy`, `timed_out` or `cancelled`. */
  outcome: string;
  /** Who invited it; `null`: it is the caller. */
  invited_by?: string | null;
  /** When it was invited, last. */
  invited_at: number;
  /** When it came in first. */
  joined_at?: number | null;
  /** When it went out last. */
  left_at?: number | null;
  /** Its time in the call after the first answer, in whole seconds. */
  seconds: number;
}

/** One change in a room. Fields beside these depend on `event`. */
export interface Event {
  /** What happened, such as `member_joined`. */
  event: string;
  /** Room. */
  room: string;
  /** Number inside the room: 1, 2, 3 … without holes. Events that are not for the caller are left out. */
  sequence: number;
  /** When, in milliseconds since the Unix epoch. */
  at: number;
}

/** Events of a room. */
export interface EventList {
  /** The events, oldest first. */
  events: Event[];
  /** Ask again with `after` set to this. */
  next_after: number;
}

/** Answer of a probe. */
export interface Health {
  /** `ok`. */
  status: string;
}

/** A ticket to make. */
export interface IssueTicket {
  /** Highest role it entitles to. */
  role: Role;
  /** Who may use it; left out: whoever holds it. */
  account?: string | null;
  /** How long it is valid, in milliseconds; left out: an hour. Cut to the configured maximum. */
  ttl_ms?: number | null;
}

/** Enter a room. All fields may be left out. */
export interface Join {
  /** Who enters. Only for the app's own server; others enter as the account of their token. */
  account?: string | null;
  role?: Role | null;
  /** Display name. */
  nick?: string;
  /** Free text. */
  ext?: string;
  /** What the client runs on, such as `web` or `wechat`. */
  device?: string;
  /** The room's password. */
  password?: string | null;
  /** A ticket for the room, instead of a password. */
  ticket?: string | null;
  bypass?: BypassPart | null;
  /** Other servers to push the room's mix to, whenever there is one. For admins. */
  pushes?: MixPush[];
}

/** Somebody is inside. */
export interface Joined {
  /** As which member. */
  member: string;
  /** Whether the account was inside before. */
  again: boolean;
  /** The room after joining. */
  room: Room;
}

/** A line of text. */
export interface Label {
  /** The text. */
  text: string;
  /** Height of a line in pixels. */
  size: number;
  /** Colour of the letters, `#rrggbb`. */
  colour: string;
  /** Colour behind the letters, half transparent. */
  background?: string | null;
}

/**
 * How the streams of a room become one picture and one sound. What is left out takes its default: a grid
 * on black, 1280 × 720.
 */
export interface Layout {
  /** Size and rates of the output. Another canvas restarts the mix, as everything else does not. */
  canvas?: Canvas;
  /** Behind everything, `#rrggbb`. */
  background?: string;
  /** Behind everything, scaled to cover; the name of a picture of the room. */
  background_image?: string | null;
  /** Where the pictures are. */
  arrangement?: Arrangement;
  main?: Source | null;
  /** How pictures are shown, unless their region says otherwise. */
  look?: Look;
  /** What is drawn over the pictures. */
  overlays?: LayoutOverlay[];
  /** What is special about single accounts. */
  members?: Record<string, MemberMix>;
  /** How long pictures take to move to their new places, in milliseconds; 0: at once. */
  transition_ms?: number;
  /** After how long without a picture the badge takes its place, in milliseconds; left out: 3000. */
  hold_ms?: number;
}

/** Something drawn over the pictures. */
export interface LayoutOverlay {
  /** Where. */
  area: Area;
  /** Higher is in front, counted together with the regions. */
  z?: number;
  /** What. */
  kind: OverlayKind;
}

/** When a room ends by itself. */
export type Lifetime = {
  type: 'persistent';
} | {
  /** For how long, in milliseconds. */
  delay_ms: number;
  type: 'ends_when_empty';
} | {
  /** After how long, in milliseconds. */
  delay_ms: number;
  type: 'ends_when_left';
};

/** How many of each a room takes. */
export interface Limits {
  /** Talkers and admins together. */
  talkers: number;
  /** Camera streams whose video is on. */
  videos: number;
  /** Audience members. */
  audiences: number;
  /** Screen streams. */
  desktops: number;
}

/** Limits to set; those left out stay as they are. */
export interface LimitsUpdate {
  /** Talkers and admins together. */
  talkers?: number | null;
  /** Camera streams whose video is on. */
  videos?: number | null;
  /** Audience members. */
  audiences?: number | null;
  /** Screen streams. */
  desktops?: number | null;
}

/** Where the files of a complete part are. */
export type Location = 'local' | 'both' | 's3';

/** How pictures are shown. */
export interface Look {
  /** `fit` (all of it, with bars), `crop` (no bars) or `fill` (stretched). */
  fit?: string | null;
  /** Behind a picture, `#rrggbb`. */
  background?: string | null;
  border?: Border | null;
  /** With the name; left out: yes. */
  label?: boolean;
  /** While the camera is off: `badge`, `last_picture` or `nothing`. */
  when_off?: string;
  /** Never a picture, always the badge. */
  badge_only?: boolean;
}

/** The main picture to set. */
export interface MainPicture {
  main?: Source | null;
}

/** A member of a room. */
export interface Member {
  /** Its id; a new one for each stay. */
  id: string;
  /** Whose stay it is. */
  account: string;
  /** What it may do. */
  role: Role;
  /** Display name. */
  nick: string;
  /** Free text of the client. */
  ext: string;
  /** When it joined, in milliseconds since the Unix epoch. */
  joined_at: number;
  /** Muted by the room's management. */
  mute: MemberMute;
  muted?: MuteFlags | null;
  /** Whether a session is connected. */
  online: boolean;
}

/** Members of a room. */
export interface MemberList {
  /** The members. */
  members: Member[];
  /** Number of the newest event in the room. */
  sequence: number;
}

/** One account's part in the mix. */
export interface MemberMix {
  /** How loud; 1 leaves the sound as it is. */
  gain?: number;
  /** Not heard. */
  muted?: boolean;
  /** Shown instead of its initials when there is no picture; the name of a picture of the room. */
  avatar?: string | null;
}

/**
 * Mute state of a member: muted in effect is `own`, or the room's `mute_all` unless `excused` or an
 * admin.
 */
export interface MemberMute {
  /** Muted individually. */
  own: MuteFlags;
  /** Unmuted individually while everybody is muted. */
  excused: MuteFlags;
}

/** Texts of a member to change; those left out stay as they are. */
export interface MemberUpdate {
  /** Display name. */
  nick?: string | null;
  /** Free text. */
  ext?: string | null;
}

/** A message to pass on. */
export interface Message {
  /** The one member it is for; left out: everybody in the room. */
  to?: string | null;
  /** Text; passed on unread. */
  payload: string;
}

/** A room's mix, or what it would be. */
export interface Mix {
  stream?: Stream | null;
  /** How it is, or would be, arranged. */
  layout: Layout;
  status?: MixStatus | null;
  /** Number of the newest event in the room. */
  sequence: number;
}

/** A member's part in the sound; what is left out stays as it is. */
export interface MixGain {
  /** How loud: 0 to 4, 1 leaves the sound as it is. */
  gain?: number | null;
  /** Not heard in the mix. */
  muted?: boolean | null;
}

/** A picture that a room's mix may show. */
export interface MixPicture {
  /** What layouts call it. */
  name: string;
  /** `png` or `jpeg`. */
  kind: string;
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** Size of the file. */
  bytes: number;
}

/** The pictures of a room. */
export interface MixPictureList {
  /** In order of their names. */
  pictures: MixPicture[];
}

/** Where to pull a sound of the mix from. */
export interface MixPullUrl {
  /** Which; left out: `others`. */
  sound?: MixSound;
  /** Whom `others` leaves out. Only for the app's own server; for others it is themselves. */
  member?: string | null;
  via?: Transport | null;
}

/** Push the room's mix, whenever there is one, to another server. */
export type MixPush = Record<string, unknown>;

/** How a mix is to be. At most one of `layout`, `preset`, `nim`, `emedia` and `cloudroom`; none: as it is. */
export interface MixRequest {
  layout?: Layout | null;
  preset?: Preset | null;
  canvas?: Canvas | null;
  /** How long pictures take to move to their new places, in milliseconds. */
  transition_ms?: number | null;
  nim?: NimLayout | null;
  /**
   * In the words of Easemob's `emedia`: a `liveCfg`, or `{"regions": […]}` of `updateLiveLayout`. Its
   * `cdn` is checked, but not pushed to.
   */
  emedia?: Record<string, unknown> | null;
  /**
   * In the words of CloudRoom: the configuration of a cloud mixer, or for a change its new content. What
   * `svrPathName` says is checked, but nothing is pushed or recorded.
   */
  cloudroom?: Record<string, unknown> | null;
  /** With `cloudroom`: the clock's minutes east of UTC. */
  offset_minutes?: number;
}

/** Which sound of the mix. */
export type MixSound = 'all' | 'others';

/** A mix that a room has. */
export interface MixStatus {
  /** Where it stands. */
  state: RenditionState;
  /** What went wrong last, or why it cannot run. */
  reason?: string | null;
  /** With `no_capacity`: the cores it needs. */
  need?: number | null;
  /** With `no_capacity`: the most cores that are free on one worker. */
  free?: number | null;
}

/** One flag for sound, one for picture. */
export interface MuteFlags {
  /** Sound. */
  audio: boolean;
  /** Picture. */
  video: boolean;
}

/** A split mode with its custom layout. */
export interface NimLayout {
  /** `split_mode`, 0 to 5. */
  split_mode: number;
  /** `custom_layout`: JSON text. */
  custom_layout?: string | null;
  /** The account whose picture is the main one. */
  host?: string | null;
}

/** No fields; the body may be left out. */
export type Nothing = Record<string, unknown>;

/** What is drawn over the pictures. */
export type OverlayKind = Label & {
  type: 'text';
} | {
  /** How it is written. */
  label: Label;
  /** Minutes east of UTC. */
  offset_minutes: number;
  type: 'clock';
} | {
  /** The name of a picture of the room. */
  image: string;
  type: 'picture';
};

/** How it stands with a part. */
export type PartState = 'open' | 'complete';

/** The upload of a part. */
export interface PartUpload {
  /** Whether it goes on. */
  state: UploadState;
  /** Since when it waits. */
  queued_at: number;
  /** Failures in a row. */
  attempts: number;
  /** The next attempt. */
  next_at: number;
  /** Why the last attempt failed. */
  error?: string | null;
}

/** What members may do without asking. Those left out take the defaults of the room's kind. */
export interface Permissions {
  self_role?: Role | null;
  attributes?: Role | null;
  messages?: Role | null;
}

/** What is decided for an app as a whole. */
export interface Policy {
  /** Whether an account has one session at a time: a newer one ends the others. */
  single_device: boolean;
}

/** Well-known arrangements. */
export type Preset = 'grid' | 'grid_cropped' | 'speaker_bottom' | 'speaker_top' | 'floating' | 'floating_top' | 'side_by_side' | 'picture_in_picture' | 'screen_share' | 'audio_only' | 'single_speaker';

/** A problem as it is sent (RFC 9457 §3). */
export interface Problem {
  /** Identifies the kind of problem; `urn:lianmai:problem:` and the code. */
  type: string;
  /** Short text of the HTTP status. */
  title: string;
  /** HTTP status. */
  status: number;
  /** What happened, for people. */
  detail: string;
  /** Stable machine-readable code. */
  code: string;
  /** Which field of the request is at fault, as a path such as `limits.talkers`. */
  field?: string | null;
  /** With `name_conflict`: the room that has the name. */
  room?: string | null;
  /** What was asked in a vendor's words: the vendor's own number for the refusal. */
  vendor_code?: number | null;
  /** With `vendor_code`: the vendor's number for the state of the mix after it, where it has one. */
  vendor_state?: number | null;
  /** With `no_capacity` of workers: the cores that are needed. */
  need?: number | null;
  /** With `no_capacity` of workers: the most cores that are free on one of them. */
  free?: number | null;
}

/**
 * Publish a camera or screen. A member has at most one of each; again: the stream that is there is
 * updated.
 */
export interface Publish {
  /** For whom. Only for the app's own server; others publish for themselves. */
  member?: string | null;
  kind?: StreamKind | null;
  via?: Transport | null;
  /** Video is switched off. */
  voff?: boolean;
  /** Audio is switched off. */
  aoff?: boolean;
  /** The client's own name for it. */
  client_ref?: string | null;
  /** Free text. */
  ext?: string;
}

/** A stream was published. */
export interface Published {
  /** The stream. */
  stream: Stream;
  push?: PushUrl | null;
  /** Number of the newest event in the room. */
  sequence: number;
}

/** How to pull. */
export interface PullUrl {
  via?: Transport | null;
}

/** Where to pull from. */
export interface PullUrls {
  /** RTMP; a secret of the viewer, as are the others. */
  rtmp?: string | null;
  /** RTMPS, where the gateway is reachable so. Mini-programs take only `rtmp`. */
  rtmps?: string | null;
  /** HTTP-FLV. */
  http_flv?: string | null;
  /** WS-FLV. */
  ws_flv?: string | null;
  /** Where to send a WHEP offer to, where the gateway speaks WebRTC. */
  whep?: string | null;
  /** When they stop being accepted for new connections, in milliseconds since the Unix epoch. */
  expires_at: number;
  /** Version; a newer one replaces it. */
  version: number;
}

/** A stream pushed to another server. */
export interface Push {
  /** Id. */
  id: string;
  /** Which stream; `null`: the room's mix, whenever there is one. */
  stream?: string | null;
  /** Where to, without the stream key. */
  target: string;
  /** The member that added it; `null`: the app. */
  added_by?: string | null;
  /** When it was added, in milliseconds since the Unix epoch. */
  added_at: number;
  /** What the target does. */
  state: PushState;
  /**
   * Why it last failed: a stable code, perhaps with the target's status code behind a colon; `null` while
   * it is live.
   */
  reason?: string | null;
  /** Since when the target does so. */
  since_at: number;
  /** When it is tried again. */
  retry_at?: number | null;
  /** Connections tried after the first one. */
  retries: number;
  /** Bytes the target has taken. */
  bytes: number;
  /** Kilobits per second the target takes. */
  kbps: number;
  /** Frames the target lost by being too slow. */
  dropped: number;
}

/** Pushes of a room. */
export interface PushList {
  /** The pushes. */
  pushes: Push[];
}

/** What a target of a push does. */
export type PushState = 'waiting' | 'connecting' | 'live' | 'back_off' | 'failed';

/** Where to push to. */
export interface PushUrl {
  /**
   * RTMP URL to push to, unless the media comes over WebRTC. A secret of the publisher, as are the
   * others. May be used again until it expires.
   */
  url?: string | null;
  /** The same over TLS, where the gateway is reachable so. Mini-programs take only `url`. */
  rtmps?: string | null;
  /** Where to send a WHIP offer to (RFC 9725), where the gateway speaks WebRTC. */
  whip?: string | null;
  /** When it stops being accepted for new connections, in milliseconds since the Unix epoch. */
  expires_at: number;
  /** Version; a newer one replaces it. */
  version: number;
}

/** A recording. */
export interface Recording {
  /** Id. */
  id: string;
  /** Place in the list of all, for paging. */
  position: number;
  /** Room. */
  room: string;
  /** Stream. */
  stream: string;
  /** Whose stream; none for the mix. */
  account?: string | null;
  /** It is the mix. */
  is_mix: boolean;
  /** How files are written. */
  format: RecordingFormat;
  /** Sound only. */
  audio_only: boolean;
  /** How it stands. */
  state: RecordingState;
  /** What went wrong. */
  error?: string | null;
  /** From. */
  started_at: number;
  /** Until. */
  ended_at?: number | null;
  /** Length of the complete parts. */
  duration_ms: number;
  /** Size of the complete parts. */
  bytes: number;
  /** Who was in the room meanwhile. */
  members: RecordingMember[];
  /** Its parts in order. */
  parts: RecordingPart[];
}

/** What of the room is recorded. */
export type RecordingChoice = 'streams' | 'mix' | 'both';

/** A file of a part. */
export interface RecordingFile {
  /** Name. */
  name: string;
  /** Size. */
  bytes: number;
  /** SHA-256 in hexadecimal; of the first file of a part. */
  sha256?: string | null;
  /** Where to get it, with the same token. */
  path: string;
}

/** How files are written. */
export type RecordingFormat = 'mp4' | 'flv' | 'hls';

/** A page of recordings. */
export interface RecordingList {
  /** Newest first. */
  recordings: Recording[];
}

/** Somebody who was in the room. */
export interface RecordingMember {
  /** Account. */
  account: string;
  /** Display name. */
  nick: string;
}

/** A part: what can be played by itself. */
export interface RecordingPart {
  /** Number, from 1. */
  part: number;
  /** How it stands. */
  state: PartState;
  /** Wall-clock time of its first frame. */
  started_at: number;
  /** Length. */
  duration_ms: number;
  /** Size of its files. */
  bytes: number;
  /** Codecs. */
  tracks: string[];
  /** Why it ended. */
  reason: string;
  /** Its files; the first is the one to play. */
  files: RecordingFile[];
  /** Where its files are. */
  location: Location;
  upload?: PartUpload | null;
}

/** How it stands with a recording. */
export type RecordingState = 'recording' | 'paused' | 'done' | 'failed';

/** A place of one's own. */
export interface Region {
  /** Whose picture. */
  source: Source;
  /** Where. */
  area: Area;
  /** Higher is in front. */
  z?: number;
  look?: Look | null;
}

/** A stream's URLs have a new version. */
export interface Reissued {
  /** The version now. */
  version: number;
  /** When the version before is refused, in milliseconds since the Unix epoch. */
  previous_until: number;
  push?: PushUrl | null;
}

/** Where a rendition or a mix stands. */
export type RenditionState = 'starting' | 'running' | 'no_capacity' | 'failed';

/** A rendition that somebody wants. */
export interface RenditionStatus {
  /** What it is: `opus`, `aac`, `h264`, or `nob` (H.264 without B-frames). */
  form: string;
  /** Where it stands. */
  state: RenditionState;
  /** What went wrong last, or why it cannot run. */
  reason?: string | null;
  /** With `no_capacity`: the cores it needs. */
  need?: number | null;
  /** With `no_capacity`: the most cores that are free on one worker. */
  free?: number | null;
}

/** A member waits for an answer. */
export interface RequestView {
  /** Who asks. */
  member: string;
  /** Which role. */
  role: Role;
  /** When it no longer counts, in milliseconds since the Unix epoch. */
  expires_at: number;
}

/** What a member may do; audience < talker < admin. */
export type Role = 'audience' | 'talker' | 'admin';

/** Ask to become talker or admin. */
export interface RoleRequest {
  /** The role, above the present one. */
  role: Role;
  /** For whom. Only for the app's own server; others ask for themselves. */
  member?: string | null;
}

/** A room at one moment. */
export interface Room {
  /** Id. */
  id: string;
  /** Settings. */
  settings: Settings;
  /** Who becomes admin on joining. */
  creator?: string | null;
  /** When it was created, in milliseconds since the Unix epoch. */
  created_at: number;
  /** Members. */
  members: Member[];
  /** Streams. */
  streams: Stream[];
  /** Attributes. */
  attributes: Record<string, string>;
  /** Muted for everybody but admins. */
  mute_all: MuteFlags;
  /** Pending requests for roles. */
  requests: RequestView[];
  /** Number of the newest event in the room: go on with the events after it. */
  sequence: number;
}

/** Type of a room. */
export type RoomKind = 'communication' | 'communication_mix' | 'live';

/** A page of an app's rooms, in order of their ids. */
export interface RoomList {
  /** The rooms. */
  rooms: RoomSummary[];
  /** Ask for the next page with `after` set to this; `null` on the last page. */
  next_after?: string | null;
}

/** A room in a list. */
export interface RoomSummary {
  /** Id. */
  id: string;
  /** Settings. */
  settings: Settings;
  /** Who becomes admin on joining. */
  creator?: string | null;
  /** When it was created, in milliseconds since the Unix epoch. */
  created_at: number;
  /** How many members it has. */
  member_count: number;
  /** Streams. */
  streams: Stream[];
}

/** A command was carried out. */
export interface Sequence {
  /** Number of the newest event in the room; events up to it include what the command did. */
  sequence: number;
}

/** A room attribute to set. */
export interface SetAttribute {
  /** Value. */
  value: string;
}

/** A role to give, higher or lower than the present one. */
export interface SetRole {
  /** The role. */
  role: Role;
}

/** Where the events of an app are posted to. The URLs replace those there are. */
export interface SetWebhooks {
  /** At most four `http` or `https` URLs without credentials. */
  webhooks: string[];
  /** Asked before every publish and play; `null`: nobody is asked. */
  access_hook?: string | null;
}

/** Settings of a room as they are shown. The password never is; `has_password` tells whether there is one. */
export interface Settings {
  /** Name, unique inside the app. */
  name?: string | null;
  /** Type. */
  kind: RoomKind;
  /** Whether joining needs a password. */
  has_password: boolean;
  /** Limits. */
  limits: Limits;
  /** Record the streams. */
  record: boolean;
  /** Merge the recording into one file. */
  record_merge: boolean;
  /** Free text for the clients. */
  custom_info: string;
  /** Whether RTMP URLs are given. */
  mini_program: boolean;
  /** When the room ends by itself. */
  lifetime: Lifetime;
  /** What members may do without asking. */
  permissions: Permissions;
  /** Time spans. */
  timing: Timing;
}

/** Settings to change; those left out stay as they are. */
export interface SettingsUpdate {
  /** Free text for the clients. */
  custom_info?: string | null;
  /** Record the streams. */
  record?: boolean | null;
  /** Merge the recording into one file. */
  record_merge?: boolean | null;
  limits?: LimitsUpdate | null;
  /** A new password; `null` opens the room. A mask such as `****` is refused. */
  password?: string | null;
}

/** Who wants a token. */
export interface SignIn {
  /** The app whose secret it is. */
  app: string;
  /** As whom. */
  account: string;
  /** MD5 of the app's secret, in hexadecimal digits. */
  secret_md5: string;
}

/** A token of an account. */
export interface SignedIn {
  /** For `Authorization: Bearer`, and the WebSocket. */
  token: string;
  /** When it ends, in milliseconds since the Unix epoch. */
  expires_at: number;
}

/** Whose picture. Members are counted from 0, in order of joining; only those who publish count. */
export type Source = {
  /** Which. */
  id: string;
  by: 'stream';
} | {
  /** Whose. */
  id: string;
  by: 'member';
} | {
  /** Whose. */
  id: string;
  by: 'account';
} | {
  /** Of this role. */
  role: Role;
  /** Which of them. */
  nth?: number;
  by: 'role';
} | {
  /** Which of them. */
  nth: number;
  by: 'joined';
} | {
  /** Which of them. */
  nth?: number;
  by: 'screen';
} | {
  by: 'speaker';
} | {
  by: 'main';
} | {
  /** Which of them. */
  nth: number;
  by: 'other';
};

/** A recording to begin. Without `what` and `stream`: every stream by itself. */
export interface StartRecording {
  what?: RecordingChoice | null;
  /** Only this stream. */
  stream?: string | null;
  format?: RecordingFormat | null;
  /** Sound only. */
  audio_only?: boolean;
  /** A part ends after this time, at the next key frame. At least 1000. */
  part_ms?: number | null;
  /** A part ends at this size, at the next key frame. At least 1048576. */
  part_bytes?: number | null;
}

/** A published stream. */
export interface Stream {
  /** Its id, part of its URLs. */
  id: string;
  /** Who publishes it; `null` for the room's mix. */
  owner?: string | null;
  /** What it shows. */
  kind: StreamKind;
  /** How the publisher sends it. */
  via: Transport;
  /** The publisher switched video off. */
  voff: boolean;
  /** The publisher switched audio off. */
  aoff: boolean;
  /** The publisher's own name for it. */
  client_ref?: string | null;
  /** Free text of the publisher. */
  ext: string;
  /** Whether media flows. */
  on_air: boolean;
  /** Version of its URLs. */
  url_version: number;
  /** When it was published, in milliseconds since the Unix epoch. */
  published_at: number;
  stats?: StreamStats | null;
  /**
   * What is made of it for viewers who cannot take it as it is; only in lists of streams, and only while
   * somebody needs it.
   */
  renditions?: RenditionStatus[];
  mix?: MixStatus | null;
  /**
   * What its publisher should change; only in lists of streams. `b_frames`: its B-frames have to be
   * removed for viewers over WebRTC, which costs a worker's time and some quality; a profile without them
   * needs none of that.
   */
  warnings?: string[];
}

/** What a stream shows. */
export type StreamKind = 'camera' | 'screen' | 'mix';

/** Streams of a room. */
export interface StreamList {
  /** The streams. */
  streams: Stream[];
  /** Number of the newest event in the room. */
  sequence: number;
}

/** Figures of a stream. */
export interface StreamStats {
  /** Seconds since the present publication began. */
  uptime_seconds: number;
  /** Protocol of the publisher. */
  protocol?: string | null;
  /** Number of publications so far. */
  publications: number;
  video?: VideoStats | null;
  audio?: AudioStats | null;
  /** Bytes of media received in all publications. */
  bytes_in: number;
  /** Readers now. */
  readers: number;
  /** Largest backlog of a reader now, in milliseconds of media. */
  backlog_ms: number;
  /** Items lost by readers, present and past, that were too slow. */
  dropped: number;
  /** Times the source's clock jumped. */
  discontinuities: number;
}

/** Switches and texts of a stream to change; those left out stay as they are. */
export interface StreamUpdate {
  /** Video off. */
  voff?: boolean | null;
  /** Audio off. */
  aoff?: boolean | null;
  /** Free text. */
  ext?: string | null;
}

/** A signed right to join. */
export interface Ticket {
  /** Its text; a secret of whoever may use it. */
  ticket: string;
  /** When it stops being accepted, in milliseconds since the Unix epoch. */
  expires_at: number;
}

/** Time spans in milliseconds, each at most 30 days. Those left out take their defaults. */
export interface Timing {
  /** How long a member stays with neither a connected session nor media on air. */
  member_grace_ms?: number | null;
  /** How long a request for a role waits for an answer. */
  request_ttl_ms?: number | null;
  /** How long a replaced URL stays valid. */
  url_overlap_ms?: number | null;
}

/** How media travels between client and gateway. */
export type Transport = 'rtmp' | 'webrtc';

/** Whether a part will be uploaded. */
export type UploadState = 'waiting' | 'given_up';

/** Figures of a video track. */
export interface VideoStats {
  /** Codec. */
  codec: string;
  /** Width in pixels; 0 when unknown. */
  width: number;
  /** Height in pixels; 0 when unknown. */
  height: number;
  /** Frames per second over the last seconds. */
  fps: number;
  /** Kilobits per second over the last seconds. */
  kbps: number;
  /** Distance between key frames in milliseconds. */
  gop_ms?: number | null;
  /** Whether B-frames occur. */
  b_frames: boolean;
  /** Frames since the publication began. */
  frames: number;
}

/** One target of webhooks. */
export interface WebhookTarget {
  /** Its URL. */
  url: string;
  /** Events that wait. */
  queued: number;
  /** Events given up. */
  dead: number;
}

/** Where the events of an app are posted to. The secret that signs them is never shown. */
export interface Webhooks {
  /** Targets and what waits for them. */
  webhooks: WebhookTarget[];
  /** Asked before every publish and play. */
  access_hook?: string | null;
}

/** What each operation takes and gives. */
export interface Operations {
  /** What is decided for the app as a whole; for its own server only. */
  show_policy: { request: Nothing; result: Policy };
  /** Decide it. */
  set_policy: { request: Policy; result: Policy };
  /** Where events are posted to, and what waits. */
  show_webhooks: { request: Nothing; result: Webhooks };
  /** Set where events are posted to; the secret that signs them cannot be set or shown. */
  set_webhooks: { request: SetWebhooks; result: Webhooks };
  /** Rooms that have ended: who, when, how long, how; newest first. */
  list_call_records: { request: { room?: string; account?: string; from?: number; until?: number; after?: number; limit?: number }; result: CallRecordList };
  /**
   * Calls that have ended, answered or not, newest first: the app's own server sees all, others their
   * own.
   */
  list_ended_calls: { request: { account?: string; status?: string; from?: number; until?: number; after?: number; limit?: number }; result: EndedCallList };
  /** One call that has ended. */
  show_ended_call: { request: { call: string }; result: EndedCall };
  /** Recordings, newest first: the app's own server sees all, an admin those of the room it is in. */
  list_recordings: { request: { room?: string; after?: number; limit?: number }; result: RecordingList };
  /** One recording with its parts. */
  show_recording: { request: { recording: string }; result: Recording };
  /** Delete a recording that has ended, with its files; for the app's own server only. */
  delete_recording: { request: { recording: string }; result: unknown };
  /**
   * A file of a complete part. Takes `Range`, so that players can seek and downloads go on where they
   * broke off. What was uploaded comes through the gateway or, if it is so configured, with a redirect.
   */
  recording_file: { request: { recording: string; part: number; file: string }; result: unknown };
  /** Leave out what comes until it is resumed; the present part ends. */
  pause_recording: { request: { recording: string }; result: Recording };
  /** Go on with a new part. */
  resume_recording: { request: { recording: string }; result: Recording };
  /** Begin a new part at the next key frame. */
  split_recording: { request: { recording: string }; result: Recording };
  /** End a recording. Its last part is complete a moment later. */
  stop_recording: { request: { recording: string }; result: Recording };
  /** Try again now to upload what could not be uploaded so far, also what was given up. */
  upload_recording: { request: { recording: string }; result: Recording };
  /** A page of the app's rooms; for its own server only. */
  list_rooms: { request: { after?: string; limit?: number }; result: RoomList };
  /** Make a room. */
  create_room: { request: CreateRoom; result: Room };
  /** One room with its members and streams. */
  show_room: { request: { room: string }; result: Room };
  /** Change settings of a room. */
  update_room: { request: { room: string } & SettingsUpdate; result: Room };
  /** End a room for everybody. */
  destroy_room: { request: { room: string }; result: Sequence };
  /** Set a room attribute. */
  set_attribute: { request: { room: string; key: string } & SetAttribute; result: Sequence };
  /** Delete a room attribute. */
  delete_attribute: { request: { room: string; key: string }; result: Sequence };
  /** Events of a room after a sequence, as far as they are kept. */
  list_events: { request: { room: string; after?: number; limit?: number }; result: EventList };
  /** Members of a room. */
  list_members: { request: { room: string }; result: MemberList };
  /** Enter a room. */
  join_room: { request: { room: string } & Join; result: Joined };
  /** One member. */
  show_member: { request: { room: string; member: string }; result: Member };
  /** Change nick name or text of a member. */
  update_member: { request: { room: string; member: string } & MemberUpdate; result: Sequence };
  /** Leave (one's own member) or remove somebody else. */
  remove_member: { request: { room: string; member: string }; result: Sequence };
  /** Show a sign of life of a member that has no WebSocket and sends no media. */
  member_heartbeat: { request: { room: string; member: string }; result: Sequence };
  /** Mute one member. */
  mute_member: { request: { room: string; member: string; kind: string }; result: Sequence };
  /** Unmute one member, also while everybody is muted. */
  unmute_member: { request: { room: string; member: string; kind: string }; result: Sequence };
  /** Give a role, higher or lower than the present one. */
  set_role: { request: { room: string; member: string } & SetRole; result: Sequence };
  /** Pass a message on to one member or to everybody. */
  send_message: { request: { room: string } & Message; result: Sequence };
  /** Show the mix of a room, or what it would be. */
  show_mix: { request: { room: string }; result: Mix };
  /** Start the mix of a room, or change its layout while there is one. */
  start_mix: { request: { room: string } & Partial<MixRequest>; result: Mix };
  /** Change the layout of a room's mix, now or for later. */
  update_mix: { request: { room: string } & MixRequest; result: Mix };
  /** Stop the mix of a room. Its layout stays. */
  stop_mix: { request: { room: string }; result: Sequence };
  /** Set whose picture is the main one. */
  set_main_picture: { request: { room: string } & MainPicture; result: Sequence };
  /** Set how loud a member is in the mix, or silence it there. */
  set_mix_gain: { request: { room: string; member: string } & MixGain; result: Sequence };
  /** List the pictures that a room's mix may show. */
  list_mix_pictures: { request: { room: string }; result: MixPictureList };
  /** Store a picture for the mix: a background, an avatar or a logo, as PNG or JPEG of at most 1 MiB. */
  set_mix_picture: { request: { room: string; name: string }; result: MixPicture };
  /** Forget a picture. */
  delete_mix_picture: { request: { room: string; name: string }; result: Nothing };
  /** Get URLs of a sound of the mix: everybody's, or everybody's but one member's own. */
  mix_pull_url: { request: { room: string } & Partial<MixPullUrl>; result: PullUrls };
  /** Mute everybody but admins. */
  mute_all: { request: { room: string; kind: string }; result: Sequence };
  /** End the muting of everybody. */
  unmute_all: { request: { room: string; kind: string }; result: Sequence };
  /** Pushes of a room and how their targets stand. For the app and admins. */
  list_pushes: { request: { room: string }; result: PushList };
  /** Push a stream, usually the mix, to another server. For the app and admins. */
  add_push: { request: { room: string } & AddPush; result: Push };
  /** One push and how its target stands. For the app and admins. */
  show_push: { request: { room: string; push: string }; result: Push };
  /** End a push. For the app and admins. */
  remove_push: { request: { room: string; push: string }; result: Sequence };
  /** Begin to record streams of a room. */
  start_recording: { request: { room: string } & Partial<StartRecording>; result: RecordingList };
  /** Ask to become talker or admin. */
  request_role: { request: { room: string } & RoleRequest; result: Sequence };
  /** Take a request back. */
  withdraw_request: { request: { room: string; member: string }; result: Sequence };
  /** Answer a request. */
  answer_request: { request: { room: string; member: string } & AnswerRequest; result: Sequence };
  /** Streams of a room with their figures. */
  list_streams: { request: { room: string }; result: StreamList };
  /** Publish a camera or screen and get the URL to push to. */
  publish_stream: { request: { room: string } & Publish; result: Published };
  /** Switch video or audio of a stream off or on. */
  update_stream: { request: { room: string; stream: string } & StreamUpdate; result: Sequence };
  /** Remove a stream. */
  unpublish_stream: { request: { room: string; stream: string }; result: Sequence };
  /** Get URLs to pull a stream from. */
  pull_url: { request: { room: string; stream: string } & Partial<PullUrl>; result: PullUrls };
  /** Replace the URLs of a stream by newer ones; the old ones work on for a short overlap. */
  reissue_url: { request: { room: string; stream: string }; result: Reissued };
  /** Sign a ticket: a short-lived right to join with a role. */
  issue_ticket: { request: { room: string } & IssueTicket; result: Ticket };
  /**
   * Get an account's token for an hour, with the MD5 of the app's secret; only where
   * `vendor.secret_sign_in` is set.
   */
  sign_in: { request: SignIn; result: SignedIn };
  /** Open the WebSocket for commands and events. */
  connect: { request: { access_token?: string; session?: string; after?: string; device?: string }; result: unknown };
}

/** Stable codes of refusals. */
export type ProblemCode =
  | 'account_limit_sessions'
  | 'app_limit_members'
  | 'app_limit_players'
  | 'app_limit_publishers'
  | 'app_limit_sessions'
  | 'app_limit_streams'
  | 'attributes_too_large'
  | 'body_too_large'
  | 'database_unavailable'
  | 'draining'
  | 'epoch_retired'
  | 'events_gone'
  | 'expired_ticket'
  | 'expired_token'
  | 'head_too_large'
  | 'holder_left'
  | 'hook_denied'
  | 'hook_unavailable'
  | 'if_match_required'
  | 'incomplete_body'
  | 'internal'
  | 'invalid_argument'
  | 'invalid_layout'
  | 'invalid_password'
  | 'invalid_picture'
  | 'invalid_query'
  | 'invalid_sdp'
  | 'invalid_ticket'
  | 'invalid_token'
  | 'malformed_json'
  | 'malformed_ticket'
  | 'malformed_token'
  | 'masked_secret'
  | 'method_not_allowed'
  | 'mini_program_unsupported'
  | 'missing_token'
  | 'muted'
  | 'name_conflict'
  | 'newer_publisher'
  | 'no_capacity'
  | 'no_such_member'
  | 'no_such_mix'
  | 'no_such_peer'
  | 'no_such_request'
  | 'no_such_room'
  | 'no_such_session'
  | 'no_such_stream'
  | 'no_usable_codec'
  | 'not_a_member'
  | 'not_allowed'
  | 'not_found'
  | 'not_owner'
  | 'password_check_busy'
  | 'password_required'
  | 'picture_too_large'
  | 'publisher_contested'
  | 'rate_limited'
  | 'request_pending'
  | 'request_timeout'
  | 'room_ended'
  | 'room_exists'
  | 'room_full_audiences'
  | 'room_full_desktops'
  | 'room_full_talkers'
  | 'room_full_videos'
  | 'sdp_too_long'
  | 'session_limit_peers'
  | 'session_limit_rooms'
  | 'sign_in_disabled'
  | 'stale_etag'
  | 'store_unavailable'
  | 'token_expired'
  | 'token_lives_too_long'
  | 'token_malformed'
  | 'token_missing'
  | 'token_not_yet_valid'
  | 'token_signature'
  | 'too_many_attributes'
  | 'too_many_connections'
  | 'too_many_pictures'
  | 'too_many_rooms'
  | 'too_many_streams'
  | 'too_many_watched'
  | 'too_many_webhooks'
  | 'unknown_app'
  | 'unknown_op'
  | 'unknown_stream'
  | 'unsupported_media_type'
  | 'upgrade_required'
  | 'webrtc_disabled'
  | 'wrong_action'
  | 'wrong_password'
  | 'wrong_secret'
  | 'wrong_ticket';
