/**
 * Receives one stream over WHEP (draft-ietf-wish-whep), for those who only watch: one POST, a connection, a DELETE. Each
 * attempt asks for its URL anew, since URLs expire.
 */
import { Backoff } from '../../../sdk/js/src/net/backoff';
import { Receiving } from '../../../sdk/js/src/rtc/stats';
import { errorOf } from '../api/problem';
import { explain } from '../explain';
import { strings } from '../strings';
import type { Reception, Sink } from './receive';

const SDP = 'application/sdp';
const ANSWER_MS = 10_000;
const CONNECT_MS = 12_000;
const CUT_MS = 6_000;

export interface WhepSource {
  /** Where to post the offer; `null` where the gateway plays nothing over WebRTC. */
  url: () => Promise<string | null>;
  /** The address under which the page reaches a URL of the gateway. */
  reach: (url: string) => string;
}

export function receiveWhep(source: WhepSource, sink: Sink): Reception {
  const whep = new Whep(source, sink);
  whep.start();
  return whep;
}

class Whep implements Reception {
  private readonly backoff = new Backoff(Math.random, 500, 8_000);
  private connection: RTCPeerConnection | null = null;
  private resource: string | null = null;
  private receiving = new Receiving();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(
    private readonly source: WhepSource,
    private readonly sink: Sink,
  ) {}

  start(): void {
    this.sink.onState({ kind: 'connecting' });
    this.attempt().catch((thrown: unknown) => this.again(explain(thrown)));
  }

  /** WHEP has no word for it. */
  choose(): void {}

  async figures() {
    const rows = await this.connection?.getStats();
    const mids = this.connection?.getTransceivers().map(({ mid }) => mid) ?? [];
    return rows ? this.receiving.next([...rows.values()], { audio: mids[0], video: mids[1] }) : null;
  }

  stop(): void {
    this.stopped = true;
    this.release();
  }

  private async attempt(): Promise<void> {
    const url = await this.source.url();
    if (this.stopped) return;
    if (url === null) return this.again(strings.noWebrtc);
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.connection = connection;
    this.receiving = new Receiving();
    const audio = connection.addTransceiver('audio', { direction: 'recvonly' }).receiver.track;
    const video = connection.addTransceiver('video', { direction: 'recvonly' }).receiver.track;
    this.follow(connection);
    await connection.setLocalDescription(await connection.createOffer());
    const answer = await this.post(url, connection.localDescription?.sdp ?? '');
    if (this.connection !== connection) return;
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    this.sink.onTracks({ audio, video });
  }

  private async post(url: string, offer: string): Promise<string> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': SDP }, body: offer, signal });
    if (!response.ok) throw await errorOf(response);
    const location = response.headers.get('location');
    const resource = location === null ? null : this.source.reach(new URL(location, url).href);
    // Whoever gave up meanwhile leaves nothing behind.
    if (this.stopped || !this.connection) discard(resource);
    else this.resource = resource;
    return response.text();
  }

  private follow(connection: RTCPeerConnection): void {
    this.waitAtMost(CONNECT_MS);
    connection.addEventListener('connectionstatechange', () => {
      if (this.connection !== connection) return;
      if (connection.connectionState === 'connected') {
        clearTimeout(this.timer);
        this.backoff.reset();
      } else if (connection.connectionState === 'disconnected') {
        this.waitAtMost(CUT_MS);
      } else if (connection.connectionState === 'failed') {
        this.again(strings.connectionLost);
      }
    });
  }

  private waitAtMost(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(strings.noPath), ms);
  }

  private again(reason: string): void {
    this.release();
    if (this.stopped) return;
    this.sink.onState({ kind: 'waiting', reason });
    this.timer = setTimeout(() => this.start(), this.backoff.next());
  }

  private release(): void {
    clearTimeout(this.timer);
    const { connection, resource } = this;
    this.connection = null;
    this.resource = null;
    if (connection) this.sink.onTracks(null);
    connection?.close();
    discard(resource);
  }
}

/** Also while the page goes away. */
function discard(resource: string | null): void {
  if (resource !== null) fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}
