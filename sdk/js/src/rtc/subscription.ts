/** A stream that is received over WebRTC. */
import { MediaBase } from '../media/base';
import type { KeptSubscription } from '../room/host';
import { LianmaiError } from '../types/errors';
import type { Layer, ReceiveStats, SubscribeOptions, SubscriptionEvents } from '../types/media';
import type { RtcEngine } from './engine';
import type { PeerState } from './peer';
import type { Received, Sink } from './receiver';

/** So long is waited for the tracks before the subscription is handed out without. */
const TRACKS_MS = 10_000;

export class RtcSubscription extends MediaBase<SubscriptionEvents> implements KeptSubscription, Sink {
  readonly via = 'webrtc';
  readonly url = null;
  readonly urls = null;
  layer: Layer;
  media: MediaStream | null = null;

  private constructor(
    private readonly engine: RtcEngine,
    readonly stream: string,
    { layer = 'auto' }: SubscribeOptions,
  ) {
    super();
    this.layer = layer;
  }

  /** Resolves when there are tracks, or it takes its time; fails when the gateway refuses. */
  static open(engine: RtcEngine, stream: string, options: SubscribeOptions): Promise<RtcSubscription> {
    const { platform } = engine.room.host;
    const made = new RtcSubscription(engine, stream, options);
    return new Promise((done, failed) => {
      const settle = (act: () => void) => {
        stops.forEach((stop) => stop());
        platform.clearTimer(timer);
        act();
      };
      const refuse = (error: LianmaiError) => {
        made.end('refused');
        settle(() => failed(error));
      };
      const stops = [
        made.on('media', () => settle(() => done(made))),
        made.on('problem', (error) => error.status >= 400 && error.status < 500 && refuse(error)),
        made.on('ended', () => settle(() => failed(new LianmaiError('no_such_stream', 'the stream is gone', { status: 404 })))),
        engine.room.on('left', () => made.end('left_room')),
        engine.room.on('stream_removed', (event) => event.stream === stream && made.end(event.reason)),
      ];
      const timer = platform.setTimer(() => settle(() => done(made)), TRACKS_MS);
      engine.receiver.receive(stream, made);
    });
  }

  attach(element: HTMLMediaElement): () => void {
    const show = (media: MediaStream | null) => {
      // The last picture stays until there is another connection.
      if (!media) return;
      element.srcObject = media;
      element.play().catch((thrown: unknown) => this.blocked(thrown));
    };
    const stops = [this.on('media', show), this.on('ended', () => (element.srcObject = null))];
    show(this.media);
    return () => {
      stops.forEach((stop) => stop());
      if (element.srcObject === this.media) element.srcObject = null;
    };
  }

  async setLayer(layer: Layer): Promise<void> {
    this.layer = layer;
    await this.engine.receiver.choose(this.stream, layer);
  }

  renew(): Promise<string> {
    return Promise.reject(new LianmaiError('not_supported', 'over WebRTC there is no URL'));
  }

  report(): void {}

  stats(): Promise<ReceiveStats | null> {
    return this.engine.receiver.figures(this.stream);
  }

  async unsubscribe(): Promise<void> {
    this.end('unsubscribed');
  }

  onRoomEvent(): void {}

  resumed(): void {
    if (!this.engine.room.streams.has(this.stream)) this.end('unpublished');
  }

  protected override release(): void {
    this.engine.receiver.remove(this.stream, this);
  }

  onTracks(tracks: Received | null): void {
    if (this.state === 'ended') return;
    this.media = tracks ? (this.engine.room.host.platform.media?.newStream([tracks.audio, tracks.video]) ?? null) : null;
    this.emit('media', this.media);
  }

  onState(state: PeerState): void {
    if (this.state === 'ended') return;
    this.become(state.kind === 'idle' ? 'connecting' : state.kind);
    if (state.kind === 'waiting') this.trouble(state.error);
  }

  private blocked(thrown: unknown): void {
    // Anything else is a newer source that took the place.
    if (!(thrown instanceof Error) || thrown.name !== 'NotAllowedError') return;
    this.trouble(new LianmaiError('play_blocked', 'the page may not play sound before somebody touches it', { cause: thrown }));
  }
}
