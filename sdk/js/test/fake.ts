/** A platform whose clock, network and gateway are the test's. */
import type { HttpRequest, HttpResponse, Platform, Socket, SocketHandlers, Wake } from '../src/types/platform';

interface Due {
  at: number;
  run: () => void;
}

/** One connection, seen from the gateway. */
export class FakeSocket implements Socket {
  readonly sent: Record<string, unknown>[] = [];
  closed: { code: number; reason: string } | null = null;

  constructor(
    readonly url: string,
    private readonly handlers: SocketHandlers,
  ) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  /** The gateway says something. */
  say(frame: object): void {
    this.handlers.onMessage(JSON.stringify(frame));
  }

  hello(more: object = {}): void {
    this.handlers.onOpen();
    const fields = { session: 's1', resumed: false, app: 'demo', account: 'ann', server_time: 0, rooms: [] };
    this.say({ event: 'hello', ...fields, heartbeat_ms: 10_000, gone_after_ms: 30_000, ...more });
  }

  /** The connection ends at the other side. */
  end(code: number, reason = ''): void {
    this.handlers.onClose(code, reason);
  }

  /** The newest command of this name. */
  command(op: string): Record<string, unknown> | undefined {
    return [...this.sent].reverse().find((command) => command['op'] === op);
  }

  answer(op: string, result: unknown): void {
    this.say({ id: this.command(op)?.['id'], ok: true, result });
  }

  refuse(op: string, code: string, status: number): void {
    this.say({ id: this.command(op)?.['id'], ok: false, error: { code, status, message: code } });
  }

  get query(): URLSearchParams {
    return new URL(this.url).searchParams;
  }
}

export class FakePlatform implements Platform {
  readonly name = 'fake';
  readonly sockets: FakeSocket[] = [];
  readonly requests: HttpRequest[] = [];
  answers: (Partial<HttpResponse> & { body?: unknown })[] = [];
  /** What chance says. */
  chance = 0;
  private time = 1_000_000;
  private readonly timers = new Map<number, Due>();
  private lastTimer = 0;
  private readonly wakes = new Set<(why: Wake) => void>();

  now(): number {
    return this.time;
  }

  random(): number {
    return this.chance;
  }

  setTimer(run: () => void, ms: number): number {
    this.lastTimer += 1;
    this.timers.set(this.lastTimer, { at: this.time + ms, run });
    return this.lastTimer;
  }

  clearTimer(timer: unknown): void {
    this.timers.delete(timer as number);
  }

  onWake(wake: (why: Wake) => void): () => void {
    this.wakes.add(wake);
    return () => this.wakes.delete(wake);
  }

  wake(): void {
    for (const wake of this.wakes) wake('network');
  }

  openSocket(url: string, handlers: SocketHandlers): Socket {
    const socket = new FakeSocket(url, handlers);
    this.sockets.push(socket);
    return socket;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const { status = 200, body, header = () => null } = this.answers.shift() ?? {};
    return { status, text: body === undefined ? '' : JSON.stringify(body), header };
  }

  /** Lets time pass, with everything that is due. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    await settled();
    for (;;) {
      const [next] = [...this.timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].run();
      await settled();
    }
    this.time = until;
    await settled();
  }

  get socket(): FakeSocket {
    const last = this.sockets[this.sockets.length - 1];
    if (!last) throw new Error('no socket was opened');
    return last;
  }
}

/** Everything that waits for nothing else has run. */
export async function settled(): Promise<void> {
  for (let n = 0; n < 40; n += 1) await Promise.resolve();
}

export function member(id: string, account: string, more: object = {}) {
  const flags = { audio: false, video: false };
  return { id, account, role: 'talker', nick: account, ext: '', joined_at: 1, mute: { own: flags, excused: flags }, muted: null, online: true, ...more };
}

export function stream(id: string, owner: string, more: object = {}) {
  const fixed = { kind: 'camera', via: 'rtmp', voff: false, aoff: false, client_ref: null, ext: '' };
  return { id, owner, ...fixed, on_air: false, url_version: 1, published_at: 1, ...more };
}

export function roomState(more: object = {}) {
  const timing = { member_grace_ms: 30_000 };
  const lists = { members: [member('m1', 'ann')], streams: [], requests: [], attributes: {} };
  return { id: 'r', settings: { name: null, timing }, creator: null, created_at: 1, mute_all: { audio: false, video: false }, sequence: 5, ...lists, ...more };
}
