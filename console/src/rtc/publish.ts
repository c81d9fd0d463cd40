/** Sends a member's camera and screen over one connection. */
import { canSimulcast, preferred } from '../../../sdk/js/src/rtc/codecs';
import type { LineKind } from '../../../sdk/js/src/rtc/lines';
import { layers, single } from './codecs';
import { KeptPeer, type KeptState, type Plan } from './kept';
import type { Line, Signalling } from './signalling';
import { Sending, type SendFigures } from './stats';

/** A stream to send. A track that is `null` is not sent at the moment. */
export interface Outgoing {
  stream: string;
  kind: 'camera' | 'screen';
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
  /** Several pictures of different sizes, where the browser can. */
  simulcast: boolean;
}

interface SendSlot {
  track: LineKind;
  /** A line for a camera is never used for a screen: it is set up differently. */
  kind: Outgoing['kind'];
  stream: string | null;
  transceiver: RTCRtpTransceiver;
}

export class Publisher implements Plan {
  readonly op = 'webrtc_publish';
  private readonly outgoing = new Map<string, Outgoing>();
  private readonly sending = new Map<string, Sending>();
  private readonly peer: KeptPeer;
  private slots: SendSlot[] = [];

  constructor(
    link: Signalling,
    room: string,
    readonly onState: (state: KeptState) => void,
  ) {
    this.peer = new KeptPeer(link, room, this);
  }

  useServers(servers: RTCIceServer[]): void {
    this.peer.useServers(servers);
  }

  /** Sends a stream, or other tracks of it from now on. */
  send(outgoing: Outgoing): void {
    this.outgoing.set(outgoing.stream, outgoing);
    this.peer.changed();
  }

  remove(stream: string): void {
    this.outgoing.delete(stream);
    this.sending.delete(stream);
    this.peer.changed();
  }

  /** Figures since the call before; `null` while there are none. */
  async figures(stream: string): Promise<SendFigures | null> {
    const rows = await this.peer.connection?.getStats();
    if (!rows) return null;
    const sending = this.sending.get(stream) ?? new Sending();
    this.sending.set(stream, sending);
    const mid = (track: LineKind) => this.slot(stream, track)?.transceiver.mid;
    return sending.next([...rows.values()], { audio: mid('audio'), video: mid('video') });
  }

  restart(): void {
    this.peer.restart();
  }

  close(): void {
    this.outgoing.clear();
    this.peer.close();
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
        if (slot) await slot.transceiver.sender.replaceTrack(outgoing[track]);
        else if (outgoing[track]) changed = (await this.add(connection, outgoing, track, outgoing[track])) || changed;
      }
    }
    return changed;
  }

  lines(): Line[] {
    return this.slots.flatMap(({ stream, transceiver: { mid } }) => (stream === null || mid === null ? [] : [{ mid, stream }]));
  }

  settled(): void {}

  lost(): void {
    this.slots = [];
    this.sending.clear();
  }

  private slot(stream: string, track: LineKind): SendSlot | undefined {
    return this.slots.find((slot) => slot.stream === stream && slot.track === track);
  }

  private async add(
    connection: RTCPeerConnection,
    { stream, kind, simulcast }: Outgoing,
    track: LineKind,
    media: MediaStreamTrack,
  ): Promise<true> {
    const free = this.slots.find((slot) => slot.stream === null && slot.track === track && slot.kind === kind);
    if (free) {
      free.stream = stream;
      free.transceiver.direction = 'sendonly';
      await free.transceiver.sender.replaceTrack(media);
      return true;
    }
    const transceiver = track === 'video' ? addVideo(connection, media, kind, simulcast) : connection.addTransceiver(media, { direction: 'sendonly' });
    this.slots.push({ track, kind, stream, transceiver });
    return true;
  }
}

function addVideo(
  connection: RTCPeerConnection,
  media: MediaStreamTrack,
  kind: Outgoing['kind'],
  simulcast: boolean,
): RTCRtpTransceiver {
  const codecs = preferred(RTCRtpSender.getCapabilities('video')?.codecs ?? []);
  const several = simulcast && kind === 'camera' && canSimulcast(codecs) ? layers(media.getSettings().height ?? 0) : [];
  const add = (sendEncodings: RTCRtpEncodingParameters[]) =>
    connection.addTransceiver(media, { direction: 'sendonly', sendEncodings });
  let transceiver: RTCRtpTransceiver;
  try {
    transceiver = add(several.length > 0 ? several : single(kind));
  } catch {
    // A browser that cannot do several pictures.
    transceiver = add(single(kind));
  }
  try {
    transceiver.setCodecPreferences(codecs);
  } catch {
    // Its own order then.
  }
  return transceiver;
}
