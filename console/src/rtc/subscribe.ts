/** Receives any number of a room's streams over one connection, as a member of the room. */
import { assign, isUnchanged, type LineKind, type Slot } from '../../../sdk/js/src/rtc/lines';
import { offerReceivable } from './codecs';
import { KeptPeer, type KeptState, type Plan } from './kept';
import type { Received, Reception, Sink } from './receive';
import type { Layer, Line, Signalling } from './signalling';
import { Receiving } from './stats';

interface ReceiveSlot extends Slot {
  transceiver: RTCRtpTransceiver;
}

interface Wanted {
  sink: Sink;
  /** What the sink has. */
  tracks: Received | null;
  layer: Layer;
}

export class Subscriber implements Plan {
  readonly op = 'webrtc_subscribe';
  private readonly wanted = new Map<string, Wanted>();
  private readonly peer: KeptPeer;
  private slots: ReceiveSlot[] = [];
  private state: KeptState = { kind: 'idle' };

  constructor(
    private readonly link: Signalling,
    room: string,
  ) {
    this.peer = new KeptPeer(link, room, this);
  }

  useServers(servers: RTCIceServer[]): void {
    this.peer.useServers(servers);
  }

  /** Receives a stream until stopped; at most once at a time. */
  receive(stream: string, sink: Sink): Reception {
    const wanted: Wanted = { sink, tracks: null, layer: 'auto' };
    const receiving = new Receiving();
    this.wanted.set(stream, wanted);
    this.tell(sink);
    this.peer.changed();
    return {
      figures: async () => {
        const rows = await this.peer.connection?.getStats();
        const mids = { audio: this.slot(stream, 'audio')?.transceiver.mid, video: this.slot(stream, 'video')?.transceiver.mid };
        return rows ? receiving.next([...rows.values()], mids) : null;
      },
      choose: (layer) => this.choose(stream, wanted, layer),
      stop: () => {
        if (this.wanted.get(stream) !== wanted) return;
        this.wanted.delete(stream);
        this.peer.changed();
      },
    };
  }

  restart(): void {
    this.peer.restart();
  }

  close(): void {
    this.wanted.clear();
    this.peer.close();
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
      offerReceivable(transceiver, kind);
      this.slots.push({ kind, stream, transceiver });
    }
    return !isUnchanged(change);
  }

  lines(): Line[] {
    const lines: Line[] = [];
    for (const { stream, kind, transceiver } of this.slots) {
      const layer = stream === null ? undefined : this.wanted.get(stream)?.layer;
      if (stream === null || transceiver.mid === null) continue;
      lines.push({ mid: transceiver.mid, stream, ...(kind === 'video' && layer ? { layer } : {}) });
    }
    return lines;
  }

  settled(): void {
    for (const [stream, wanted] of this.wanted) {
      if (wanted.tracks) continue;
      const audio = this.slot(stream, 'audio')?.transceiver.receiver.track;
      const video = this.slot(stream, 'video')?.transceiver.receiver.track;
      if (!audio || !video) continue;
      wanted.tracks = { audio, video };
      wanted.sink.onTracks(wanted.tracks);
    }
  }

  lost(): void {
    this.slots = [];
    for (const wanted of this.wanted.values()) {
      wanted.tracks = null;
      wanted.sink.onTracks(null);
    }
  }

  onState(state: KeptState): void {
    this.state = state;
    for (const { sink } of this.wanted.values()) this.tell(sink);
  }

  private tell(sink: Sink): void {
    if (this.state.kind === 'waiting') sink.onState(this.state);
    else sink.onState({ kind: 'connecting' });
  }

  private slot(stream: string, kind: LineKind): ReceiveSlot | undefined {
    return this.slots.find((slot) => slot.stream === stream && slot.kind === kind);
  }

  private choose(stream: string, wanted: Wanted, layer: Layer): void {
    wanted.layer = layer;
    const mid = this.slot(stream, 'video')?.transceiver.mid;
    // Otherwise the next offer says it.
    if (this.peer.id === null || !mid) return;
    this.link.call('webrtc_layer', { peer: this.peer.id, mid, layer }).catch(() => undefined);
  }
}
