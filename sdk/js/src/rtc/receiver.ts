/** Receives any number of a room's streams over one connection. */
import type { Layer, ReceiveStats } from '../types/media';
import type { OfferLine } from '../wire/commands';
import { receivable } from './codecs';
import type { MediaHost } from './host';
import { assign, isUnchanged, type LineKind, type Slot } from './lines';
import { Peer, type PeerState, type Plan } from './peer';
import { Receiving } from './stats';

/** Tracks of a stream; silent and black until media arrives. */
export interface Received {
  audio: MediaStreamTrack;
  video: MediaStreamTrack;
}

/** Takes what arrives of one stream. */
export interface Sink {
  layer: Layer;
  /** `null`: they are gone for the moment. */
  onTracks(tracks: Received | null): void;
  onState(state: PeerState): void;
}

interface ReceiveSlot extends Slot {
  transceiver: RTCRtpTransceiver;
}

interface Wanted {
  sink: Sink;
  /** Whether the sink has its tracks. */
  given: boolean;
  receiving: Receiving;
}

export class Receiver implements Plan {
  readonly op = 'webrtc_subscribe';
  readonly peer: Peer;
  private readonly wanted = new Map<string, Wanted>();
  private slots: ReceiveSlot[] = [];
  private state: PeerState = { kind: 'idle' };

  constructor(
    private readonly host: MediaHost,
    room: string,
  ) {
    this.peer = new Peer(host, room, this);
  }

  /** Receives a stream until removed; at most one sink at a time. */
  receive(stream: string, sink: Sink): void {
    this.wanted.set(stream, { sink, given: false, receiving: new Receiving() });
    sink.onState(this.state);
    this.peer.changed();
  }

  /** Stops, unless another sink took the place meanwhile. */
  remove(stream: string, sink: Sink): void {
    if (this.wanted.get(stream)?.sink !== sink) return;
    this.wanted.delete(stream);
    this.peer.changed();
  }

  /** Another layer from now on; offers say that of the sink. */
  async choose(stream: string, layer: Layer): Promise<void> {
    const mid = this.slot(stream, 'video')?.transceiver.mid;
    // Otherwise the next offer says it.
    if (this.peer.id !== null && mid) await this.host.command('webrtc_layer', { peer: this.peer.id, mid, layer });
  }

  /** Figures since the call before; `null` while there is no connection. */
  async figures(stream: string): Promise<ReceiveStats | null> {
    const rows = await this.peer.connection?.getStats();
    const mid = (kind: LineKind) => this.slot(stream, kind)?.transceiver.mid;
    return rows ? (this.wanted.get(stream)?.receiving.next([...rows.values()], { audio: mid('audio'), video: mid('video') }) ?? null) : null;
  }

  isNeeded(): boolean {
    return this.wanted.size > 0;
  }

  async arrange(connection: RTCPeerConnection): Promise<boolean> {
    const change = assign(this.slots, this.wanted.keys());
    for (const slot of change.freed) {
      slot.stream = null;
      slot.transceiver.direction = 'inactive';
    }
    for (const { slot, stream } of change.taken) {
      slot.stream = stream;
      slot.transceiver.direction = 'recvonly';
    }
    for (const { kind, stream } of change.missing) {
      const transceiver = connection.addTransceiver(kind, { direction: 'recvonly' });
      try {
        transceiver.setCodecPreferences(receivable(this.host.platform.media?.receiverCodecs(kind) ?? []));
      } catch {
        // All of them then.
      }
      this.slots.push({ kind, stream, transceiver });
    }
    return !isUnchanged(change);
  }

  lines(): OfferLine[] {
    return this.slots.flatMap(({ stream, kind, transceiver: { mid } }) => {
      if (stream === null || mid === null) return [];
      const layer = kind === 'video' ? this.wanted.get(stream)?.sink.layer : undefined;
      return [{ mid, stream, ...(layer ? { layer } : {}) }];
    });
  }

  settled(): void {
    for (const [stream, wanted] of this.wanted) {
      if (wanted.given) continue;
      const audio = this.slot(stream, 'audio')?.transceiver.receiver.track;
      const video = this.slot(stream, 'video')?.transceiver.receiver.track;
      if (!audio || !video) continue;
      wanted.given = true;
      wanted.sink.onTracks({ audio, video });
    }
  }

  lost(): void {
    this.slots = [];
    for (const wanted of this.wanted.values()) {
      if (!wanted.given) continue;
      wanted.given = false;
      wanted.sink.onTracks(null);
    }
  }

  onState(state: PeerState): void {
    this.state = state;
    for (const { sink } of [...this.wanted.values()]) sink.onState(state);
  }

  private slot(stream: string, kind: LineKind): ReceiveSlot | undefined {
    return this.slots.find((slot) => slot.stream === stream && slot.kind === kind);
  }
}
