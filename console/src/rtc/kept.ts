/**
 * One peer connection, kept as somebody wants it. Changes are negotiated one after another, always by our offer; after
 * trouble it is tried again, later and later, and built anew where it has to be. The gateway is ICE-lite and answers
 * with all its candidates, so offers go out at once and nothing trickles.
 */
import { asApiError } from '../api/problem';
import { explain } from '../explain';
import { Backoff } from '../live/backoff';
import { strings } from '../strings';
import { usable, type Line, type Negotiated, type Signalling } from './signalling';

export type KeptState = { kind: 'idle' } | { kind: 'connecting' } | { kind: 'connected' } | { kind: 'waiting'; reason: string };

/** What somebody wants of the connection. */
export interface Plan {
  op: 'webrtc_publish' | 'webrtc_subscribe';
  /** Whether there is any use for a connection. */
  isNeeded(): boolean;
  /** Brings the connection in line with what is wanted; true if that has to be negotiated. */
  arrange(connection: RTCPeerConnection): Promise<boolean>;
  /** What the lines of the offer are for. */
  lines(): Line[];
  /** The connection is as it was arranged. */
  settled(): void;
  /** The connection is gone with all its lines. */
  lost(): void;
  onState(state: KeptState): void;
}

/** Without an answer to the first connectivity checks for so long, they are in vain. */
const CONNECT_MS = 12_000;
/** A connection that was cut may come back by itself within this time. */
const CUT_MS = 6_000;

export class KeptPeer {
  connection: RTCPeerConnection | null = null;
  /** Names the connection in commands; `null` before the first answer. */
  id: string | null = null;
  private servers: RTCIceServer[] = [];
  private unsettled = false;
  private running = false;
  private again = false;
  private closed = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly link: Signalling,
    private readonly room: string,
    private readonly plan: Plan,
    private readonly backoff = new Backoff(500, 8_000),
  ) {}

  /** For connections from now on. */
  useServers(servers: RTCIceServer[]): void {
    this.servers = usable(servers);
  }

  /** Something else is wanted. Several calls at once make one negotiation. */
  changed(): void {
    if (this.closed) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    clearTimeout(this.retry);
    void Promise.resolve().then(() => this.run());
  }

  /** Builds the connection anew. */
  restart(): void {
    this.drop();
    this.changed();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.drop();
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      try {
        await this.settle();
      } catch (thrown) {
        await this.failed(thrown);
      }
    } while (this.again && !this.closed);
    this.running = false;
  }

  private async settle(): Promise<void> {
    if (!this.plan.isNeeded()) {
      this.drop();
      return this.plan.onState({ kind: 'idle' });
    }
    const connection = this.connection ?? this.open();
    if (await this.plan.arrange(connection)) this.unsettled = true;
    if (!this.unsettled) return this.plan.settled();
    await connection.setLocalDescription(await connection.createOffer());
    const offer = connection.localDescription?.sdp ?? '';
    const known = this.id === null ? {} : { peer: this.id };
    const fields = { room: this.room, ...known, offer, lines: this.plan.lines() };
    const negotiated = await this.link.call<Negotiated>(this.plan.op, fields);
    if (this.connection !== connection) return void this.forget(negotiated.peer);
    this.id = negotiated.peer;
    if (negotiated.ice_servers) this.useServers(negotiated.ice_servers);
    try {
      await connection.setRemoteDescription({ type: 'answer', sdp: negotiated.answer });
    } catch {
      // Closed meanwhile, or nothing that we can go on with.
      if (this.connection !== connection) return;
      return this.broke(strings.badAnswer);
    }
    this.unsettled = false;
    this.plan.settled();
  }

  private open(): RTCPeerConnection {
    const connection = new RTCPeerConnection({ iceServers: this.servers, bundlePolicy: 'max-bundle' });
    this.connection = connection;
    this.unsettled = true;
    this.plan.onState({ kind: 'connecting' });
    this.waitAtMost(CONNECT_MS);
    connection.addEventListener('connectionstatechange', () => {
      if (this.connection !== connection) return;
      switch (connection.connectionState) {
        case 'connected':
          clearTimeout(this.patience);
          this.backoff.reset();
          return this.plan.onState({ kind: 'connected' });
        case 'disconnected':
          return this.waitAtMost(CUT_MS);
        case 'failed':
          return this.broke(strings.connectionLost);
      }
    });
    return connection;
  }

  private waitAtMost(ms: number): void {
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.broke(strings.noPath), ms);
  }

  /** The gateway refused a change, or did not hear of it: what was agreed on before holds. */
  private async failed(thrown: unknown): Promise<void> {
    if (this.closed) return;
    const error = asApiError(thrown);
    if (error.code === 'no_such_peer' || this.id === null) return this.broke(explain(error));
    if (this.connection?.signalingState === 'have-local-offer') {
      await this.connection.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
    }
    this.later(explain(error));
  }

  private broke(reason: string): void {
    this.drop();
    this.later(reason);
  }

  private later(reason: string): void {
    if (this.closed) return;
    this.plan.onState({ kind: 'waiting', reason });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.changed(), this.backoff.next());
  }

  private drop(): void {
    clearTimeout(this.patience);
    const { connection, id } = this;
    this.connection = null;
    this.id = null;
    if (!connection) return;
    connection.close();
    if (id !== null) this.forget(id);
    this.plan.lost();
  }

  private forget(peer: string): void {
    this.link.call('webrtc_close', { peer }).catch(() => undefined);
  }
}
