/** What the mini-program's and the browser's manager have in common: who one is, the connection, conferences by id. */
import type { BaseClient } from '../../client/client';
import { LianmaiError } from '../../types/errors';
import type { ClientOptions } from '../../types/client';
import type { JoinOptions, Room } from '../../types/room';
import type { CreateRoom, LimitsUpdate, Member, MixPush } from '../../wire/openapi';
import { Conference, type ConfrListener } from './conference';
import { ConfrType, Role, kindOf, roleOf } from './constants';
import { accountOf, memName, type Identity } from './names';

export type MakeClient = (options: ClientOptions) => BaseClient;

/** What the first to come says about a conference. Apps hand in what they have: anything. */
export interface ConfrConfig {
  confrType?: unknown;
  password?: unknown;
  rec?: unknown;
  recMerge?: unknown;
  supportWechatMiniProgram?: unknown;
  maxTalkerCount?: unknown;
  maxVideoCount?: unknown;
  maxAudienceCount?: unknown;
  maxPubDesktopCount?: unknown;
  nickName?: unknown;
  ext?: unknown;
  liveCfg?: unknown;
}

/** A ticket, as apps pass it on: a JSON text. */
export interface Ticket {
  url: string;
  confrId: string;
  tktId: string;
  memName: string;
  password?: string;
}

export abstract class Manager {
  readonly ConfrType = ConfrType;
  readonly Role = Role;
  protected readonly conferences = new Map<string, Conference>();
  protected host = '';
  private client: { identity: Identity; url: string; made: BaseClient } | null = null;
  private tickets = 0;

  constructor(private readonly makeClient: MakeClient) {}

  /** Address of the gateway. */
  setHost(url: string): void {
    this.host = String(url).replace(/\/+$/, '');
  }

  /** Who one is; throws when that is not known yet. */
  protected abstract identity(): Identity;
  protected abstract listener(confrId: string): ConfrListener;
  /** Whether one's own streams are told of. */
  protected abstract readonly showsOwn: boolean;
  /** Default of `supportWechatMiniProgram`. */
  protected abstract readonly forMiniPrograms: boolean;

  /** The connection of the present user. Another user, or another host, gets another. */
  protected connection(): BaseClient {
    const identity = this.identity();
    if (!this.host) throw new LianmaiError('invalid_argument', 'set the host first');
    const there = this.client;
    if (there && there.url === this.host && there.identity.account === identity.account) {
      if (there.identity.token !== identity.token) there.made.setToken(identity.token);
      there.identity = identity;
      return there.made;
    }
    there?.made.close();
    const made = this.makeClient({ url: this.host, token: identity.token, account: identity.account });
    this.client = { identity, url: this.host, made };
    return made;
  }

  /** Makes a room. */
  protected make(config: ConfrConfig, name?: string): Promise<{ id: string; settings: Room['settings'] }> {
    const kind = kindOf(config.confrType);
    if (!kind) throw new LianmaiError('invalid_argument', 'confrType is not known', { status: 400 });
    const password = typeof config.password === 'string' && config.password !== '' ? config.password : undefined;
    const pushes = livePushes(config.liveCfg);
    const request: CreateRoom = {
      ...(name === undefined ? {} : { name }),
      kind,
      ...(password === undefined ? {} : { password }),
      record: truthy(config.rec),
      record_merge: truthy(config.recMerge),
      mini_program: config.supportWechatMiniProgram === undefined ? this.forMiniPrograms : truthy(config.supportWechatMiniProgram),
      limits: limitsOf(config),
      ...(pushes ? { pushes } : {}),
    };
    return this.connection().createRoom(request);
  }

  /** Enters a room and tells of everything in it. */
  protected async enter(confrId: string, options: JoinOptions): Promise<Conference> {
    const there = this.conferences.get(confrId);
    if (there) return there;
    const client = this.connection();
    const room = await client.join(confrId, options);
    const again = this.conferences.get(confrId);
    if (again) return again;
    const conference = new Conference(room, this.identity(), this.listener(confrId), this.showsOwn);
    this.conferences.set(confrId, conference);
    room.once('left', () => this.conferences.delete(confrId));
    // What is there is told after the one who joins knows that it did.
    setTimeout(() => this.conferences.get(confrId) === conference && conference.begin(), 0);
    return conference;
  }

  /** The room of a name, made if there is none. */
  protected async byName(name: string, config: ConfrConfig): Promise<{ confrId: string; isCreator: boolean }> {
    try {
      const { id } = await this.make(config, name);
      return { confrId: id, isCreator: true };
    } catch (thrown) {
      if (thrown instanceof LianmaiError && thrown.code === 'name_conflict' && thrown.room) {
        return { confrId: thrown.room, isCreator: false };
      }
      throw thrown;
    }
  }

  /** A ticket in the vendor's form. It holds the password where one was given: it is worth what that is. */
  protected ticket(confrId: string, password: unknown): string {
    const identity = this.identity();
    this.tickets += 1;
    const ticket: Ticket = {
      url: `${this.host.replace(/^http/, 'ws')}/v1/ws`,
      confrId,
      tktId: `${confrId}TK${this.tickets}`,
      memName: memName(identity, identity.account),
      ...(typeof password === 'string' && password !== '' ? { password } : {}),
    };
    return JSON.stringify(ticket);
  }

  /** A conference that one is in; `confr` is its id, or any object with it. */
  protected inside(confr: unknown): Conference {
    const id = idOf(confr) ?? (this.conferences.size === 1 ? [...this.conferences.keys()][0] : undefined);
    const found = id === undefined ? undefined : this.conferences.get(id);
    if (!found) throw new LianmaiError('left_room', 'one is not in this conference');
    return found;
  }

  /** The conference with this stream. */
  protected withStream(stream: string): Conference | undefined {
    return [...this.conferences.values()].find(({ room }) => room.streams.has(stream));
  }

  /** Members by id, member name or account. Unknown ones are an error. */
  protected find({ room }: Conference, who: unknown): Member[] {
    const identity = this.identity();
    const names = (Array.isArray(who) ? who : [who]).map((one) => String(idOf(one, ['memberId', 'id', 'memId', 'memName', 'name'])));
    return names.map((name) => {
      const account = accountOf(identity, name);
      const found = room.members.get(name) ?? room.member(account);
      if (!found) throw new LianmaiError('no_such_member', `there is no member ${name}`, { status: 404 });
      return found;
    });
  }

  protected async giveRole(confr: unknown, who: unknown, role: unknown): Promise<void> {
    const native = roleOf(role);
    if (!native) throw new LianmaiError('invalid_argument', 'there is no such role', { status: 400 });
    const conference = this.inside(confr);
    for (const { id } of this.find(conference, who)) await conference.room.setRole(id, native);
  }

  protected async kick(confr: unknown, who: unknown): Promise<void> {
    const conference = this.inside(confr);
    for (const { id } of this.find(conference, who)) await conference.room.kick(id);
  }
}

/** Id of a conference, or of anything else: a text, or an object that has one. */
export function idOf(what: unknown, keys: readonly string[] = ['confrId', 'id', 'serverConfrId']): string | undefined {
  if (typeof what === 'string' && what !== '') return what;
  if (typeof what !== 'object' || what === null) return undefined;
  const fields = what as Record<string, unknown>;
  for (const key of keys) if (typeof fields[key] === 'string' && fields[key] !== '') return fields[key] as string;
  // What `wx.request` answered.
  return fields['data'] === what ? undefined : idOf(fields['data'], keys);
}

/** How a member enters: texts, whatever they were. */
export function entry(config: ConfrConfig): JoinOptions {
  const { password, nickName, ext } = config;
  const text = typeof ext === 'string' ? ext : ext === undefined || ext === null ? undefined : JSON.stringify(ext);
  return {
    ...(typeof password === 'string' && password !== '' ? { password } : {}),
    ...(typeof nickName === 'string' ? { nick: nickName } : {}),
    ...(text === undefined ? {} : { ext: text }),
  };
}

function truthy(value: unknown): boolean {
  return value === true || value === 1 || value === '1' || value === 'true';
}

function limitsOf(config: ConfrConfig): LimitsUpdate {
  const count = (value: unknown) => (Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined);
  const limits = {
    talkers: count(config.maxTalkerCount),
    videos: count(config.maxVideoCount),
    audiences: count(config.maxAudienceCount),
    desktops: count(config.maxPubDesktopCount),
  };
  return JSON.parse(JSON.stringify(limits)) as LimitsUpdate;
}

function livePushes(liveCfg: unknown): MixPush[] | undefined {
  const all = (Array.isArray(liveCfg) ? liveCfg : [liveCfg]) as ({ cdn?: unknown } | undefined)[];
  const urls = all.flatMap((one) => (typeof one?.cdn === 'string' ? [{ url: one.cdn }] : []));
  return urls.length > 0 ? urls : undefined;
}
