/** What a publication sends: tracks opened here, which are closed here, and tracks that were handed in. */
import type { LineKind } from './lines';

interface Source {
  track: MediaStreamTrack;
  /** Opened here. */
  own: boolean;
}

export class Sources {
  private readonly held: Record<LineKind, Source | null> = { audio: null, video: null };

  /** `onEnded`: a track ended by itself: its device was unplugged, or somebody stopped sharing. */
  constructor(private readonly onEnded: (kind: LineKind) => void) {}

  track(kind: LineKind): MediaStreamTrack | null {
    return this.held[kind]?.track ?? null;
  }

  isOwn(kind: LineKind): boolean {
    return this.held[kind]?.own === true;
  }

  /** Takes the tracks of a stream, at most one of each kind. */
  take(media: MediaStream, own: boolean): void {
    const [audio, video] = [media.getAudioTracks()[0], media.getVideoTracks()[0]];
    if (audio) this.put('audio', audio, own);
    if (video) this.put('video', video, own);
  }

  /** Another track instead of the one before, which is closed if it was opened here. */
  put(kind: LineKind, track: MediaStreamTrack | null, own: boolean): void {
    const before = this.held[kind];
    if (before?.track === track) return;
    this.held[kind] = track ? { track, own } : null;
    if (before?.own) before.track.stop();
    track?.addEventListener('ended', () => this.held[kind]?.track === track && this.onEnded(kind));
  }

  release(): void {
    this.put('audio', null, false);
    this.put('video', null, false);
  }
}
