/**
 * The WebSocket, kept up: one connection after another in one session, with heartbeats, growing pauses and resumption.
 * Commands wait for a connection, at most as long as they may take; those under way when it breaks fail, since nobody
 * knows whether they were carried out.
 */
import type { ConnectionState } from '../types/client';
import { LianmaiError, asError } from '../types/errors';
import type { Platform, Socket, Timer } from '../types/platform';
import type { Hello } from '../wire/commands';
import type { Backoff } from './backoff';
import { verdict } from './closing';
import { frameOf, type EventFrame } from './frames';
import { Pending, type CommandOptions } from './pending';
import { queryOf } from './rest';
import type { Tokens } from './token';

export interface LinkOptions {
  /** `http(s)://…` without a slash at the end. */
  url: string;
  device: string;
  platform: Platform;
  tokens: Tokens;
  timeoutMs: number;
  backoff: Backoff;
}

export interface LinkHandlers {
  /** Where each room stands, as `room:sequence,…`. */
  after(): string;
  /** There is a connection. What it resolves to is awaited before waiting commands are sent. */
  onHello(hello: Hello): Promise<void>;
  onEvent(event: EventFrame): void;
  onLost(code: number, error: LianmaiError, final: boolean): void;
  onRetry(attempt: number, delayMs: number): void;
  onState(state: ConnectionState): void;
}

/** Without a greeting for so long, a connection is given up. */
const GREETING_MS = 10_000;
/** An answer to a question whether the connection still lives must come within this time. */
const PATIENCE_MS = 4_000;
export class Link {
  private readonly pending: Pending;
  private socket: Socket | null = null;
  private phase: 'off' | 'opening' | 'greeted' | 'ready' | 'pausing' = 'off';
  private session: string | null = null;
  /** The token of this connection. */
  private used: string | null = null;
  private lastId = 0;
  private lastHeard = 0;
  private refusals = 0;
  private heartbeat = { everyMs: 10_000, goneAfterMs: 30_000 };
  private pause: Timer;
  private watchdog: Timer;
  private stopWake: (() => void) | undefined;

  constructor(
    private readonly options: LinkOptions,
    private readonly handlers: LinkHandlers,
  ) {
    this.pending = new Pending(options.platform, options.timeoutMs);
  }

  get isOn(): boolean {
    return this.phase !== 'off';
  }

  get isReady(): boolean {
    return this.phase === 'ready';
  }

  start(): void {
    if (this.isOn) return;
    this.options.backoff.reset();
    this.refusals = 0;
    this.stopWake = this.options.platform.onWake?.(() => this.wake());
    this.handlers.onState('connecting');
    void this.open();
  }

  /** Ends for good: says goodbye, which leaves all rooms. */
  stop(): void {
    if (this.phase === 'greeted' || this.phase === 'ready') {
      this.post(JSON.stringify({ id: ++this.lastId, op: 'bye' }));
    }
    this.session = null;
    this.end(new LianmaiError('closed', 'the client was closed'));
    this.handlers.onState('idle');
  }

  /** Carries out a command; fails with a `LianmaiError`. */
  command(op: string, fields: object, how: CommandOptions = {}): Promise<unknown> {
    if (!this.isOn) return Promise.reject(new LianmaiError('closed', 'connect first'));
    const answer = this.pending.add(++this.lastId, op, fields, how);
    this.flush();
    return answer;
  }

  /** Somebody noticed that the network changed: is the connection still there? */
  private wake(): void {
    if (this.phase === 'pausing') {
      this.options.platform.clearTimer(this.pause);
      void this.open();
    } else if (this.phase === 'greeted' || this.phase === 'ready') {
      this.probe(PATIENCE_MS);
    }
  }

  private async open(): Promise<void> {
    this.phase = 'opening';
    const { platform, tokens, url, device } = this.options;
    let token: string;
    try {
      token = await tokens.get();
    } catch (thrown) {
      const error = asError(thrown);
      return this.lost(0, error, !tokens.canRenew);
    }
    // Stopped, or begun anew, while the token was fetched.
    if (this.phase !== 'opening' || this.socket) return;
    this.used = token;
    const resume = this.session === null ? {} : { session: this.session, after: this.handlers.after() || null };
    const query = queryOf({ access_token: token, device, ...resume });
    let mine: Socket | null = null;
    const isMine = () => mine !== null && this.socket === mine;
    mine = platform.openSocket(`${url.replace(/^http/, 'ws')}/v1/ws${query}`, {
      onOpen: () => undefined,
      onMessage: (text) => isMine() && this.receive(text),
      onClose: (code, reason) => isMine() && this.closed(code, reason),
    });
    this.socket = mine;
    this.watch(GREETING_MS, 'the gateway does not answer');
  }

  private receive(text: string): void {
    this.lastHeard = this.options.platform.now();
    const frame = frameOf(text);
    if (frame?.kind === 'answer') this.pending.answered(frame.answer);
    else if (frame?.event.event === 'hello') this.greeted(frame.event as unknown as Hello);
    else if (frame) this.handlers.onEvent(frame.event);
  }

  private greeted(hello: Hello): void {
    const { socket } = this;
    this.phase = 'greeted';
    this.session = hello.session;
    this.refusals = 0;
    this.heartbeat = { everyMs: hello.heartbeat_ms, goneAfterMs: hello.gone_after_ms };
    this.options.backoff.reset();
    this.beat();
    this.flush();
    void this.handlers.onHello(hello).then(() => {
      if (this.socket !== socket || this.phase !== 'greeted') return;
      this.phase = 'ready';
      this.handlers.onState('connected');
      this.flush();
    });
  }

  private flush(): void {
    if (this.phase !== 'ready' && this.phase !== 'greeted') return;
    this.pending.flush(this.phase === 'ready', (text) => this.post(text));
  }

  /** Asks for a sign of life now and then; without any for too long, the connection is gone whatever it says. */
  private beat(): void {
    const { platform } = this.options;
    const { everyMs, goneAfterMs } = this.heartbeat;
    platform.clearTimer(this.watchdog);
    this.watchdog = platform.setTimer(() => {
      const silent = platform.now() - this.lastHeard;
      if (silent >= Math.min(goneAfterMs, 2 * everyMs)) return this.closed(4004, 'nothing was heard');
      if (silent >= everyMs / 2) this.ping();
      this.beat();
    }, everyMs);
  }

  private probe(patienceMs: number): void {
    const asked = this.options.platform.now();
    this.ping();
    this.watch(patienceMs, 'nothing was heard', () => {
      if (this.lastHeard >= asked) return this.beat();
      this.closed(0, 'nothing was heard');
    });
  }

  private watch(ms: number, reason: string, late = () => this.closed(0, reason)): void {
    const { platform } = this.options;
    platform.clearTimer(this.watchdog);
    this.watchdog = platform.setTimer(late, ms);
  }

  private ping(): void {
    this.post(JSON.stringify({ id: ++this.lastId, op: 'ping' }));
  }

  private post(text: string): void {
    try {
      this.socket?.send(text);
    } catch {
      // It is about to be told that the connection is gone.
    }
  }

  /** This connection is over. */
  private closed(code: number, reason: string): void {
    const { socket } = this;
    this.socket = null;
    try {
      // Had it told us itself, this would do nothing.
      socket?.close(1000, '');
    } catch {
      // It was not open.
    }
    const { error, final, token } = verdict(code, reason);
    if (token) {
      this.refusals += 1;
      this.options.tokens.refuse(this.used);
    }
    const hopeless = token && (!this.options.tokens.hasOther(this.used) || this.refusals > 2);
    this.lost(code, error, final || hopeless);
  }

  private lost(code: number, error: LianmaiError, final: boolean): void {
    const { platform, backoff } = this.options;
    platform.clearTimer(this.watchdog);
    if (final) {
      this.end(error);
      this.handlers.onLost(code, error, true);
      return this.handlers.onState('lost');
    }
    this.phase = 'pausing';
    this.pending.broke(error);
    this.handlers.onLost(code, error, false);
    this.handlers.onState('reconnecting');
    const delayMs = backoff.next();
    this.handlers.onRetry(backoff.attempt, delayMs);
    this.pause = platform.setTimer(() => void this.open(), delayMs);
  }

  private end(error: LianmaiError): void {
    const { platform } = this.options;
    this.phase = 'off';
    platform.clearTimer(this.watchdog);
    platform.clearTimer(this.pause);
    this.stopWake?.();
    const { socket } = this;
    this.socket = null;
    try {
      socket?.close(1000, '');
    } catch {
      // It was not open.
    }
    this.pending.end(error);
  }
}
