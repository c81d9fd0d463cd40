/** Media of a room: what one sends and what one gets. */
import type { PullUrls, PushUrl, StreamKind, Transport } from '../wire/openapi';
import type { Events } from './emitter';
import type { LianmaiError } from './errors';

/** Which pictures a viewer gets of a publisher that sends several. `auto`: what the connection carries. */
export type Layer = 'auto' | 'high' | 'low' | 'audio_only';

/**
 * How big and how good a camera's picture is: 320×240, 640×480, 1280×720 (default) or 1920×1080, as far as the camera can; or
 * say it yourself.
 */
export type Quality = 'low' | 'standard' | 'high' | 'full' | VideoProfile;

/** Size and rate of a picture, as asked of the camera. */
export interface VideoProfile {
  width: number;
  height: number;
  frameRate: number;
  /** Bits per second. */
  maxBitrate: number;
}

/** What to publish, and how. Everything may be left out. */
export interface PublishOptions {
  /** `camera` (default) or `screen`. */
  kind?: Exclude<StreamKind, 'mix'>;
  /** WebRTC where the platform has it, otherwise RTMP: a URL to push to. */
  via?: Transport;
  /** WebRTC: what to send; left out, devices are opened (camera and microphone, or the screen). */
  media?: MediaStream;
  /** Whether to send sound and a picture at first; default true. */
  audio?: boolean;
  video?: boolean;
  /** WebRTC: device ids for opening; left out: whichever the browser takes. */
  camera?: string;
  microphone?: string;
  /** WebRTC: default `high`. */
  quality?: Quality;
  /** WebRTC: several sizes of the picture side by side, where the browser can; default true for cameras. */
  simulcast?: boolean;
  /** A name of the app's own for the stream, and free text. */
  clientRef?: string;
  ext?: string;
}

/** How a stream's connection is: there is media, it is being made, or it is tried again. */
export type MediaState = 'connecting' | 'connected' | 'waiting' | 'ended';

/** Events of one publication. */
export interface PublicationEvents {
  /** RTMP: push to this URL from now on, with a fresh start of the pusher. */
  url: string;
  /** WebRTC: other tracks than before are in `media`. */
  media: MediaStream;
  /** Sound or picture was switched, by this member or because a device went. */
  switched: { audio: boolean; video: boolean };
  state: MediaState;
  /** Something did not work and is tried again, or a device was lost. */
  problem: LianmaiError;
  /** It is over: unpublished, the role or the room is gone. The last event. */
  ended: { reason: string };
}

/** One stream of one's own. */
export interface Publication extends Events<PublicationEvents> {
  /** The stream's id; changes when one had to join anew. */
  readonly stream: string;
  readonly kind: StreamKind;
  readonly via: Transport;
  readonly state: MediaState;
  /** RTMP: where to push to; all the forms there are. `null` with WebRTC. */
  readonly url: string | null;
  readonly urls: PushUrl | null;
  /** WebRTC: what is sent; `null` with RTMP. */
  readonly media: MediaStream | null;
  /** Whether sound and picture are on. */
  readonly audio: boolean;
  readonly video: boolean;
  /** Switches sound; the gateway tells everybody. Opens a microphone where there is none so far (WebRTC). */
  setAudio(on: boolean): Promise<void>;
  /** Switches the picture; a camera that is off is closed. */
  setVideo(on: boolean): Promise<void>;
  setExt(ext: string): Promise<void>;
  /** RTMP: a new push URL; older ones stop working a little later. */
  renew(): Promise<string>;
  /**
   * RTMP: hand in the codes of `live-pusher`'s `statechange`. After `-1307` (it gave up) a URL to start with again comes as
   * event `url`; `3004` (somebody pushes with a newer URL) is a problem `newer_publisher`.
   */
  report(code: number): void;
  /** WebRTC: another camera or microphone, from the next picture on. */
  setCamera(deviceId: string): Promise<void>;
  setMicrophone(deviceId: string): Promise<void>;
  setQuality(quality: Quality): Promise<void>;
  /** WebRTC: sends these tracks instead. Tracks that were opened here are closed. */
  replace(tracks: { audio?: MediaStreamTrack | null; video?: MediaStreamTrack | null }): Promise<void>;
  /** WebRTC: figures since the call before. RTMP: as the gateway sees the stream. `null` while there are none. */
  stats(): Promise<SendStats | null>;
  unpublish(): Promise<void>;
}

/** How to get a stream. */
export interface SubscribeOptions {
  /** WebRTC where the platform has it, otherwise RTMP: a URL to pull from. */
  via?: Transport;
  /** WebRTC: which of a publisher's pictures. */
  layer?: Layer;
  /** URLs: one track alone. */
  only?: 'audio' | 'video';
  /** URLs: which form `url` has; default RTMP. */
  format?: 'rtmp' | 'http_flv' | 'ws_flv';
  /** URLs: `false`: begin at the next key frame instead of the newest one. */
  gop?: boolean;
  /** URLs: milliseconds between writes of the gateway; 0: every frame at once. */
  coalesce?: number;
}

/** Events of one subscription. */
export interface SubscriptionEvents {
  /** URLs: pull from this one from now on, with a fresh start of the player. */
  url: string;
  /** WebRTC: tracks are there, or others than before; `null`: gone for the moment. */
  media: MediaStream | null;
  state: MediaState;
  problem: LianmaiError;
  /** The stream is gone, or one is out of the room. The last event. */
  ended: { reason: string };
}

/** One stream that one gets. */
export interface Subscription extends Events<SubscriptionEvents> {
  readonly stream: string;
  readonly via: Transport;
  readonly state: MediaState;
  readonly url: string | null;
  readonly urls: PullUrls | null;
  /** WebRTC: the stream's sound and picture, for `srcObject`. Silent and black until media arrives. */
  readonly media: MediaStream | null;
  readonly layer: Layer;
  /**
   * WebRTC: has an element show this stream, whatever happens to its connection. Returns what ends it. Where the browser
   * wants a touch first, there is a problem `play_blocked`: call `element.play()` at the next one.
   */
  attach(element: HTMLMediaElement): () => void;
  /** WebRTC: another size of the picture. */
  setLayer(layer: Layer): Promise<void>;
  /** URLs: fresh ones. */
  renew(): Promise<string>;
  /** URLs: hand in the codes of `live-player`'s `statechange`. After `-2301` (it gave up) a fresh `url` comes. */
  report(code: number): void;
  /** WebRTC: figures since the call before. URLs: of the stream as it reaches the gateway. `null` while there are none. */
  stats(): Promise<ReceiveStats | null>;
  unsubscribe(): Promise<void>;
}

/** Sound that is sent. */
export interface SendAudioStats {
  /** Bits per second since the call before; 0 at the first one. */
  bitrate: number;
  /** `opus`, `AAC`, …, as whoever measures calls it. */
  codec: string | null;
  /** Share of packets that the gateway misses, 0 to 1; `null` while it has not said. */
  loss: number | null;
}

/** A picture that is sent: of the largest size, the bit rate of all sizes together. */
export interface SendVideoStats extends SendAudioStats {
  width: number;
  height: number;
  fps: number;
  /** How many sizes are sent side by side. */
  layers: number;
  /** What keeps the picture small or slow: `cpu`, `bandwidth`, `other`; `null`: nothing. */
  limitedBy: string | null;
}

/** Figures of what is sent, since the call before. */
export interface SendStats {
  audio: SendAudioStats | null;
  video: SendVideoStats | null;
  /** To the gateway and back, in milliseconds. */
  roundTripMs: number | null;
  /** The larger loss of both tracks. */
  loss: number | null;
  /** What the way to the gateway is believed to carry, in bits per second. */
  availableBitrate: number | null;
}

/** Sound that is received. */
export interface ReceiveAudioStats {
  /** Bits per second since the call before; 0 at the first one. */
  bitrate: number;
  codec: string | null;
  /** Packets that never came, since the call before. */
  lost: number;
  /** Their share, 0 to 1; `null` while nothing came since the call before. */
  loss: number | null;
  /** How long media waits for late packets, in milliseconds. */
  bufferMs: number | null;
  /** Share of the sound that was made up for lost packets, 0 to 1. */
  concealed: number;
  /** Loudness, 0 to 1; `null` where the browser does not say. */
  level: number | null;
}

/** A picture that is received. */
export interface ReceiveVideoStats extends Omit<ReceiveAudioStats, 'concealed' | 'level'> {
  width: number;
  height: number;
  fps: number;
  /** Decoded pictures since the beginning. */
  frames: number;
  /** How often the picture stood still since the beginning, and for how many milliseconds. */
  freezes: number;
  frozenMs: number;
}

/** Figures of what is received, since the call before. */
export interface ReceiveStats {
  audio: ReceiveAudioStats | null;
  video: ReceiveVideoStats | null;
  /** To the gateway and back, in milliseconds. */
  roundTripMs: number | null;
  /** How unevenly packets arrive, in milliseconds: of the picture, else of the sound. */
  jitterMs: number | null;
}
