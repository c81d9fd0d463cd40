/** A stream that something else pushes to a URL: `live-pusher`, FFmpeg, OBS. */
import type { KeptPublication } from '../room/host';
import type { RoomCore } from '../room/room';
import { LianmaiError } from '../types/errors';
import type { PublicationEvents, PublishOptions, SendStats } from '../types/media';
import type { Publish, Published, PushUrl, StreamKind } from '../wire/openapi';
import { UrlMedia } from './url-media';

/** `live-pusher` gave up and waits for a start. */
const GAVE_UP = -1307;
/** The server closed: the URL is not valid, or a newer one is in use. */
const REFUSED = 3004;

export class UrlPublication extends UrlMedia<PublicationEvents> implements KeptPublication {
  readonly kind: StreamKind;
  stream: string;
  urls: PushUrl;
  audio: boolean;
  video: boolean;
  private ext: string;

  private constructor(
    room: RoomCore,
    private readonly options: PublishOptions,
    { stream, push }: Published,
  ) {
    super(room, stream.on_air);
    this.stream = stream.id;
    this.kind = stream.kind;
    this.urls = pushOf(push);
    this.audio = !stream.aoff;
    this.video = !stream.voff;
    this.ext = stream.ext;
  }

  static async open(room: RoomCore, options: PublishOptions): Promise<UrlPublication> {
    if (options.media) throw new LianmaiError('not_supported', 'a MediaStream is published over WebRTC');
    const switches = { audio: options.audio ?? true, video: options.video ?? true };
    return new UrlPublication(room, options, await publish(room, options, switches, options.ext ?? ''));
  }

  get url(): string {
    return this.urls.url ?? '';
  }

  setAudio(on: boolean): Promise<void> {
    return this.set({ audio: on });
  }

  setVideo(on: boolean): Promise<void> {
    return this.set({ video: on });
  }

  async setExt(ext: string): Promise<void> {
    await this.room.host.command('update_stream', { room: this.room.id, stream: this.stream, ext });
    this.ext = ext;
  }

  async renew(): Promise<string> {
    this.mustLive();
    const { push } = await this.room.host.command('reissue_url', { room: this.room.id, stream: this.stream });
    return this.use(pushOf(push));
  }

  report(code: number): void {
    if (this.state === 'ended') return;
    if (code === GAVE_UP) {
      this.wantsUrl = true;
      void this.supply();
    } else if (code === REFUSED) {
      this.trouble(new LianmaiError('newer_publisher', 'the URL is in use elsewhere or no longer valid', { status: 409 }));
    }
  }

  setCamera(): Promise<void> {
    return notHere();
  }

  setMicrophone(): Promise<void> {
    return notHere();
  }

  setQuality(): Promise<void> {
    return notHere();
  }

  replace(): Promise<void> {
    return notHere();
  }

  async stats(): Promise<SendStats | null> {
    const seen = await this.seen();
    if (!seen) return null;
    const figuresOf = ({ kbps, codec }: { kbps: number; codec: string }) => ({ bitrate: kbps * 1000, codec, loss: null });
    const { audio, video } = seen;
    const picture = video && { ...figuresOf(video), width: video.width, height: video.height, fps: video.fps, layers: 1, limitedBy: null };
    return { audio: audio ? figuresOf(audio) : null, video: picture ?? null, roundTripMs: null, loss: null, availableBitrate: null };
  }

  async unpublish(): Promise<void> {
    if (this.state === 'ended') return;
    await this.room.host.command('unpublish_stream', { room: this.room.id, stream: this.stream });
    this.end('unpublished');
  }

  override onRoomEvent(name: string): void {
    super.onRoomEvent(name);
    const now = this.room.streams.get(this.stream);
    if (name === 'stream_updated' && now) this.switched(!now.aoff, !now.voff);
  }

  resumed(rejoined: boolean): void {
    const isGone = rejoined && !this.room.streams.has(this.stream);
    if (isGone || this.urls.expires_at <= this.room.host.platform.now()) this.wantsUrl = true;
    void this.supply();
  }

  protected override async replaceUrl(): Promise<void> {
    if (this.room.streams.has(this.stream)) await this.renew();
    else await this.publishAnew();
  }

  private async publishAnew(): Promise<void> {
    const made = await publish(this.room, this.options, this, this.ext);
    this.room.publications.delete(this.stream);
    this.stream = made.stream.id;
    this.room.publications.set(this.stream, this);
    this.use(pushOf(made.push));
  }

  private use(urls: PushUrl): string {
    this.urls = urls;
    this.emit('url', this.url);
    return this.url;
  }

  private async set({ audio, video }: { audio?: boolean; video?: boolean }): Promise<void> {
    this.mustLive();
    const aoff = audio === undefined ? undefined : !audio;
    const voff = video === undefined ? undefined : !video;
    await this.room.host.command('update_stream', { room: this.room.id, stream: this.stream, aoff, voff });
    this.switched(audio ?? this.audio, video ?? this.video);
  }

  private switched(audio: boolean, video: boolean): void {
    if (this.audio === audio && this.video === video) return;
    [this.audio, this.video] = [audio, video];
    this.emit('switched', { audio, video });
  }

  private mustLive(): void {
    if (this.state === 'ended') throw new LianmaiError('no_such_stream', 'the publication has ended', { status: 404 });
  }
}

function publish(room: RoomCore, options: PublishOptions, on: { audio: boolean; video: boolean }, ext: string): Promise<Published> {
  const fields: Publish = { kind: options.kind ?? 'camera', via: 'rtmp', aoff: !on.audio, voff: !on.video, ext };
  if (options.clientRef !== undefined) fields.client_ref = options.clientRef;
  return room.host.command('publish_stream', { room: room.id, ...fields });
}

function pushOf(push: PushUrl | null | undefined): PushUrl {
  if (!push?.url) throw new LianmaiError('bad_answer', 'there is no push URL');
  return push;
}

function notHere(): Promise<never> {
  return Promise.reject(new LianmaiError('not_supported', 'whoever pushes to the URL opens the devices'));
}
