/** Plays a received stream in one video element, with sound if the browser allows it. */
import type { Player, PlayerState } from '../live/player';
import type { Tracks } from '../live/tracks';
import type { Receive, Received, Reception } from './receive';

export class RtcPlayer implements Player {
  private media = new MediaStream();
  private reception: Reception | null = null;
  private received: Received | null = null;
  private shown: Tracks = { audio: true, video: true };

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly receive: Receive,
    private readonly onState: (state: PlayerState) => void,
    /** Sound needs a click first; it plays without. */
    private readonly onSilenced: () => void,
  ) {}

  start(): void {
    this.video.addEventListener('playing', this.onPlaying);
    this.reception = this.receive({
      onTracks: (tracks) => this.take(tracks),
      onState: (state) => {
        // Trouble with other streams of the connection is none of this one while it plays.
        if (!this.received) this.onState(state);
      },
    });
  }

  stop(): void {
    this.video.removeEventListener('playing', this.onPlaying);
    this.reception?.stop();
    this.video.srcObject = null;
  }

  get stream(): Reception | null {
    return this.reception;
  }

  /** Tracks to play: an element waits for every track it has. */
  show(tracks: Tracks): void {
    this.shown = tracks;
    this.apply();
  }

  private take(tracks: Received | null): void {
    this.received = tracks;
    // Afresh, so that the element tells when it plays again.
    this.media = new MediaStream();
    this.video.srcObject = this.media;
    this.apply();
  }

  private apply(): void {
    const wanted = new Set<MediaStreamTrack>();
    if (this.received && this.shown.audio) wanted.add(this.received.audio);
    if (this.received && this.shown.video) wanted.add(this.received.video);
    for (const track of this.media.getTracks()) if (!wanted.has(track)) this.media.removeTrack(track);
    let added = false;
    for (const track of wanted) {
      if (this.media.getTracks().includes(track)) continue;
      this.media.addTrack(track);
      added = true;
    }
    if (added) void this.play();
  }

  private async play(): Promise<void> {
    try {
      await this.video.play();
    } catch (thrown) {
      if (!(thrown instanceof DOMException) || thrown.name !== 'NotAllowedError' || this.video.muted) return;
      this.video.muted = true;
      this.onSilenced();
      await this.video.play().catch(() => undefined);
    }
  }

  private readonly onPlaying = (): void => this.onState({ kind: 'playing' });
}
