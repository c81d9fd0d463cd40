/** Sends one's own streams over one connection. */
import type { SendStats } from '../types/media';
import type { OfferLine } from '../wire/commands';
import { canSimulcast, layers, preferred } from './codecs';
import type { MediaHost } from './host';
import type { LineKind } from './lines';
import { Peer, type PeerState, type Plan } from './peer';
import { Sending } from './stats';

/** A stream to send. A track that is `null` is not sent at the moment. */
export interface Outgoing {
  stream: string;
  kind: 'camera' | 'screen';
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
  maxBitrate: number;
  /** Several pictures of different sizes, where the browser can. */
  simulcast: boolean;
  onState(state: PeerState): void;
}

interface SendSlot {
  track: LineKind;
  /** A line for a camera is never used for a screen: it is set up differently. */
  kind: Outgoing['kind'];
  stream: string | null;
  transceiver: RTCRtpTransceiver;
}

export class Sender implements Plan {
  readonly op = 'webrtc_publish';
  readonly peer: Peer;
  private readonly outgoing = new Map<string, Outgoing>();
  private readonly sending = new Map<string, Sending>();
  private slots: SendSlot[] = [];
  private state: PeerState = { kind: 'idle' };

  constructor(
    private readonly host: MediaHost,
    room: string,
  ) {
    this.peer = new Peer(host, room, this);
  }

  /** Sends a stream, or other tracks of it from now on. */
  send(outgoing: Outgoing): void {
    this.outgoing.set(outgoing.stream, outgoing);
    outgoing.onState(this.state);
    this.peer.changed();
  }

  remove(stream: string): void {
    this.outgoing.delete(stream);
    this.sending.delete(stream);
    this.peer.changed();
  }

  /** Figures since the call before; `null` while there is no connection. */
  async figures(stream: string): Promise<SendStats | null> {
    const rows = await this.peer.connection?.getStats();
    if (!rows) return null;
    const sending = this.sending.get(stream) ?? new Sending();
    this.sending.set(stream, sending);
    const mid = (track: LineKind) => this.slot(stream, track)?.transceiver.mid;
    return sending.next([...rows.values()], { audio: mid('audio'), video: mid('video') });
  }

  isNeeded(): boolean {
    return [...this.outgoing.values()].some(({ audio, video }) => audio ?? video);
  }

  async arrange(connection: RTCPeerConnection): Promise<boolean> {
    let changed = false;
    for (const slot of this.slots) {
      if (slot.stream === null || this.outgoing.has(slot.stream)) continue;
      slot.stream = null;
      slot.transceiver.direction = 'inactive';
      await slot.transceiver.sender.replaceTrack(null);
      changed = true;
    }
    for (const outgoing of this.outgoing.values()) {
      for (const track of ['audio', 'video'] as const) {
        const slot = this.slot(outgoing.stream, track);
        if (slot) await this.adjust(slot, outgoing);
        else if (outgoing[track]) changed = (await this.add(connection, outgoing, track, outgoing[track])) || changed;
      }
    }
    return changed;
  }

  lines(): OfferLine[] {
    return this.slots.flatMap(({ stream, transceiver: { mid } }) => (stream === null || mid === null ? [] : [{ mid, stream }]));
  }

  settled(): void {}

  lost(): void {
    this.slots = [];
    this.sending.clear();
  }

  onState(state: PeerState): void {
    this.state = state;
    for (const outgoing of this.outgoing.values()) outgoing.onState(state);
  }

  private slot(stream: string, track: LineKind): SendSlot | undefined {
    return this.slots.find((slot) => slot.stream === stream && slot.track === track);
  }

  /** Another track, or another bit rate for the largest picture: no negotiation. */
  private async adjust({ track, transceiver: { sender } }: SendSlot, outgoing: Outgoing): Promise<void> {
    if (sender.track !== outgoing[track]) await sender.replaceTrack(outgoing[track]);
    if (track === 'audio') return;
    const parameters = sender.getParameters();
    const [largest] = parameters.encodings;
    if (!largest || largest.maxBitrate === outgoing.maxBitrate) return;
    largest.maxBitrate = outgoing.maxBitrate;
    // Before the first answer, some browsers refuse.
    await sender.setParameters(parameters).catch(() => undefined);
  }

  private async add(connection: RTCPeerConnection, outgoing: Outgoing, track: LineKind, media: MediaStreamTrack): Promise<true> {
    const { stream, kind } = outgoing;
    const free = this.slots.find((slot) => slot.stream === null && slot.track === track && slot.kind === kind);
    if (free) {
      free.stream = stream;
      free.transceiver.direction = 'sendonly';
      await this.adjust(free, outgoing);
      return true;
    }
    const transceiver = track === 'video' ? this.addVideo(connection, media, outgoing) : connection.addTransceiver(media, { direction: 'sendonly' });
    this.slots.push({ track, kind, stream, transceiver });
    return true;
  }

  private addVideo(connection: RTCPeerConnection, media: MediaStreamTrack, { kind, simulcast, maxBitrate }: Outgoing): RTCRtpTransceiver {
    const codecs = preferred(this.host.platform.media?.senderCodecs('video') ?? []);
    const height = media.getSettings().height ?? 0;
    const several = simulcast && kind === 'camera' && canSimulcast(codecs) ? layers(height, maxBitrate) : [];
    const add = (sendEncodings: RTCRtpEncodingParameters[]) => connection.addTransceiver(media, { direction: 'sendonly', sendEncodings });
    let transceiver: RTCRtpTransceiver;
    try {
      transceiver = add(several.length > 0 ? several : [{ maxBitrate }]);
    } catch {
      // A browser that cannot do several pictures.
      transceiver = add([{ maxBitrate }]);
    }
    try {
      transceiver.setCodecPreferences(codecs);
    } catch {
      // Its own order then.
    }
    return transceiver;
  }
}
