/** What the gateway's REST API answers, as far as this page reads it. Times are Unix milliseconds. */
import type * as api from '../../../sdk/js/src/wire/openapi';

export type { MixStatus, MuteFlags, Preset, Push, Role, RoomKind, StreamKind } from '../../../sdk/js/src/wire/openapi';

export type Member = Pick<api.Member, 'id' | 'account' | 'role' | 'nick' | 'joined_at' | 'muted' | 'online'>;

export type VideoStats = Omit<api.VideoStats, 'frames'>;
export type AudioStats = Omit<api.AudioStats, 'frames'>;

export type StreamStats = Pick<api.StreamStats, 'uptime_seconds' | 'protocol' | 'readers' | 'backlog_ms' | 'dropped'> & {
  video?: VideoStats | null;
  audio?: AudioStats | null;
};

/** `owner`: the publishing member; `null` for the room's mix. `stats`: only in lists, while somebody publishes or plays. */
export type Stream = Pick<api.Stream, 'id' | 'owner' | 'kind' | 'voff' | 'aoff' | 'on_air' | 'url_version'> & { stats?: StreamStats | null };

export type Settings = Pick<api.Settings, 'name' | 'kind' | 'has_password'>;

/** A room in a list. Its streams carry no statistics. */
export type RoomSummary = Pick<api.RoomSummary, 'id' | 'member_count'> & { settings: Settings; streams: Stream[] };

export type Room = Pick<api.Room, 'id'> & { settings: Settings; members: Member[]; streams: Stream[] };

/** Where a stream can be played. What the room or the gateway does not offer is left out. */
export type PullUrls = Pick<api.PullUrls, 'rtmp' | 'http_flv' | 'ws_flv' | 'whep'>;

/** The mix of a room, or what it would be. `stream` is `null` while there is none. */
export type Mix = Pick<api.Mix, 'status' | 'layout'> & { stream?: Stream | null };

export type Recording = Pick<api.Recording, 'id' | 'stream' | 'account' | 'is_mix' | 'state' | 'error' | 'started_at' | 'ended_at'>;

/** How the page plays a stream. */
export type PlayMode = 'webrtc' | 'flv';

/** How the page pulls FLV. */
export type FlvTransport = 'http_flv' | 'ws_flv';

/** What somebody says to enter a room. */
export interface JoinFields {
  role: api.Role;
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
] as const satisfies api.Preset[];
