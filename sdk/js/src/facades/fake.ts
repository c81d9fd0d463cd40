/** A client and a room without a gateway, for the facades' unit tests. */
import type { Call, CallsEvents, InviteOptions } from '../types/calls';
import type { ClientEvents, ClientOptions } from '../types/client';
import { Emitter } from '../types/emitter';
import type { RoomEvents } from '../types/events';
import type { Room } from '../types/room';
import type { Client } from './client';

type Fields = Record<string, unknown>;

/** Says what was asked of it, and answers what it is told to. */
export class FakeClient extends Emitter<ClientEvents> {
  readonly asked: { op: string; fields: Fields }[] = [];
  readonly answers: Record<string, (fields: Fields) => unknown> = {};
  readonly calls = new FakeCalls();
  readonly tokens: string[] = [];
  closed = false;
  room = new FakeRoom('ann');

  constructor(readonly options: ClientOptions) {
    super();
  }

  as(): Client {
    return this as unknown as Client;
  }

  async connect(): Promise<void> {
    this.ask('connect', {});
    this.emit('connected', { session: 's', resumed: false });
  }

  close(): void {
    this.closed = true;
  }

  setToken(token: string): void {
    this.tokens.push(token);
  }

  async createRoom(settings: object): Promise<unknown> {
    return this.ask('create_room', settings as Fields);
  }

  async join(room: string, options: object): Promise<Room> {
    this.ask('join', { room, ...options });
    return this.room as unknown as Room;
  }

  async call(op: string, fields: Fields): Promise<unknown> {
    return this.ask(op, fields);
  }

  private ask(op: string, fields: Fields): unknown {
    this.asked.push({ op, fields });
    return this.answers[op]?.(fields) ?? {};
  }
}

export class FakeCalls extends Emitter<CallsEvents> {
  next: Call | null = null;
  readonly invited: InviteOptions[] = [];

  async invite(options: InviteOptions): Promise<Call> {
    this.invited.push(options);
    if (!this.next) throw new Error('nobody to call');
    return this.next;
  }
}

const member = (id: string, account: string) => ({ id, account, role: 'admin', nick: account, ext: '{"sdk":"crvideo"}' });

/** Members are called `m-` and their account. */
export class FakeRoom extends Emitter<RoomEvents> {
  readonly id = '12345678';
  readonly phase = 'inside';
  readonly done: unknown[][] = [];
  readonly members: Map<string, ReturnType<typeof member>>;
  readonly streams = new Map();
  readonly subscriptions = new Map();
  attributes: Record<string, string> = {};

  constructor(
    private readonly own: string,
    ...others: string[]
  ) {
    super();
    this.members = new Map([own, ...others].map((account) => [`m-${account}`, member(`m-${account}`, account)]));
  }

  as(): Room {
    return this as unknown as Room;
  }

  get me() {
    return member(`m-${this.own}`, this.own);
  }

  member(account: string) {
    return this.members.get(`m-${account}`);
  }

  streamsOf(): [] {
    return [];
  }

  subscribeAll() {
    return () => undefined;
  }

  setLevels = this.doing('setLevels');
  send = this.doing('send');
  kick = this.doing('kick');
  mute = this.doing('mute');
  unmute = this.doing('unmute');
  updateMe = this.doing('updateMe');
  leave = this.doing('leave');

  async setAttribute(key: string, value: string): Promise<void> {
    this.done.push(['setAttribute', key, value]);
    this.attributes[key] = value;
    const by = { type: 'member', id: this.me.id } as const;
    this.emit('attribute_set', { event: 'attribute_set', room: this.id, at: 5_000, key, value, by });
  }

  async deleteAttribute(key: string): Promise<void> {
    this.done.push(['deleteAttribute', key]);
    const by = { type: 'member', id: this.me.id } as const;
    this.emit('attribute_deleted', { event: 'attribute_deleted', room: this.id, at: 6_000, key, by });
  }

  private doing(name: string) {
    return async (...args: unknown[]): Promise<void> => void this.done.push([name, ...args]);
  }
}

/** A token that says so; its signature is nobody's. */
export function tokenOf(account: string, expires: number): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  return `${part({ alg: 'HS256' })}.${part({ iss: 'demo', sub: account, exp: expires })}.x`;
}
