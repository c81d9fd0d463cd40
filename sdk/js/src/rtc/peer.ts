/**
 * One peer connection, kept as somebody wants it. Changes are negotiated one after another, always by our offer; after
 * trouble it is tried again, later and later, and built anew where it has to be. The gateway is ICE-lite and answers
 * with all its candidates, so offers go out at once and nothing trickles.
 */
import { Backoff } from '../net/backoff';
import { LianmaiError, asError } from '../types/errors';
import type { Timer } from '../types/platform';
import type { IceServer, OfferLine } from '../wire/commands';
import type { MediaHost } from './host';

export type PeerState = { kind: 'idle' | 'connecting' | 'connected' } | { kind: 'waiting'; error: LianmaiError };

/** What somebody wants of the connection. */
export interface Plan {
  op: 'webrtc_publish' | 'webrtc_subscribe';
  /** Whether there is any use for a connection. */
  isNeeded(): boolean;
  /** Brings the connection in line with what is wanted; true if that has to be negotiated. */
  arrange(connection: RTCPeerConnection): Promise<boolean>;
  /** What the lines of the offer are for. */
  lines(): OfferLine[];
  /** The connection is as it was arranged. */
  settled(): void;
  /** The connection is gone with all its lines. */
  lost(): void;
  onState(state: PeerState): void;
}

/** Without an answer to the first connectivity checks for so long, they are in vain. */
const CONNECT_MS = 12_000;
/** A connection that was cut is back within this time, after an ICE restart or by itself, or built anew. */
const CUT_MS = 6_000;

export class Peer {
  connection: RTCPeerConnection | null = null;
  /** Names the connection in commands; `null` before the first answer. */
  id: string | null = null;
  private servers: RTCIceServer[] = [];
  private unsettled = false;
  private restartsIce = false;
  private running = false;
  private again = false;
  private closed = false;
  private retry: Timer;
  private patience: Timer;
  private readonly backoff: Backoff;

  constructor(
    private readonly host: MediaHost,
    private readonly room: string,
    private readonly plan: Plan,
  ) {
    this.backoff = new Backoff(() => host.platform.random(), 500, 8_000);
  }

  /** Something else is wanted. Several calls at once make one negotiation. */
  changed(): void {
    if (this.closed) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    this.host.platform.clearTimer(this.retry);
    void Promise.resolve().then(() => this.run());
  }

  /** The way to the gateway may be another one now, or the gateway may have forgotten us: negotiates anew at once. */
  refresh(): void {
    if (!this.connection) return;
    this.restartsIce = true;
    this.changed();
  }

  /** Builds the connection anew. */
  rebuild(): void {
    this.drop();
    this.changed();
  }

  close(): void {
    this.closed = true;
    this.host.platform.clearTimer(this.retry);
    this.drop();
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      try {
        await this.settle();
      } catch (thrown) {
        await this.failed(asError(thrown));
      }
    } while (this.again && !this.closed);
    this.running = false;
  }

  private async settle(): Promise<void> {
    if (!this.plan.isNeeded()) {
      this.drop();
      return this.plan.onState({ kind: 'idle' });
    }
    if (!this.connection) this.servers = await this.iceServers();
    if (this.closed) return;
    const connection = this.connection ?? this.open();
    if (await this.plan.arrange(connection)) this.unsettled = true;
    if (!this.unsettled && !this.restartsIce) return this.settled(connection);
    const iceRestart = this.restartsIce;
    await connection.setLocalDescription(await connection.createOffer({ iceRestart }));
    const known = this.id === null ? {} : { peer: this.id };
    const offer = connection.localDescription?.sdp ?? '';
    const negotiated = await this.host.command(this.plan.op, { room: this.room, ...known, offer, lines: this.plan.lines() });
    if (this.connection !== connection) return this.forget(negotiated.peer);
    this.id = negotiated.peer;
    if (negotiated.ice_servers) this.servers = usable(negotiated.ice_servers);
    try {
      await connection.setRemoteDescription({ type: 'answer', sdp: negotiated.answer });
    } catch (thrown) {
      // Closed meanwhile, or nothing that we can go on with.
      if (this.connection !== connection) return;
      return this.broke(new LianmaiError('bad_answer', 'the gateway’s answer was not accepted', { cause: thrown }));
    }
    this.unsettled = false;
    if (iceRestart) this.restartsIce = false;
    this.settled(connection);
  }

  private settled({ connectionState }: RTCPeerConnection): void {
    this.plan.settled();
    // After a refusal, which told otherwise, the connection itself has nothing to tell.
    if (connectionState === 'connected') this.plan.onState({ kind: 'connected' });
  }

  private open(): RTCPeerConnection {
    const { media } = this.host.platform;
    if (!media) throw new LianmaiError('not_supported', 'there is no WebRTC here');
    const connection = media.connect({ iceServers: this.servers, bundlePolicy: 'max-bundle' });
    this.connection = connection;
    this.unsettled = true;
    this.restartsIce = false;
    this.plan.onState({ kind: 'connecting' });
    this.waitAtMost(CONNECT_MS);
    connection.addEventListener('connectionstatechange', () => {
      if (this.connection === connection) this.moved(connection.connectionState);
    });
    return connection;
  }

  private moved(state: RTCPeerConnectionState): void {
    switch (state) {
      case 'connected':
        this.host.platform.clearTimer(this.patience);
        this.backoff.reset();
        return this.plan.onState({ kind: 'connected' });
      case 'disconnected':
        this.refresh();
        return this.waitAtMost(CUT_MS);
      case 'failed':
        return this.broke(new LianmaiError('media_lost', 'the media connection was lost'));
    }
  }

  private waitAtMost(ms: number): void {
    const { platform } = this.host;
    platform.clearTimer(this.patience);
    this.patience = platform.setTimer(() => this.broke(new LianmaiError('media_unreachable', 'media finds no way to the gateway')), ms);
  }

  /** The gateway refused a change, or did not hear of it: what was agreed on before holds. */
  private async failed(error: LianmaiError): Promise<void> {
    if (this.closed) return;
    if (error.code === 'no_such_peer' || this.id === null) return this.broke(error);
    if (this.connection?.signalingState === 'have-local-offer') {
      await this.connection.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
    }
    this.later(error);
  }

  private broke(error: LianmaiError): void {
    this.drop();
    // One that the gateway has forgotten is built anew at once.
    if (error.code === 'no_such_peer') this.again = true;
    else this.later(error);
  }

  private later(error: LianmaiError): void {
    if (this.closed) return;
    const { platform } = this.host;
    this.plan.onState({ kind: 'waiting', error });
    platform.clearTimer(this.retry);
    this.retry = platform.setTimer(() => this.changed(), this.backoff.next());
  }

  private drop(): void {
    this.host.platform.clearTimer(this.patience);
    const { connection, id } = this;
    this.connection = null;
    this.id = null;
    if (!connection) return;
    connection.close();
    if (id !== null) this.forget(id);
    this.plan.lost();
  }

  private forget(peer: string): void {
    this.host.command('webrtc_close', { peer }).catch(() => undefined);
  }

  /** STUN and TURN servers of the gateway; none where it has none or does not say. */
  private async iceServers(): Promise<RTCIceServer[]> {
    try {
      return usable((await this.host.command('ice_servers', {})).ice_servers);
    } catch (thrown) {
      if (asError(thrown).status === 0) throw thrown;
      return [];
    }
  }
}

/** Without the fields that are `null`, which browsers refuse. */
function usable(servers: IceServer[]): RTCIceServer[] {
  return servers.map(({ urls, username, credential }) => ({
    urls,
    ...(username ? { username } : {}),
    ...(credential ? { credential } : {}),
  }));
}
