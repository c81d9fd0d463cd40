/** A stream that something else pulls from a URL: `live-player`, FFmpeg, a FLV player. */
import { Backoff } from '../net/backoff';
import { Emitter } from '../types/emitter';
import { LianmaiError, asError } from '../types/errors';
import type { Layer, MediaState, ReceiveStats, SubscribeOptions, SubscriptionEvents } from '../types/media';
import type { KeptSubscription } from '../room/host';
import type { RoomCore } from '../room/room';
import type { PullUrls } from '../wire/openapi';

/** `live-player` gave up and waits for a start. */
const GAVE_UP = -2301;
/** `live-player` plays. */
const PLAYS = 2004;

export class UrlSubscription extends Emitter<SubscriptionEvents> implements KeptSubscription {
  readonly via = 'rtmp';
  readonly media = null;
  readonly layer: Layer = 'auto';
  state: MediaState;
  private wantsUrl = false;
  private readonly backoff: Backoff;

  private constructor(
    private readonly room: RoomCore,
    readonly stream: string,
    private readonly options: SubscribeOptions,
    public urls: PullUrls,
  ) {
    super();
    this.backoff = new Backoff(() => room.host.platform.random(), 500, 8_000);
    this.state = room.streams.get(stream)?.on_air ? 'connected' : 'waiting';
  }

  static async open(room: RoomCore, stream: string, options: SubscribeOptions): Promise<UrlSubscription> {
    return new UrlSubscription(room, stream, options, await pull(room, stream));
  }

  get url(): string {
    const { format = 'rtmp', only, gop, coalesce } = this.options;
    const base = this.urls[format];
    if (!base) throw new LianmaiError('not_supported', `the gateway gives no ${format} URL`);
    const more = [only && `only=${only}`, gop === false && 'gop=0', coalesce !== undefined && `coalesce=${coalesce}`];
    const wanted = more.filter((part) => typeof part === 'string');
    return wanted.length === 0 ? base : `${base}${base.includes('?') ? '&' : '?'}${wanted.join('&')}`;
  }

  attach(): never {
    throw new LianmaiError('not_supported', 'a URL is played by a player');
  }

  setLayer(): Promise<void> {
    return Promise.reject(new LianmaiError('not_supported', 'a URL has one picture'));
  }

  async renew(): Promise<string> {
    this.urls = await pull(this.room, this.stream);
    this.emit('url', this.url);
    return this.url;
  }

  report(code: number): void {
    if (code === PLAYS) this.backoff.reset();
    if (code !== GAVE_UP || this.state === 'ended' || this.wantsUrl) return;
    this.wantsUrl = true;
    this.room.host.platform.setTimer(() => void this.supply(), this.backoff.next());
  }

  /** The stream as it reaches the gateway; what the player makes of it, only the player knows. */
  async stats(): Promise<ReceiveStats | null> {
    const stats = (await this.room.streamStats()).find(({ id }) => id === this.stream)?.stats;
    if (!stats) return null;
    const { audio, video } = stats;
    const sound = audio && { bitrate: audio.kbps * 1000, lost: 0, concealed: 0, level: null };
    const { width = 0, height = 0, fps = 0, frames = 0, codec = null } = video ?? {};
    const picture = video && { bitrate: video.kbps * 1000, lost: 0, width, height, fps, frames, freezes: 0, codec };
    return { audio: sound ?? null, video: picture ?? null, roundTripMs: null, jitterMs: null };
  }

  async unsubscribe(): Promise<void> {
    this.end('unsubscribed');
  }

  onRoomEvent(name: string): void {
    if (name === 'media_started') this.become('connected');
    if (name === 'media_stopped') this.become('waiting');
  }

  resumed(rejoined: boolean): void {
    if (!this.room.streams.has(this.stream)) return this.end('unpublished');
    // URLs of a member that is gone are no longer valid.
    if (rejoined) this.wantsUrl = true;
    void this.supply();
  }

  end(reason: string): void {
    if (this.state === 'ended') return;
    this.become('ended');
    this.emit('ended', { reason });
  }

  private async supply(): Promise<void> {
    if (!this.wantsUrl || this.room.phase !== 'inside' || this.state === 'ended') return;
    this.wantsUrl = false;
    try {
      await this.renew();
    } catch (thrown) {
      const error = asError(thrown);
      this.wantsUrl = error.status === 0;
      this.emit('problem', error);
    }
  }

  private become(state: MediaState): void {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }
}

function pull(room: RoomCore, stream: string): Promise<PullUrls> {
  return room.host.command('pull_url', { room: room.id, stream });
}
