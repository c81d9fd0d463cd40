/**
 * `emedia` of mini-programs. Answers are what `wx.request` would give, the data one level down, because apps read them so.
 * Callbacks are properties that apps assign, known or not.
 */
import { LianmaiError } from '../../types/errors';
import type { Publication } from '../../types/media';
import type { Conference, ConfrListener } from './conference';
import { ROLES, RESULT, confrTypeOf } from './constants';
import { Manager, entry, idOf, type ConfrConfig, type MakeClient, type Ticket } from './manager';
import { identify, type Identity } from './names';
import { isLost, refusalOf } from './refusal';

/** What `wx.request` answers. */
export interface Answer<D = Record<string, unknown>> {
  data: D;
  statusCode: number;
  header: Record<string, string>;
  errMsg: string;
}

/** The messaging SDK of the same vendor, as far as it says who one is. */
export type Context = () => { accessToken?: unknown; jid?: unknown } | undefined;

type Callback = ((...args: never[]) => void) & Record<string, unknown>;

export class MiniManager extends Manager {
  [callback: string]: unknown;
  protected override readonly showsOwn = false;
  protected override readonly forMiniPrograms = true;
  private readonly publications = new Map<string, Publication>();

  constructor(
    makeClient: MakeClient,
    private readonly context: Context,
  ) {
    super(makeClient);
    // Apps assign callbacks, and properties of callbacks, so they have to be there.
    for (const name of CALLBACKS) this[name] ??= () => undefined;
  }

  createConference(confrType?: unknown, password?: unknown, rec?: unknown, recMerge?: unknown): Promise<Answer> {
    return answer(async () => {
      const { id, settings } = await this.make({ confrType, password, rec, recMerge });
      const type = confrTypeOf(settings.kind);
      return { ...this.entryOf(id, password), type, mixed: type === 11 || type === 12, password: password ?? '' };
    });
  }

  getConferenceTkt(confrId: unknown, password?: unknown): Promise<Answer> {
    return answer(() => Promise.resolve(this.entryOf(String(idOf(confrId) ?? ''), password)));
  }

  /** The member's id. */
  async joinConferenceWithTicket(confrId: unknown, ticket: unknown, ext?: unknown): Promise<string> {
    const said = readTicket(ticket);
    const id = said.confrId ?? idOf(confrId);
    if (!id) throw { result: RESULT.INVALID_TICKET, msg: 'the ticket is not valid' };
    const options = typeof ext === 'object' && ext !== null ? (ext as ConfrConfig) : { ext };
    try {
      const conference = await this.enter(id, entry({ ...options, ext, password: said.password }));
      return conference.room.me.id;
    } catch (thrown) {
      const { error, errorMessage } = refusalOf(thrown);
      throw { result: error, msg: errorMessage };
    }
  }

  async joinConference(confrId: unknown, password?: unknown, ext?: unknown): Promise<string> {
    return this.joinConferenceWithTicket(confrId, this.ticket(String(idOf(confrId) ?? ''), password), ext);
  }

  /** Failures are answers, too; without a name or a role nothing happens. */
  async joinRoom(params?: { roomName?: unknown; password?: unknown; role?: unknown; config?: ConfrConfig }): Promise<unknown> {
    const { roomName, password, role, config = {} } = params ?? {};
    if (typeof roomName !== 'string' || roomName === '' || role === undefined || password === undefined) {
      console.warn('joinRoom needs roomName, password and role');
      return undefined;
    }
    try {
      const { confrId, isCreator } = await this.byName(roomName, { ...config, password });
      const options = entry({ ...config, password });
      await this.enter(confrId, { ...options, ext: JSON.stringify({ nickName: config.nickName, ...spread(config.ext) }) });
      return { confrId, ...(isCreator ? { isCreator } : {}) };
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal.error === RESULT.TALKER_LIMIT) return { error: RESULT.TALKER_LIMIT, message: 'talker count limit' };
      return { error: -1, message: 'joinRoom error', reaseon: refusal };
    }
  }

  /** The URL to push to is `data.rtmp`; asked again, it is the same. The older form takes `{rtcId, success}`. */
  pubStream(asked?: unknown): Promise<Answer> {
    const form = typeof asked === 'object' && asked !== null ? (asked as { rtcId?: unknown; success?: unknown }) : { rtcId: asked };
    const rtcId = typeof form.rtcId === 'string' ? form.rtcId : undefined;
    const done = answer(async () => {
      const conference = this.inside(undefined);
      const publication = await this.publish(conference, rtcId);
      return { error: 0, rtmp: publication.url, streamId: publication.stream, ...(rtcId ? { rtcId } : {}) };
    });
    if (typeof form.success === 'function') {
      const success = form.success as (data: unknown) => void;
      void done.then(({ data }) => success(data), () => undefined);
    }
    return done;
  }

  /** The URL to pull from is `data.rtmp`. */
  subStream(streamId?: unknown): Promise<Answer> {
    const id = String(idOf(streamId) ?? '');
    return answer(async () => {
      const conference = this.withStream(id);
      if (!conference) throw new LianmaiError('no_such_stream', 'there is no such stream', { status: 404 });
      const { room } = conference;
      const known = room.subscriptions.get(id);
      const subscription = known ?? (await room.subscribe(id, { via: 'rtmp' }));
      if (known) await known.renew();
      return { error: 0, rtmp: subscription.url };
    });
  }

  exitConference(confrId?: unknown): void {
    const conference = this.known(confrId);
    if (conference) void conference.room.leave().catch(() => undefined);
  }

  grantRole(confrId: unknown, uids: unknown, role: unknown): Promise<Answer> {
    return answer(async () => done(await this.giveRole(confrId, uids, role)));
  }

  kickMembersById(confrId: unknown, uids: unknown): Promise<Answer> {
    return answer(async () => done(await this.kick(confrId, uids)));
  }

  destroyConference(confrId: unknown): Promise<Answer> {
    return answer(async () => done(await this.inside(confrId).room.destroy()));
  }

  getConferenceInfo(confrId: unknown, _password?: unknown): Promise<Answer> {
    return answer(async () => {
      const id = String(idOf(confrId) ?? '');
      const inside = this.conferences.get(id);
      const state = inside ? inside.room.state : await this.connection().showRoom(id);
      const audience = state.members.filter(({ role }) => role === 'audience').length;
      const talkers = state.members.filter(({ role }) => role !== 'audience').map(({ account }) => this.nameOf(account));
      const type = confrTypeOf(state.settings.kind);
      return { error: 0, confr: { id, confrId: id, type, memTotal: state.members.length, audienceTotal: audience, talkers } };
    });
  }

  setConferenceAttrs(params: AttrParams): void {
    this.attribute(params, (conference, key) => conference.room.setAttribute(key, String(params.val ?? '')));
  }

  deleteConferenceAttrs(params: AttrParams): void {
    this.attribute(params, (conference, key) => conference.room.deleteAttribute(key));
  }

  protected override identity(): Identity {
    const context = this.context();
    const found = identify(context?.jid, context?.accessToken);
    if (!found) throw new LianmaiError('missing_token', 'wx.WebIM.conn.context needs accessToken and jid', { status: 401 });
    return found;
  }

  protected override listener(confrId: string): ConfrListener {
    const tell = (name: string, ...args: unknown[]) => this.tell(name, ...args);
    return {
      joined: (member) => tell('onMemberJoined', member),
      exited: (member, reason) => tell('onMemberExited', member, reason),
      added: (stream) => tell('onStreamAdded', stream),
      removed: (stream) => tell('onStreamRemoved', stream),
      switched: (stream, update) => tell('onMediaChanaged', stream, update),
      role: (role, member) => member.isSelf && tell('onRoleChanged', role, confrId),
      attributes: (attributes) => tell('onConfrAttrsUpdated', attributes),
      muted: (member, muted, by) => member.isSelf && tell('onMuted', muted, by),
      mutedAll: (muted) => tell('onConfrStateUpdated', { muteAll: muted }),
      asked: (member, role) => tell(role === ROLES.admin ? 'onRequestToAdmin' : 'onRequestToTalker', member),
      answered: (role, accepted) => tell(role === ROLES.admin ? 'onRequestToAdminReply' : 'onRequestToTalkerReply', { result: accepted ? 0 : 1 }),
      again: () => tell('onReconnect', { confrId }),
      exit: (reason, failed) => {
        this.publications.delete(confrId);
        tell('onConferenceExit', reason, failed);
      },
    };
  }

  /** One publication per conference: apps ask twice, with different rtcIds, and push once. */
  private async publish(conference: Conference, rtcId: string | undefined): Promise<Publication> {
    const { room } = conference;
    const there = this.publications.get(room.id);
    if (there && there.state !== 'ended') return there;
    const made = await room.publish({ via: 'rtmp', ...(rtcId ? { clientRef: rtcId } : {}) });
    const first = this.publications.get(room.id);
    if (first && first.state !== 'ended' && first !== made) {
      await made.unpublish();
      return first;
    }
    this.publications.set(room.id, made);
    made.once('ended', () => this.publications.get(room.id) === made && this.publications.delete(room.id));
    return made;
  }

  private entryOf(confrId: string, password: unknown): Record<string, unknown> {
    return {
      error: 0,
      confrId,
      id: confrId,
      serverConfrId: confrId,
      role: 9,
      roleToken: confrId,
      ticket: this.ticket(confrId, password),
    };
  }

  private nameOf(account: string): string {
    const { key, domain } = this.identity();
    return `${key}_${account}@${domain}`;
  }

  private known(confr: unknown): Conference | undefined {
    try {
      return this.inside(confr);
    } catch {
      return undefined;
    }
  }

  private attribute(params: AttrParams, change: (conference: Conference, key: string) => Promise<void>): void {
    const attempt = async () => change(this.inside(params.confrId), String(params.key ?? ''));
    attempt().then(
      () => params.success?.({ error: 0 }),
      (thrown) => params.error?.(refusalOf(thrown)),
    );
  }

  private tell(name: string, ...args: unknown[]): void {
    const callback = this[name];
    if (typeof callback === 'function') (callback as Callback).apply(this, args as never[]);
  }
}

interface AttrParams {
  key?: unknown;
  val?: unknown;
  confrId?: unknown;
  success?: (data: unknown) => void;
  error?: (data: unknown) => void;
}

const CALLBACKS = [
  'onMemberJoined',
  'onMemberExited',
  'onStreamAdded',
  'onStreamRemoved',
  'onMediaChanaged',
  'onRoleChanged',
  'onConfrAttrsUpdated',
  'onConferenceExit',
  'onSoundChanage',
  'onStreamControl',
  'onReconnect',
];

/** Refusals are answers; only what never arrived is a failure. */
async function answer<D extends object>(attempt: () => Promise<D>): Promise<Answer> {
  try {
    return wrap((await attempt()) as Record<string, unknown>);
  } catch (thrown) {
    if (isLost(thrown)) throw { errMsg: `request:fail ${refusalOf(thrown).errorMessage}` };
    return wrap({ ...refusalOf(thrown) });
  }
}

function wrap(data: Record<string, unknown>): Answer {
  return { data, statusCode: 200, header: {}, errMsg: 'request:ok' };
}

function done(_: void): { error: number } {
  return { error: RESULT.OK };
}

function spread(ext: unknown): Record<string, unknown> {
  return typeof ext === 'object' && ext !== null ? (ext as Record<string, unknown>) : ext === undefined ? {} : { ext };
}

function readTicket(ticket: unknown): Partial<Ticket> {
  if (typeof ticket === 'object' && ticket !== null) return ticket as Partial<Ticket>;
  try {
    const read = JSON.parse(String(ticket)) as unknown;
    return typeof read === 'object' && read !== null ? (read as Partial<Ticket>) : {};
  } catch {
    return {};
  }
}
