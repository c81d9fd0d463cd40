/** The connection to a gateway, with all rooms and calls that one is in. */
import { CallList } from '../calls/calls';
import { Backoff } from '../net/backoff';
import type { EventFrame } from '../net/frames';
import { Link } from '../net/link';
import { Rest, type Query } from '../net/rest';
import { MARGIN_MS, Tokens } from '../net/token';
import { RoomCore } from '../room/room';
import type { How, MediaEngine, RoomHost } from '../room/host';
import type { Calls } from '../types/calls';
import type { ClientEvents, ClientOptions, ConnectionState } from '../types/client';
import type { Devices } from '../types/devices';
import { Emitter } from '../types/emitter';
import { LianmaiError, asError } from '../types/errors';
import type { HttpRequest, Platform } from '../types/platform';
import type { JoinOptions, Room } from '../types/room';
import type { CommandName, Hello, Request, Result } from '../wire/commands';
import type { CreateRoom, Join, Joined, Room as RoomState } from '../wire/openapi';

/** What differs between the builds. */
export interface Parts {
  platform: () => Platform;
  makeEngine?: (room: RoomCore) => MediaEngine;
  makeDevices: (platform: Platform) => Devices;
}

const TRIES_TO_REJOIN = 5;

/** Use the `Client` of an entry (`lianmai`, `lianmai/mini-program`), which knows where it runs. */
export class BaseClient extends Emitter<ClientEvents> implements RoomHost {
  /** Address of the gateway, without a slash at the end. */
  readonly url: string;
  /** Where this runs. */
  readonly platform: Platform;
  /** Cameras, microphones and screens, where there is WebRTC. */
  readonly devices: Devices;
  /** The app, as it was given or as the token says. */
  readonly appId: string | null;
  /** For rooms: requests. Others use `request`. */
  readonly rest: Rest;
  /** For rooms: WebRTC, where there is any. */
  readonly makeEngine: RoomHost['makeEngine'];
  private readonly tokens: Tokens;
  private readonly link: Link;
  private readonly inside = new Map<string, RoomCore>();
  private readonly entering = new Map<string, Promise<Room>>();
  private readonly callList: CallList;
  private current: ConnectionState = 'idle';
  private hello: Hello | null = null;
  private clockAhead = 0;
  private expiry: unknown;
  private readonly timeoutMs: number;

  constructor(options: ClientOptions, parts: Parts) {
    super();
    this.url = options.url.replace(/\/+$/, '');
    this.platform = options.platform ?? parts.platform();
    this.timeoutMs = options.timeoutMs ?? 10_000;
    this.makeEngine = this.platform.media ? parts.makeEngine : undefined;
    this.devices = parts.makeDevices(this.platform);
    const who = { appId: options.appId ?? null, account: options.account ?? null };
    const provider = options.tokenProvider;
    this.tokens = new Tokens(options.token, provider && (() => provider(who)), () => this.serverTime());
    this.appId = who.appId ?? this.tokens.claims.app;
    this.rest = new Rest(this.url, this.platform, this.tokens, this.timeoutMs);
    const { platform, tokens, timeoutMs, url } = this;
    const device = options.device ?? `${platform.name}-${Math.floor(platform.random() * 36 ** 8).toString(36)}`;
    const { minMs = 500, maxMs = 10_000 } = options.backoff ?? {};
    const backoff = new Backoff(() => platform.random(), minMs, maxMs);
    this.link = new Link({ url, device, platform, tokens, timeoutMs, backoff }, {
      after: () => [...this.inside.values()].map(({ id, state }) => `${id}:${state.sequence}`).join(','),
      onHello: (hello) => this.greeted(hello),
      onEvent: (event) => this.heard(event),
      onLost: (code, error, final) => this.lost(code, error, final),
      onRetry: (attempt, delayMs) => this.emit('reconnecting', { attempt, delayMs }),
      onState: (state) => this.become(state),
    });
    this.callList = new CallList(this);
  }

  /** How the connection is; the event `state` tells of changes. */
  get state(): ConnectionState {
    return this.current;
  }

  /** Who one is; before the first connection as the token says. */
  get account(): string | null {
    return this.hello?.account ?? this.tokens.claims.account;
  }

  /** Id of the session; `null` before the first connection. */
  get session(): string | null {
    return this.hello?.session ?? null;
  }

  /** Rooms that one is inside of, by id. */
  get rooms(): ReadonlyMap<string, Room> {
    return this.inside;
  }

  /** Ringing, and calls that run. */
  get calls(): Calls {
    return this.callList;
  }

  /** The gateway's clock, in Unix milliseconds. */
  serverTime(): number {
    return this.platform.now() + this.clockAhead;
  }

  /** Connects; resolves when commands and events flow. Fails, and stops trying, after the time-out of a command. */
  async connect(): Promise<void> {
    if (this.current === 'connected') return;
    const started = !this.link.isOn;
    if (started) this.link.start();
    await new Promise<void>((done, failed) => {
      let last: LianmaiError | null = null;
      const settle = (act: () => void) => {
        stops.forEach((stop) => stop());
        this.platform.clearTimer(timer);
        act();
      };
      const timer = this.platform.setTimer(() => {
        settle(() => failed(last ?? new LianmaiError('timeout', 'no connection in time')));
        if (started) this.link.stop();
      }, this.timeoutMs);
      const stops = [
        this.on('state', (state) => {
          if (state === 'connected') settle(done);
          if (state === 'idle' || state === 'lost') settle(() => failed(last ?? new LianmaiError('closed', 'the client was closed')));
        }),
        this.on('disconnected', ({ error }) => void (last = error)),
      ];
    });
  }

  /** Leaves all rooms and calls, and ends the session. */
  close(): void {
    if (!this.link.isOn) return;
    this.link.stop();
    for (const room of [...this.inside.values()]) room.out('closed', null, null);
    this.callList.closed();
    this.platform.clearTimer(this.expiry);
  }

  /** Another token from the next connection or request on. */
  setToken(token: string): void {
    this.tokens.set(token);
    this.watchExpiry();
  }

  /** Makes a room; entering it is another step. */
  createRoom(settings: CreateRoom = {}): Promise<RoomState> {
    return this.rest.call('POST', '/v1/rooms', { body: settings });
  }

  /** A room as it is now, entered or not, where one may see it. */
  showRoom(room: string): Promise<RoomState> {
    return this.rest.call('GET', `/v1/rooms/${encodeURIComponent(room)}`);
  }

  /** Enters a room; connects first where that has not been done. */
  join(room: string, options: JoinOptions = {}): Promise<Room> {
    const there = this.inside.get(room);
    if (there) return Promise.resolve(there);
    const doing = this.entering.get(room) ?? this.enter(room, options).finally(() => this.entering.delete(room));
    this.entering.set(room, doing);
    return doing;
  }

  /** Any command of the WebSocket, by its name in docs/openapi.json and docs/api.md. */
  command<C extends CommandName>(op: C, fields: Request<C>, how: How<Result<C>> = {}): Promise<Result<C>> {
    return this.link.command(op, fields as object, how as How<unknown>) as Promise<Result<C>>;
  }

  /** The same for commands this version does not know. */
  call(op: string, fields: object = {}, how: How<unknown> = {}): Promise<unknown> {
    return this.link.command(op, fields, how);
  }

  /** Any request of the REST API, such as `request('GET', '/v1/call-records')`. */
  request<T>(method: HttpRequest['method'], path: string, options: { body?: object; query?: Query } = {}): Promise<T> {
    return this.rest.call(method, path, options);
  }

  // What rooms and calls call -----------------------------------------------------------------------

  /** A command that goes out before rooms are entered again. */
  urgently(op: string, fields: object): Promise<unknown> {
    return this.link.command(op, fields, { urgent: true });
  }

  /** Enters a room again, with what was said at first. */
  rejoin(room: RoomCore): Promise<Joined> {
    const fields = { ...joinFields(room.entry), role: room.me.role, nick: room.me.nick, ext: room.me.ext };
    return this.command('join', { room: room.id, ...fields }, { urgent: true });
  }

  /** One is no longer inside. */
  forget(room: RoomCore): void {
    if (this.inside.get(room.id) === room) this.inside.delete(room.id);
  }

  // -------------------------------------------------------------------------------------------------

  private async enter(room: string, options: JoinOptions): Promise<Room> {
    await this.connect();
    let made: RoomCore | undefined;
    const take = (joined: Joined) => {
      made = new RoomCore(this, joined, options);
      this.inside.set(room, made);
    };
    await this.command('join', { room, ...joinFields(options) }, { take });
    if (!made) throw new LianmaiError('bad_answer', 'joining was not answered');
    return made;
  }

  private async greeted(hello: Hello): Promise<void> {
    this.hello = hello;
    this.clockAhead = hello.server_time - this.platform.now();
    this.watchExpiry();
    if (!hello.resumed) await this.callList.takeUp();
    await Promise.all([...this.inside.values()].map((room) => this.comeBack(room, hello)));
  }

  private async comeBack(room: RoomCore, hello: Hello): Promise<void> {
    for (let tries = 0; tries < TRIES_TO_REJOIN && this.hello === hello; tries += 1) {
      if (hello.resumed) await room.comeBack(hello.rooms.some(({ room: id }) => id === room.id));
      else await room.enterAgain();
      if (room.phase !== 'suspended') return;
      await new Promise<void>((done) => this.platform.setTimer(done, 1_000));
    }
  }

  private heard(event: EventFrame): void {
    const room = typeof event['room'] === 'string' ? this.inside.get(event['room']) : undefined;
    if (event.event.startsWith('call_')) this.callList.receive(event);
    else room?.receive(event);
    this.emit('event', event as never);
  }

  private lost(code: number, error: LianmaiError, final: boolean): void {
    for (const room of [...this.inside.values()]) {
      if (final) room.out(error.code === 'session_replaced' ? 'replaced' : 'closed', null, error);
      else room.suspend();
    }
    if (final) this.callList.closed(error);
    this.emit('disconnected', { code, reason: error.message, final, error });
  }

  private become(state: ConnectionState): void {
    if (this.current === state) return;
    this.current = state;
    this.emit('state', state);
    if (state !== 'connected' || !this.hello) return;
    const { session, resumed } = this.hello;
    this.emit('connected', { session, resumed });
    this.callList.connected();
  }

  /** The gateway closes when the token ends: a fresh one is to be at hand then. */
  private watchExpiry(): void {
    const { expiresAt } = this.tokens.claims;
    this.platform.clearTimer(this.expiry);
    if (expiresAt === null) return;
    const inMs = expiresAt - this.serverTime() - MARGIN_MS + 1;
    // Longer timers overflow.
    this.expiry = this.platform.setTimer(() => {
      if (inMs > MOST_MS) return this.watchExpiry();
      if (!this.tokens.canRenew) return this.emit('token_expiring', { expiresAt });
      this.tokens.get().then(
        () => this.watchExpiry(),
        (thrown) => void asError(thrown),
      );
    }, Math.max(0, Math.min(inMs, MOST_MS)));
  }
}

const MOST_MS = 86_400_000;

function joinFields({ password, ticket, role, nick, ext, bypass, pushes }: JoinOptions): Join {
  return { password, ticket, role, nick, ext, bypass, pushes };
}
