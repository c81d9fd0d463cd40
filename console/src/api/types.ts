/** What the gateway's REST API answers, as far as this page reads it. Times are Unix milliseconds. */

export type RoomKind = 'communication' | 'communication_mix' | 'live';
export type Role = 'admin' | 'talker' | 'audience';
export type StreamKind = 'camera' | 'screen' | 'mix';

export interface MuteFlags {
  audio: boolean;
  video: boolean;
}

export interface Member {
  id: string;
  account: string;
  role: Role;
  nick: string;
  joined_at: number;
  /** What is muted for the member in effect. */
  muted?: MuteFlags;
  online: boolean;
}

export interface VideoStats {
  codec: string;
  width: number;
  height: number;
  fps: number;
  kbps: number;
  gop_ms: number | null;
  b_frames: boolean;
}

export interface AudioStats {
  codec: string;
  sample_rate: number;
  channels: number;
  kbps: number;
}

export interface StreamStats {
  uptime_seconds: number;
  protocol: string | null;
  video: VideoStats | null;
  audio: AudioStats | null;
  readers: number;
  backlog_ms: number;
  dropped: number;
}

export interface Stream {
  id: string;
  /** The publishing member; `null` for the room's mix. */
  owner: string | null;
  kind: StreamKind;
  voff: boolean;
  aoff: boolean;
  on_air: boolean;
  /** Rises when the stream's URLs are made anew. */
  url_version: number;
  /** Only in lists of streams, and only while somebody publishes or plays. */
  stats?: StreamStats;
}

export interface Settings {
  name: string | null;
  kind: RoomKind;
  has_password: boolean;
}

/** A room in a list. Its streams carry no statistics. */
export interface RoomSummary {
  id: string;
  settings: Settings;
  member_count: number;
  streams: Stream[];
}

export interface Room {
  id: string;
  settings: Settings;
  members: Member[];
  streams: Stream[];
}

/** Where a stream can be played. What the room or the gateway does not offer is left out. */
export interface PullUrls {
  rtmp?: string;
  http_flv?: string;
  ws_flv?: string;
  /** Where to post an offer to play over WebRTC. */
  whep?: string;
}

/** How the page plays a stream. */
export type PlayMode = 'webrtc' | 'flv';

/** How the page pulls FLV. */
export type FlvTransport = 'http_flv' | 'ws_flv';

/** What somebody says to enter a room. */
export interface JoinFields {
  role: Role;
  nick: string;
  password?: string;
}

/** Answer of the dev config's `GET /console/session`. */
export interface OpenSession {
  app: string;
  token: string;
}

/** Well-known arrangements of a mix. */
export const PRESETS = [
  'grid',
  'grid_cropped',
  'speaker_bottom',
  'speaker_top',
  'floating',
  'floating_top',
  'side_by_side',
  'picture_in_picture',
  'screen_share',
  'single_speaker',
  'audio_only',
] as const;
export type Preset = (typeof PRESETS)[number];

export interface MixStatus {
  state: 'starting' | 'running' | 'no_capacity' | 'failed';
  reason?: string;
  /** With `no_capacity`: cores. */
  need?: number;
  free?: number;
}

/** The mix of a room, or what it would be. */
export interface Mix {
  /** `null` while there is none. */
  stream: Stream | null;
  layout: {
    arrangement: { type: 'preset'; preset: Preset } | { type: 'custom' };
    canvas: { width: number; height: number; fps: number };
  };
  status: MixStatus | null;
}

export interface Recording {
  id: string;
  stream: string;
  account: string | null;
  is_mix: boolean;
  state: 'recording' | 'paused' | 'done' | 'failed';
  error?: string;
  started_at: number;
  ended_at: number | null;
}

/** A stream pushed to another server. */
export interface Push {
  id: string;
  /** `null`: the room's mix. */
  stream: string | null;
  /** Without the stream key. */
  target: string;
  state: 'waiting' | 'connecting' | 'live' | 'back_off' | 'failed';
  reason: string | null;
  retries: number;
  kbps: number;
}
