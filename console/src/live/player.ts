/**
 * Plays one live stream in one video element: muted at first, close to the live edge, again and again until stopped.
 * Each attempt asks for its URL anew, since URLs expire.
 */
import type Mpegts from 'mpegts.js';
import { Backoff } from '../../../sdk/js/src/net/backoff';
import { explain } from '../explain';
import { strings } from '../strings';

export type PlayerState =
  | { kind: 'connecting' }
  | { kind: 'playing' }
  | { kind: 'waiting'; reason: string }
  | { kind: 'unsupported' };

/** Plays one stream in one video element until stopped. */
export interface Player {
  start(): void;
  stop(): void;
}

export interface Source {
  url: string;
  /** Tracks to play. Waiting for one that never comes would stop the other. */
  audio: boolean;
  video: boolean;
}

/** Playback that does not advance for so long is started again. */
const STALL_MS = 8_000;
/** Further behind than this, playback jumps; up to there it only runs a little faster. */
const JUMP_S = 4;
const LIVE_EDGE_S = 0.5;
const WATCH_MS = 1_000;

export class LivePlayer implements Player {
  private player: Mpegts.Player | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private stopped = false;
  private advancedAt = 0;
  private position = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    /** `null` where the gateway plays no FLV of it. */
    private readonly source: () => Promise<Source | null>,
    private readonly onState: (state: PlayerState) => void,
    private readonly backoff = new Backoff(Math.random, 500, 3_000),
  ) {}

  start(): void {
    this.video.addEventListener('playing', this.onPlaying);
    this.watch = setInterval(() => this.look(), WATCH_MS);
    void this.attempt();
  }

  /** Ends for good and gives back connection and buffers. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    clearInterval(this.watch);
    this.video.removeEventListener('playing', this.onPlaying);
    this.release();
  }

  private async attempt(): Promise<void> {
    this.onState({ kind: 'connecting' });
    try {
      const [{ default: mpegts }, source] = await Promise.all([import('mpegts.js'), this.source()]);
      if (this.stopped) return;
      if (!source) return this.again(strings.noFlv);
      if (!mpegts.getFeatureList().mseLivePlayback) return this.onState({ kind: 'unsupported' });
      this.open(mpegts, source);
    } catch (thrown) {
      this.again(explain(thrown));
    }
  }

  private open(mpegts: typeof Mpegts, source: Source): void {
    mpegts.LoggingControl.applyConfig({ enableAll: false, enableError: false });
    const { url, audio, video } = source;
    const media = { type: 'flv', isLive: true, cors: true, url, hasAudio: audio, hasVideo: video };
    const player = mpegts.createPlayer(media, {
      enableStashBuffer: false,
      lazyLoad: false,
      deferLoadAfterSourceOpen: false,
      liveSync: true,
      liveSyncTargetLatency: LIVE_EDGE_S,
      liveSyncMaxLatency: 1.2,
      liveSyncPlaybackRate: 1.15,
      autoCleanupSourceBuffer: true,
      autoCleanupMaxBackwardDuration: 20,
      autoCleanupMinBackwardDuration: 10,
    });
    this.player = player;
    this.advancedAt = performance.now();
    this.position = 0;
    player.on(mpegts.Events.ERROR, (type: string, detail: string) => this.again(reasonOf(type, detail)));
    player.on(mpegts.Events.LOADING_COMPLETE, () => this.again(strings.streamEnded));
    player.attachMediaElement(this.video);
    player.load();
    // Refused only for sound that nobody asked for, or because the element was taken away.
    void Promise.resolve(player.play()).catch(() => undefined);
  }

  private readonly onPlaying = (): void => {
    this.backoff.reset();
    this.onState({ kind: 'playing' });
  };

  /** Keeps close to the live edge and notices when nothing moves. */
  private look(): void {
    if (!this.player) return;
    const { video } = this;
    const now = performance.now();
    const last = video.buffered.length - 1;
    const edge = last >= 0 ? video.buffered.end(last) : 0;
    // Also after a pause of the whole tab: the browser's clock stood still, the stream did not.
    if (edge - video.currentTime > JUMP_S) video.currentTime = edge - LIVE_EDGE_S;
    // Data that begins after the present position, such as after a jump of the source's clock.
    else if (last >= 0 && video.currentTime < video.buffered.start(last)) video.currentTime = video.buffered.start(last);
    if (video.currentTime !== this.position || (video.paused && video.readyState >= 2)) {
      this.position = video.currentTime;
      this.advancedAt = now;
    } else if (now - this.advancedAt > STALL_MS) {
      this.again(strings.noMedia);
    }
  }

  private again(reason: string): void {
    this.release();
    if (this.stopped) return;
    this.onState({ kind: 'waiting', reason });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.attempt(), this.backoff.next());
  }

  private release(): void {
    const { player } = this;
    this.player = null;
    player?.destroy();
  }
}

function reasonOf(type: string, detail: string): string {
  if (type === 'MediaError') return strings.cannotPlay;
  return detail === 'HttpStatusCodeInvalid' ? strings.playRefused : strings.connectionLost;
}
