/** A stream that is sent over WebRTC: of devices that are opened here, or of tracks that are handed in. */
import { SCREEN_BITRATE, capture, captureScreen, profileOf, videoConstraints } from '../devices/web';
import { MediaBase } from '../media/base';
import type { KeptPublication } from '../room/host';
import { LianmaiError, asError } from '../types/errors';
import type { PublicationEvents, PublishOptions, Quality, SendStats } from '../types/media';
import type { WebMedia } from '../types/platform';
import type { Publish } from '../wire/openapi';
import type { RtcEngine } from './engine';
import type { LineKind } from './lines';
import type { PeerState } from './peer';
import { Sources } from './sources';

export class RtcPublication extends MediaBase<PublicationEvents> implements KeptPublication {
  readonly via = 'webrtc';
  readonly url = null;
  readonly urls = null;
  readonly kind: 'camera' | 'screen';
  stream = '';
  audio = false;
  video = false;
  media: MediaStream;
  private readonly sources: Sources;
  private readonly devices: WebMedia;
  private ext: string;
  private quality: Quality | undefined;
  private camera: string | undefined;
  private microphone: string | undefined;
  /** What is asked for is done one after another. */
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly engine: RtcEngine,
    private readonly options: PublishOptions,
  ) {
    super();
    const { media } = engine.room.host.platform;
    if (!media) throw new LianmaiError('not_supported', 'there is no WebRTC here');
    this.devices = media;
    this.media = media.newStream([]);
    this.kind = options.kind ?? 'camera';
    this.ext = options.ext ?? '';
    [this.quality, this.camera, this.microphone] = [options.quality, options.camera, options.microphone];
    this.sources = new Sources((kind) => this.lostDevice(kind));
  }

  static async open(engine: RtcEngine, options: PublishOptions): Promise<RtcPublication> {
    const made = new RtcPublication(engine, options);
    try {
      await made.openSources();
      await made.publish();
    } catch (thrown) {
      made.sources.release();
      throw thrown;
    }
    return made;
  }

  setAudio(on: boolean): Promise<void> {
    return this.do(() => this.set('audio', on));
  }

  setVideo(on: boolean): Promise<void> {
    return this.do(() => this.set('video', on));
  }

  setExt(ext: string): Promise<void> {
    return this.do(async () => {
      await this.tell({ ext });
      this.ext = ext;
    });
  }

  setCamera(deviceId: string): Promise<void> {
    return this.do(async () => {
      this.camera = deviceId;
      // One that is off is opened when it is switched on.
      if (this.video) await this.reopen('video');
    });
  }

  setMicrophone(deviceId: string): Promise<void> {
    return this.do(async () => {
      this.microphone = deviceId;
      if (this.audio) await this.reopen('audio');
    });
  }

  setQuality(quality: Quality): Promise<void> {
    return this.do(async () => {
      this.quality = quality;
      const track = this.sources.track('video');
      if (track && this.kind === 'camera' && this.sources.isOwn('video')) {
        // A camera that cannot do it goes on as it is.
        await track.applyConstraints(videoConstraints(quality)).catch((thrown) => this.trouble(asError(thrown)));
      }
      this.send();
    });
  }

  replace(tracks: { audio?: MediaStreamTrack | null; video?: MediaStreamTrack | null }): Promise<void> {
    return this.do(async () => {
      for (const kind of ['audio', 'video'] as const) {
        const track = tracks[kind];
        if (track === undefined) continue;
        this.sources.put(kind, track, false);
        this[kind] = track !== null;
      }
      await this.switched();
    });
  }

  stats(): Promise<SendStats | null> {
    return this.engine.sender.figures(this.stream);
  }

  unpublish(): Promise<void> {
    return this.do(async () => {
      const { stream, engine } = this;
      this.end('unpublished');
      await engine.room.host.command('unpublish_stream', { room: engine.room.id, stream });
    });
  }

  renew(): Promise<string> {
    return Promise.reject(new LianmaiError('not_supported', 'over WebRTC there is no URL'));
  }

  report(): void {}

  onRoomEvent(): void {}

  resumed(rejoined: boolean): void {
    if (!rejoined || this.engine.room.streams.has(this.stream)) return;
    // A new member has no streams yet.
    this.do(async () => {
      const { publications } = this.engine.room;
      publications.delete(this.stream);
      this.engine.sender.remove(this.stream);
      await this.publish();
      publications.set(this.stream, this);
    }).catch((thrown) => this.end(asError(thrown).code));
  }

  protected override release(): void {
    this.engine.sender.remove(this.stream);
    this.sources.release();
  }

  private async openSources(): Promise<void> {
    const { options, sources, devices, kind } = this;
    const [audio, video] = [options.audio ?? true, options.video ?? true];
    if (options.media) sources.take(options.media, false);
    else if (kind === 'screen') sources.take(await captureScreen(devices, { audio }), true);
    else {
      const wish = { camera: video && (this.camera ?? true), microphone: audio && (this.microphone ?? true), quality: this.quality };
      sources.take(await capture(devices, wish), true);
    }
    this.audio = audio && sources.track('audio') !== null;
    this.video = video && sources.track('video') !== null;
  }

  private async publish(): Promise<void> {
    const { host, id: room } = this.engine.room;
    const fields: Publish = { kind: this.kind, via: 'webrtc', aoff: !this.audio, voff: !this.video, ext: this.ext };
    if (this.options.clientRef !== undefined) fields.client_ref = this.options.clientRef;
    const { stream } = await host.command('publish_stream', { room, ...fields });
    this.stream = stream.id;
    this.send();
  }

  private async set(kind: LineKind, on: boolean): Promise<void> {
    if (this[kind] === on) return;
    if (on && !this.sources.track(kind)) await this.reopen(kind);
    // So that the camera's light goes out; a microphone stays open, since people want to speak at once.
    if (!on && kind === 'video' && this.kind === 'camera' && this.sources.isOwn(kind)) this.sources.put(kind, null, false);
    this[kind] = on;
    await this.switched();
  }

  private async reopen(kind: LineKind): Promise<void> {
    if (this.kind === 'screen') throw new LianmaiError('capture_missing', 'sharing has ended: publish anew');
    // Some devices open only once the one before is closed.
    this.sources.put(kind, null, false);
    const wish = kind === 'audio' ? { microphone: this.microphone ?? true } : { camera: this.camera ?? true, quality: this.quality };
    try {
      this.sources.take(await capture(this.devices, wish), true);
    } finally {
      if (this[kind]) this.send();
    }
  }

  private async switched(): Promise<void> {
    this.send();
    this.emit('switched', { audio: this.audio, video: this.video });
    await this.tell({ aoff: !this.audio, voff: !this.video });
  }

  private async tell(change: { aoff?: boolean; voff?: boolean; ext?: string }): Promise<void> {
    const { host, id: room } = this.engine.room;
    await host.command('update_stream', { room, stream: this.stream, ...change });
  }

  /** Hands the tracks to the connection. What is off is not sent; a microphone opened here sends silence. */
  private send(): void {
    if (this.state === 'ended') return;
    const tracks = { audio: this.sources.track('audio'), video: this.sources.track('video') };
    if (tracks.audio && this.sources.isOwn('audio')) tracks.audio.enabled = this.audio;
    else if (!this.audio) tracks.audio = null;
    if (!this.video) tracks.video = null;
    this.engine.sender.send({
      stream: this.stream,
      kind: this.kind,
      ...tracks,
      maxBitrate: this.kind === 'screen' && !this.quality ? SCREEN_BITRATE : profileOf(this.quality).maxBitrate,
      simulcast: this.options.simulcast ?? true,
      onState: (state) => this.onState(state),
    });
    this.show();
  }

  /** Keeps `media` as what is sent. */
  private show(): void {
    const tracks = [this.sources.track('audio'), this.sources.track('video')].filter((track) => track !== null);
    const shown = this.media.getTracks();
    if (tracks.length === shown.length && tracks.every((track) => shown.includes(track))) return;
    for (const track of shown) this.media.removeTrack(track);
    for (const track of tracks) this.media.addTrack(track);
    this.emit('media', this.media);
  }

  private onState(state: PeerState): void {
    if (this.state === 'ended') return;
    this.become(state.kind === 'idle' ? 'waiting' : state.kind);
    if (state.kind === 'waiting') this.trouble(state.error);
  }

  private lostDevice(kind: LineKind): void {
    if (this.kind === 'screen' && kind === 'video') return void this.unpublish().catch(() => undefined);
    this.trouble(new LianmaiError('capture_missing', `the ${kind === 'audio' ? 'microphone' : 'camera'} is gone`));
    this.do(async () => {
      if (this.sources.track(kind)?.readyState === 'ended') this.sources.put(kind, null, false);
      this[kind] = false;
      await this.switched();
    }).catch(() => undefined);
  }

  private do(task: () => Promise<void>): Promise<void> {
    const doing = this.queue.then(() => {
      if (this.state === 'ended') throw new LianmaiError('no_such_stream', 'the publication has ended', { status: 404 });
      return task();
    });
    this.queue = doing.catch(() => undefined);
    return doing;
  }
}
