/** `emedia.mgr` of browsers: the same conferences with WebRTC. Roles and refusals are the gateway's. */
import { LianmaiError } from '../../types/errors';
import type { Conference, ConfrListener, ConfrMember, ConfrStream } from './conference';
import { RESULT, ROLES, confrTypeOf } from './constants';
import { Manager, entry, idOf, type ConfrConfig, type MakeClient } from './manager';
import { identify, type Identity } from './names';
import { refusalOf } from './refusal';
import { hide, show, wanted, type Constaints, type Held, type WebStream } from './web-stream';

type Anything = ((...args: never[]) => void) | undefined;

export class WebManager extends Manager {
  [callback: string]: unknown;
  protected override readonly showsOwn = true;
  protected override readonly forMiniPrograms = true;
  /** Live addresses by their ids, as `emedia.config.liveCfgs`. */
  readonly liveCfgs: Record<string, string> = {};
  private who: Identity | null = null;
  private readonly held = new Map<string, Held>();
  /** One's own, by `JSON` of nothing: by stream id. */
  private readonly shapes = new Map<string, WebStream>();
  private readonly watched: { tag: HTMLMediaElement; tell: (what: unknown, stream?: unknown) => void }[] = [];

  constructor(makeClient: MakeClient) {
    super(makeClient);
  }

  setIdentity(memName: unknown, token: unknown, _extInfo?: unknown): void {
    this.who = identify(memName, token);
    if (!this.who) throw new Error('setIdentity needs a member name org#app_user@domain and a token');
  }

  /** One object, or the values in order. */
  async createConference(first?: unknown, password?: unknown, rec?: unknown, recMerge?: unknown, mini?: unknown): Promise<unknown> {
    const config: ConfrConfig =
      typeof first === 'object' && first !== null
        ? (first as ConfrConfig)
        : { confrType: first, password, rec, recMerge, ...(mini === undefined ? {} : { supportWechatMiniProgram: mini }) };
    return this.attempt(async () => {
      const { id, settings } = await this.make(config);
      return this.described(id, confrTypeOf(settings.kind), config.password);
    });
  }

  async joinRoom(params: { roomName?: unknown; password?: unknown; role?: unknown; config?: ConfrConfig }): Promise<unknown> {
    const { roomName, password, config = {} } = params ?? {};
    if (typeof roomName !== 'string' || typeof password !== 'string' || roomName === '' || password === '') {
      throw { error: RESULT.NOT_ACCEPTED, errorMessage: 'roomName and password are needed' };
    }
    return this.attempt(async () => {
      const { confrId, isCreator } = await this.byName(roomName, { ...config, password });
      const conference = await this.enter(confrId, entry({ ...config, password }));
      return { ...this.entered(conference, password), ...(isCreator ? { isCreator } : {}) };
    });
  }

  joinUsePassword(confrId: unknown, password?: unknown): Promise<unknown> {
    return this.joinConference(confrId, password);
  }

  async joinConference(confrId: unknown, password?: unknown, ext?: unknown): Promise<unknown> {
    return this.attempt(async () => {
      const conference = await this.enter(String(idOf(confrId) ?? ''), entry({ password, ext }));
      return this.entered(conference, password);
    });
  }

  async joinConferenceWithTicket(confrId: unknown, ticket: unknown, ext?: unknown): Promise<unknown> {
    let said: { confrId?: unknown; password?: unknown };
    try {
      said = (typeof ticket === 'string' ? JSON.parse(ticket) : ticket) as typeof said;
    } catch {
      throw { error: RESULT.INVALID_TICKET, errorMessage: 'the ticket is not valid' };
    }
    return this.joinConference(said?.confrId ?? confrId, said?.password, ext);
  }

  async getConferenceTkt(confrId: unknown, password?: unknown): Promise<unknown> {
    const id = String(idOf(confrId) ?? '');
    return { error: 0, confrId: id, ticket: this.ticket(id, password), roleToken: id };
  }

  async selectConfr(confrId: unknown, _password?: unknown): Promise<unknown> {
    return this.attempt(async () => {
      const id = String(idOf(confrId) ?? '');
      const state = this.conferences.get(id)?.room.state ?? (await this.connection().showRoom(id));
      return this.described(id, confrTypeOf(state.settings.kind), undefined);
    });
  }

  getConferenceInfo(confrId: unknown, password?: unknown): Promise<unknown> {
    return this.selectConfr(confrId, password);
  }

  /** Opens devices and sends them; resolves to the stream. */
  async publish(constaints: Constaints = { audio: true, video: true }, tag?: unknown, ext?: unknown): Promise<unknown> {
    return this.attempt(async () => {
      const { audio, video, quality } = wanted(constaints);
      return this.send(this.inside(undefined), { kind: 'camera', audio, video, quality }, tag, ext);
    });
  }

  async shareDesktopWithAudio(params: { confrId?: unknown; videoTag?: unknown; ext?: unknown; audio?: unknown } = {}): Promise<unknown> {
    return this.attempt(async () => {
      const conference = this.inside(params.confrId);
      const options = { kind: 'screen', audio: params.audio !== false, video: true } as const;
      return this.send(conference, options, params.videoTag, params.ext);
    });
  }

  async unpublish(stream: unknown): Promise<void> {
    const id = String(idOf(stream) ?? '');
    await this.held.get(id)?.publication?.unpublish();
  }

  async subscribe(_member: unknown, stream: unknown, subVideo: unknown = true, subAudio: unknown = true, tag?: unknown): Promise<unknown> {
    return this.attempt(async () => {
      const id = String(idOf(stream) ?? '');
      const conference = this.withStream(id);
      if (!conference) throw new LianmaiError('no_such_stream', 'there is no such stream', { status: 404 });
      if (!subVideo && !subAudio) throw new LianmaiError('invalid_argument', 'neither sound nor picture', { status: 400 });
      const layer = subVideo ? 'auto' : 'audio_only';
      const subscription = await conference.room.subscribe(id, { layer });
      if (subscription.layer !== layer) await subscription.setLayer(layer);
      const held = this.hold(id);
      held.subscription = subscription;
      subscription.once('ended', () => this.release(id));
      if (tag) show(held, tag);
      return this.shapes.get(id);
    });
  }

  async unsubscribe(stream: unknown): Promise<void> {
    const id = String(idOf(stream) ?? '');
    const held = this.held.get(id);
    if (!held?.subscription) return;
    hide(held);
    await held.subscription.unsubscribe();
  }

  streamBindVideo(stream: unknown, tag: unknown): void {
    const held = this.held.get(String(idOf(stream) ?? ''));
    if (held) show(held, tag);
  }

  pauseVideo(stream: unknown): Promise<unknown> {
    return this.switch(stream, 'setVideo', false);
  }

  resumeVideo(stream: unknown): Promise<unknown> {
    return this.switch(stream, 'setVideo', true);
  }

  pauseAudio(stream: unknown): Promise<unknown> {
    return this.switch(stream, 'setAudio', false);
  }

  resumeAudio(stream: unknown): Promise<unknown> {
    return this.switch(stream, 'setAudio', true);
  }

  mediaDevices(): Promise<unknown> {
    return navigator.mediaDevices.enumerateDevices();
  }

  /** The next camera there is. */
  async changeCamera(confrId?: unknown): Promise<unknown> {
    return this.attempt(async () => {
      const conference = this.inside(confrId);
      const mine = [...conference.room.publications.values()].find(({ kind }) => kind === 'camera');
      const present = mine?.media?.getVideoTracks()[0]?.getSettings().deviceId;
      const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
      const next = cameras[(cameras.findIndex(({ deviceId }) => deviceId === present) + 1) % Math.max(1, cameras.length)];
      if (!mine || !next) throw new LianmaiError('capture_missing', 'there is no camera to change to');
      await mine.setCamera(next.deviceId);
      return { error: 0 };
    });
  }

  switchMobileCamera(confrId?: unknown): Promise<unknown> {
    return this.changeCamera(confrId);
  }

  exitConference(): void {
    for (const { room } of [...this.conferences.values()]) void room.leave().catch(() => undefined);
  }

  destroyConference(confr?: unknown): Promise<unknown> {
    return this.act(() => this.inside(confr).room.destroy());
  }

  grantRole(confr: unknown, members: unknown, role: unknown): Promise<unknown> {
    return this.act(() => this.giveRole(confr, members, role));
  }

  /** Only to a lower role. */
  degradeRole(confr: unknown, members: unknown, role: unknown): Promise<unknown> {
    return this.act(async () => {
      const conference = this.inside(confr);
      const raises = this.find(conference, members).some((member) => ROLES[member.role] < Number(role));
      if (raises) throw new LianmaiError('invalid_argument', 'this raises the role', { status: 400 });
      await this.giveRole(confr, members, role);
    });
  }

  kickMembersById(confr: unknown, members: unknown): Promise<unknown> {
    return this.act(() => this.kick(confr, members));
  }

  requestToTalker(confrId?: unknown): Promise<unknown> {
    return this.act(() => this.inside(confrId).room.requestRole('talker'));
  }

  requestToAdmin(confrId?: unknown): Promise<unknown> {
    return this.act(() => this.inside(confrId).room.requestRole('admin'));
  }

  muteBymemberId(confrId: unknown, member: unknown): Promise<unknown> {
    return this.each(confrId, member, (conference, id) => conference.room.mute(id, 'audio'));
  }

  unmuteBymemberId(confrId: unknown, member: unknown): Promise<unknown> {
    return this.each(confrId, member, (conference, id) => conference.room.unmute(id, 'audio'));
  }

  muteAll(confrId?: unknown): Promise<unknown> {
    return this.act(() => this.inside(confrId).room.muteAll('audio'));
  }

  unmuteAll(confrId?: unknown): Promise<unknown> {
    return this.act(() => this.inside(confrId).room.unmuteAll('audio'));
  }

  setConferenceAttrs(params: Attribute): void {
    this.report(params, () => this.inside(params.confrId).room.setAttribute(String(params.key ?? ''), String(params.val ?? '')));
  }

  deleteConferenceAttrs(params: Attribute): void {
    this.report(params, () => this.inside(params.confrId).room.deleteAttribute(String(params.key ?? '')));
  }

  /** Starts the mix as the configuration has it, and pushes it. Resolves to the live's id. */
  async addLive(confrId: unknown, liveCfg: { cdn?: unknown } & Record<string, unknown>): Promise<unknown> {
    const { room } = this.admins(confrId);
    return this.attempt(async () => {
      const url = String(liveCfg?.cdn ?? '');
      await room.mix.start({ emedia: liveCfg });
      const { id } = await room.pushes.add({ url });
      this.liveCfgs[id] = url;
      return { error: 0, liveId: id };
    });
  }

  async updateLiveLayout(confrId: unknown, _liveId: unknown, regions: unknown): Promise<unknown> {
    const { room } = this.admins(confrId);
    return this.act(() => room.mix.update({ emedia: { regions } }));
  }

  async deleteLive(confrId: unknown, liveId: unknown): Promise<unknown> {
    const { room } = this.admins(confrId);
    return this.act(async () => {
      await room.pushes.remove(String(liveId));
      delete this.liveCfgs[String(liveId)];
    });
  }

  /** Whether the tracks of what an element shows are there. */
  onMediaChanaged(tag: unknown, listener: (constaints: unknown, stream: unknown) => void): void {
    if (tag instanceof HTMLMediaElement) this.watched.push({ tag, tell: listener });
  }

  protected override identity(): Identity {
    if (!this.who) throw new LianmaiError('missing_token', 'setIdentity was not called', { status: 401 });
    return this.who;
  }

  protected override listener(confrId: string): ConfrListener {
    const tell = (name: string, ...args: unknown[]) => this.tell(name, ...args);
    return {
      joined: (member) => tell('onMemberJoined', member),
      exited: (member, reason) => tell('onMemberExited', member, reason),
      added: (stream) => tell('onStreamAdded', stream.owner, this.web(stream)),
      removed: (stream) => {
        tell('onStreamRemoved', stream.owner, this.web(stream));
        this.release(stream.id);
      },
      switched: (stream) => this.switched(stream),
      role: (role, member) => {
        if (member.isSelf) tell('onRoleChanged', role, confrId);
        if (role === ROLES.admin) tell('onAdminChanged', member);
      },
      attributes: (attributes) => tell('onConfrAttrsUpdated', attributes),
      muted: (member, muted, by) => member.isSelf && tell(muted ? 'onMuted' : 'onUnmuted', by),
      mutedAll: (muted) => tell('onConfrStateUpdated', { muteAll: muted }),
      asked: (member, role) => this.asked(confrId, member, role),
      answered: (role, accepted) =>
        tell(role === ROLES.admin ? 'onRequestToAdminReply' : 'onRequestToTalkerReply', { result: accepted ? 0 : 1 }),
      again: () => tell('onReconnect', { confrId }),
      exit: (reason, failed) => tell('onConferenceExit', reason, failed),
    };
  }

  private asked(confrId: string, { id }: ConfrMember, role: number): void {
    const name = role === ROLES.admin ? 'admin' : 'talker';
    const reply = (accept: boolean) => () => {
      const conference = this.conferences.get(confrId);
      void conference?.room.answerRequest(id, name, accept).catch(() => undefined);
    };
    this.tell(name === 'admin' ? 'onRequestToAdmin' : 'onRequestToTalker', { memberId: id, confrId }, reply(true), reply(false));
  }

  private async send(conference: Conference, options: Parameters<Conference['room']['publish']>[0], tag: unknown, ext: unknown) {
    const text = ext === undefined ? {} : { ext: typeof ext === 'string' ? ext : JSON.stringify(ext) };
    const publication = await conference.room.publish({ ...options, ...text });
    const id = publication.stream;
    const held = this.hold(id);
    held.publication = publication;
    publication.once('ended', () => this.release(id));
    if (tag) show(held, tag);
    await until(() => conference.stream(id) !== undefined);
    const shape = conference.stream(id);
    return shape ? this.web(shape) : { id };
  }

  private switched(stream: ConfrStream): void {
    const shape = this.web(stream);
    const constaints = { audio: stream.aoff === 0, video: stream.voff === 0 };
    const tags = [...(this.held.get(stream.id)?.shown.keys() ?? [])];
    for (const { tag, tell } of this.watched) if (tags.includes(tag)) tell(constaints, shape);
    this.tell('onStreamUpdated', stream.owner, shape);
  }

  private async switch(stream: unknown, what: 'setAudio' | 'setVideo', on: boolean): Promise<unknown> {
    const id = String(idOf(stream) ?? '');
    const held = this.held.get(id);
    return this.act(async () => {
      if (held?.publication) return held.publication[what](on);
      if (!held?.subscription) throw new LianmaiError('no_such_stream', 'the stream is neither sent nor received', { status: 404 });
      // Of what others send, one's own hearing and seeing.
      for (const target of held.shown.keys()) {
        if (what === 'setAudio') target.muted = !on;
      }
      if (what === 'setVideo') await held.subscription.setLayer(on ? 'auto' : 'audio_only');
    });
  }

  private web(stream: ConfrStream): WebStream {
    const known = this.shapes.get(stream.id) ?? Object.assign(stream, { located: () => stream.owner.isSelf === true });
    this.shapes.set(stream.id, known as WebStream);
    return known as WebStream;
  }

  private hold(id: string): Held {
    const held = this.held.get(id) ?? { shown: new Map() };
    this.held.set(id, held);
    return held;
  }

  private release(id: string): void {
    const held = this.held.get(id);
    if (held) hide(held);
    this.held.delete(id);
    this.shapes.delete(id);
  }

  private admins(confrId: unknown): Conference {
    const conference = this.inside(confrId);
    if (conference.room.me.role !== 'admin') throw new Error('only admins may');
    return conference;
  }

  private described(id: string, type: number, password: unknown) {
    const said = typeof password === 'string' ? { password } : {};
    return { error: 0, confrId: id, id, type, mixed: type !== 10, roleToken: id, ticket: this.ticket(id, password), ...said };
  }

  private entered(conference: Conference, password: unknown) {
    const { room, self } = conference;
    const { ticket, ...rest } = this.described(room.id, confrTypeOf(room.settings.kind), undefined);
    return { ...rest, ticket: ticket && this.ticket(room.id, password), joinId: self.id, memId: self.id, role: self.role };
  }

  private each(confrId: unknown, who: unknown, act: (conference: Conference, id: string) => Promise<void>): Promise<unknown> {
    return this.act(async () => {
      const conference = this.inside(confrId);
      for (const { id } of this.find(conference, who)) await act(conference, id);
    });
  }

  private report(params: Attribute, act: () => Promise<void>): void {
    Promise.resolve()
      .then(act)
      .then(
        () => params.success?.({ error: 0 }),
        (thrown: unknown) => params.error?.(refusalOf(thrown)),
      );
  }

  private act(attempt: () => Promise<unknown>): Promise<unknown> {
    return this.attempt(async () => {
      await attempt();
      return { error: 0 };
    });
  }

  /** Refusals are rejections with the vendor's number. */
  private async attempt<R>(run: () => Promise<R>): Promise<R> {
    try {
      return await run();
    } catch (thrown) {
      throw refusalOf(thrown);
    }
  }

  private tell(name: string, ...args: unknown[]): void {
    const callback = this[name] as Anything;
    if (typeof callback === 'function') callback.apply(this, args as never[]);
  }
}

interface Attribute {
  key?: unknown;
  val?: unknown;
  confrId?: unknown;
  success?: (data: unknown) => void;
  error?: (data: unknown) => void;
}

/** Waits until something is so, for a second at most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !isSo(); tries += 1) await new Promise((next) => setTimeout(next, 10));
}
