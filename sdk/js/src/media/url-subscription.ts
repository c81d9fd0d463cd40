/** A stream that something else pulls from a URL: `live-player`, FFmpeg, a FLV player. */
import { Backoff } from '../net/backoff';
import type { KeptSubscription } from '../room/host';
import type { RoomCore } from '../room/room';
import { LianmaiError } from '../types/errors';
import type { Layer, ReceiveStats, SubscribeOptions, SubscriptionEvents } from '../types/media';
import type { PullUrls } from '../wire/openapi';
import { UrlMedia } from './url-media';

/** `live-player` gave up and waits for a start. */
const GAVE_UP = -2301;
/** `live-player` plays. */
const PLAYS = 2004;

export class UrlSubscription extends UrlMedia<SubscriptionEvents> implements KeptSubscription {
  readonly layer: Layer = 'auto';
  private readonly backoff: Backoff;

  private constructor(
    room: RoomCore,
    readonly stream: string,
    private readonly options: SubscribeOptions,
    public urls: PullUrls,
  ) {
    super(room, room.streams.get(stream)?.on_air === true);
    this.backoff = new Backoff(() => room.host.platform.random(), 500, 8_000);
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

  async stats(): Promise<ReceiveStats | null> {
    const seen = await this.seen();
    if (!seen) return null;
    const figuresOf = ({ kbps, codec }: { kbps: number; codec: string }) => ({ bitrate: kbps * 1000, codec, lost: 0, loss: null, bufferMs: null });
    const { audio, video } = seen;
    const sound = audio && { ...figuresOf(audio), concealed: 0, level: null };
    const { width = 0, height = 0, fps = 0, frames = 0 } = video ?? {};
    const picture = video && { ...figuresOf(video), width, height, fps, frames, freezes: 0, frozenMs: 0 };
    return { audio: sound ?? null, video: picture ?? null, roundTripMs: null, jitterMs: null };
  }

  async unsubscribe(): Promise<void> {
    this.end('unsubscribed');
  }

  resumed(rejoined: boolean): void {
    if (!this.room.streams.has(this.stream)) return this.end('unpublished');
    // URLs of a member that is gone are no longer valid.
    if (rejoined) this.wantsUrl = true;
    void this.supply();
  }
}

function pull(room: RoomCore, stream: string): Promise<PullUrls> {
  return room.host.command('pull_url', { room: room.id, stream });
}
