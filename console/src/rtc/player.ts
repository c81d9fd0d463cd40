/**
 * Plays a received stream: the picture in a video element, the sound in an element of its own, if the browser allows it.
 *
 * One element for both would stay silent until the first picture. They are in step all the same: the browser sees to
 * that where packets arrive. Whether and how loud it plays is said by the video element.
 */
import type { Received } from '../../../sdk/js/src/rtc/receiver';
import type { Player, PlayerState } from '../live/player';
import type { Tracks } from '../live/tracks';
import type { Receive, Reception } from './receive';

export class RtcPlayer implements Player {
  private readonly sound = new Audio();
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
    for (const element of this.elements) element.addEventListener('playing', this.onPlaying);
    this.video.addEventListener('volumechange', this.onVolume);
    this.onVolume();
    this.reception = this.receive({
      onTracks: (tracks) => this.take(tracks),
      onState: (state) => {
        // Trouble with other streams of the connection is none of this one while it plays.
        if (!this.received) this.onState(state);
      },
    });
  }

  stop(): void {
    for (const element of this.elements) element.removeEventListener('playing', this.onPlaying);
    this.video.removeEventListener('volumechange', this.onVolume);
    this.reception?.stop();
    for (const element of this.elements) element.srcObject = null;
  }

  private get elements(): HTMLMediaElement[] {
    return [this.video, this.sound];
  }

  get stream(): Reception | null {
    return this.reception;
  }

  /** Tracks to play. */
  show(tracks: Tracks): void {
    this.shown = tracks;
    this.apply();
  }

  private take(tracks: Received | null): void {
    this.received = tracks;
    // Afresh, so that the elements tell when they play again.
    for (const element of this.elements) element.srcObject = null;
    this.apply();
  }

  private apply(): void {
    this.put(this.video, this.shown.video ? this.received?.video : undefined);
    this.put(this.sound, this.shown.audio ? this.received?.audio : undefined);
  }

  private put(element: HTMLMediaElement, track: MediaStreamTrack | undefined): void {
    const has = element.srcObject instanceof MediaStream ? element.srcObject.getTracks()[0] : undefined;
    if (has === track) return;
    element.srcObject = track ? new MediaStream([track]) : null;
    if (track) void this.play(element);
  }

  private async play(element: HTMLMediaElement): Promise<void> {
    try {
      await element.play();
    } catch (thrown) {
      if (!(thrown instanceof DOMException) || thrown.name !== 'NotAllowedError' || element.muted) return;
      this.video.muted = true;
      this.onVolume();
      this.onSilenced();
      await element.play().catch(() => undefined);
    }
  }

  private readonly onVolume = (): void => {
    this.sound.muted = this.video.muted;
    this.sound.volume = this.video.volume;
    // Unmuted by a click: what was not allowed to begin may do so now.
    if (this.sound.srcObject && this.sound.paused) void this.play(this.sound);
  };

  private readonly onPlaying = (): void => this.onState({ kind: 'playing' });
}
