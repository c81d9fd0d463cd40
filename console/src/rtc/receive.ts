/** What receiving one stream looks like, whichever way its connection was made. */
import type { PlayerState } from '../live/player';
import type { Layer } from './signalling';
import type { ReceiveFigures } from './stats';

/** Tracks of a stream; silent and black until media arrives. */
export interface Received {
  audio: MediaStreamTrack;
  video: MediaStreamTrack;
}

/** Takes what arrives. */
export interface Sink {
  /** `null`: they are gone. */
  onTracks(tracks: Received | null): void;
  onState(state: Exclude<PlayerState, { kind: 'playing' }>): void;
}

/** One stream on its way to us. */
export interface Reception {
  /** Figures since the call before; `null` while there are none. */
  figures(): Promise<ReceiveFigures | null>;
  choose(layer: Layer): void;
  stop(): void;
}

export type Receive = (sink: Sink) => Reception;
