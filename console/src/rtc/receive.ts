/** What receiving one stream looks like, whichever way its connection was made. */
import type { Received, Receiver } from '../../../sdk/js/src/rtc/receiver';
import type { PeerState } from '../../../sdk/js/src/rtc/peer';
import type { Layer, ReceiveStats } from '../../../sdk/js/src/types/media';
import { explain } from '../explain';
import type { PlayerState } from '../live/player';

/** Takes what arrives. */
export interface Sink {
  /** `null`: they are gone. */
  onTracks(tracks: Received | null): void;
  onState(state: Exclude<PlayerState, { kind: 'playing' }>): void;
}

/** One stream on its way to us. */
export interface Reception {
  /** Figures since the call before; `null` while there are none. */
  figures(): Promise<ReceiveStats | null>;
  choose(layer: Layer): void;
  stop(): void;
}

export type Receive = (sink: Sink) => Reception;

/** Receives a stream as a member of its room, over the connection that all of them share. */
export function receiveAsMember(receiver: Receiver, stream: string, sink: Sink): Reception {
  const onState = (state: PeerState) =>
    sink.onState(state.kind === 'waiting' ? { kind: 'waiting', reason: explain(state.error) } : { kind: 'connecting' });
  const kept = { layer: 'auto' as Layer, onTracks: (tracks: Received | null) => sink.onTracks(tracks), onState };
  receiver.receive(stream, kept);
  return {
    figures: () => receiver.figures(stream),
    choose: (layer) => {
      kept.layer = layer;
      // Refused where the publisher sends one size only.
      receiver.choose(stream, layer).catch(() => undefined);
    },
    stop: () => receiver.remove(stream, kept),
  };
}
