/** One's own camera and microphone, or screen, as a stream of the vendor's RTC library. */
import type { Publication } from '../../../types/media';
import { componentError } from '../codes';
import { Emitter } from '../emitter';
import { profileOf, type Profile } from './profile';
import { View, type RenderMode } from './view';

export interface StreamOptions {
  uid?: number | string;
  audio?: boolean;
  video?: boolean;
  screen?: boolean;
  microphoneId?: string;
  cameraId?: string;
}

export type DeviceType = 'audio' | 'video' | 'screen';
type Kind = 'audio' | 'video';

interface Switch {
  type: DeviceType;
  deviceId?: string;
}

/** Said beside the stream: what is muted, while its device stays open. */
interface Muted {
  audio: boolean;
  video: boolean;
}

export class LocalStream extends Emitter {
  audio: boolean;
  video: boolean;
  screen: boolean;
  readonly muted: Muted = { audio: false, video: false };
  private readonly view = new View(true);
  private readonly tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  private profile: Profile = {};
  private publication: Publication | null = null;
  private wanted: Required<Pick<StreamOptions, 'microphoneId' | 'cameraId'>>;

  constructor(private readonly options: StreamOptions) {
    super();
    this.screen = options.screen === true;
    this.audio = options.audio === true;
    this.video = options.video === true || this.screen;
    this.wanted = { microphoneId: options.microphoneId ?? '', cameraId: options.cameraId ?? '' };
  }

  getId(): number | string {
    return this.options.uid ?? 0;
  }

  setVideoProfile(profile: Profile): void {
    this.profile = { ...this.profile, ...profile };
  }

  /** Opus adapts by itself. */
  setAudioProfile(_profile: string): void {}

  /** Opens the devices. */
  async init(): Promise<void> {
    if (this.audio && !this.tracks.audio) this.tracks.audio = await this.capture('audio');
    if (this.video && !this.tracks.video) this.tracks.video = await this.capture('video');
    this.show();
  }

  play(where: Element | null | undefined): Promise<void> {
    this.view.place(where ?? null);
    this.show();
    return Promise.resolve();
  }

  stop(): void {
    this.view.place(null);
  }

  setLocalRenderMode(mode: RenderMode): void {
    this.view.render(mode);
  }

  getMediaStream(): MediaStream {
    return new MediaStream([this.tracks.audio, this.tracks.video].filter((track) => track !== null));
  }

  async open({ type, deviceId }: Switch): Promise<void> {
    const kind = type === 'audio' ? 'audio' : 'video';
    if (deviceId) this.choose(kind, deviceId);
    if (!this.tracks[kind]) this.tracks[kind] = await this.capture(kind);
    this[kind] = true;
    await this.publication?.replace({ [kind]: this.tracks[kind] });
    this.show();
  }

  async close({ type }: Switch): Promise<void> {
    const kind = type === 'audio' ? 'audio' : 'video';
    this.tracks[kind]?.stop();
    this.tracks[kind] = null;
    this[kind] = false;
    await this.publication?.replace({ [kind]: null });
    this.show();
  }

  /** Another device from now on, if that kind is open, else when it is opened. */
  async switchDevice(kind: Kind, deviceId: string): Promise<void> {
    this.choose(kind, deviceId);
    if (!this.tracks[kind]) return;
    this.tracks[kind]?.stop();
    this.tracks[kind] = await this.capture(kind);
    await this.publication?.replace({ [kind]: this.tracks[kind] });
    this.show();
  }

  muteAudio(): Promise<void> {
    return this.mute('audio', true);
  }

  unmuteAudio(): Promise<void> {
    return this.mute('audio', false);
  }

  muteVideo(): Promise<void> {
    return this.mute('video', true);
  }

  unmuteVideo(): Promise<void> {
    return this.mute('video', false);
  }

  /** Devices that are open. */
  deviceId(kind: Kind): string | undefined {
    return this.tracks[kind]?.getSettings().deviceId;
  }

  destroy(): void {
    for (const kind of ['audio', 'video'] as const) {
      this.tracks[kind]?.stop();
      this.tracks[kind] = null;
    }
    this.publication = null;
    this.view.show(null);
    this.view.place(null);
  }

  /** For whoever sends it. */
  sentBy(publication: Publication | null): void {
    this.publication = publication;
  }

  /** What is said beside the stream. */
  ext(): string {
    return JSON.stringify({ muted: this.muted });
  }

  private async mute(kind: Kind, muted: boolean): Promise<void> {
    const track = this.tracks[kind];
    if (track) track.enabled = !muted;
    this.muted[kind] = muted;
    await this.publication?.setExt(this.ext());
  }

  private choose(kind: Kind, deviceId: string): void {
    if (kind === 'audio') this.wanted.microphoneId = deviceId;
    else this.wanted.cameraId = deviceId;
  }

  private async capture(kind: Kind): Promise<MediaStreamTrack> {
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) throw componentError('noStream', 'devices need a secure page');
    const media = this.screen && kind === 'video' ? await devices.getDisplayMedia({ video: true }) : await devices.getUserMedia(this.asked(kind));
    const track = kind === 'audio' ? media.getAudioTracks()[0] : media.getVideoTracks()[0];
    if (!track) throw componentError('noStream', `no ${kind}`);
    if (kind === 'video') track.contentHint = this.screen ? 'detail' : 'motion';
    track.enabled = !this.muted[kind];
    return track;
  }

  private asked(kind: Kind): MediaStreamConstraints {
    const { microphoneId, cameraId } = this.wanted;
    if (kind === 'audio') {
      const processed = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      return { audio: { ...processed, ...(microphoneId ? { deviceId: { exact: microphoneId } } : {}) } };
    }
    const { width, height, frameRate } = profileOf(this.profile);
    const size = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate } };
    return { video: { ...size, ...(cameraId ? { deviceId: { exact: cameraId } } : {}) } };
  }

  private show(): void {
    const { video } = this.tracks;
    this.view.show(video ? new MediaStream([video]) : null);
  }
}
