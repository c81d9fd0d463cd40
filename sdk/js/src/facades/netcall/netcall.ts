/**
 * `Netcall` of mini-programs, both flavours: with a messaging instance (`{nim}`) that says who one is and with calls, or
 * without (`{appkey}`), where `joinChannel` says it.
 */
import { BaseClient } from '../../client/client';
import { LianmaiError, asError } from '../../types/errors';
import type { ClientOptions } from '../../types/client';
import type { CreateRoom } from '../../wire/openapi';
import { Channel } from './channel';
import { CODE, CONSTANTS } from './constants';
import { Emitter } from './emitter';
import { switchesOf } from './mode';
import { Ringing } from './ringing';
import { channelNumber, uidOf } from './uid';

export type MakeClient = (options: ClientOptions) => BaseClient;

/** A messaging instance, as far as it says who one is. */
interface Nim {
  options?: { account?: unknown; token?: unknown };
  account?: unknown;
}

export interface NetcallOptions {
  nim?: Nim;
  appkey?: unknown;
  debug?: unknown;
  /** The gateway. Or `Netcall.setHost`. */
  url?: unknown;
  /** A token of the gateway; left out: that of the messaging instance. Or what gets one for an account. */
  token?: unknown;
  tokenProvider?: (account: string) => string | Promise<string>;
}

export interface JoinParams {
  channelName?: unknown;
  mode?: unknown;
  role?: unknown;
  scene?: unknown;
  accid?: unknown;
  uid?: unknown;
  address?: unknown;
  rtmpRecord?: unknown;
  recordAudio?: unknown;
  recordVideo?: unknown;
  recordType?: unknown;
  liveEnable?: unknown;
  rtmpUrl?: unknown;
}

/** How long leaving is waited for. */
const LEAVE_MS = 300;

export class Netcall extends Emitter {
  private static host = '';
  private channel: Channel | null = null;
  private joining = false;
  private client: { account: string; url: string; made: BaseClient; ringing: Ringing } | null = null;
  private encryptType = 0;

  constructor(
    private options: NetcallOptions,
    private readonly makeClient: MakeClient,
  ) {
    super();
    Object.assign(this, CONSTANTS);
    this.prepare();
  }

  static setHost(url: string): void {
    Netcall.host = url;
  }

  /** A later call with `nim` changes who one is. */
  reconfigure(options: NetcallOptions): void {
    this.options = { ...this.options, ...options };
    this.prepare();
  }

  createChannel({ channelName, custom = '' }: { channelName?: unknown; custom?: unknown } = {}): Promise<unknown> {
    if (!this.options.nim) return Promise.reject('no such API, just join');
    return this.attempt(async () => {
      await this.connection().createRoom(settings(name(channelName), {}, String(custom)));
      return { timetag: Date.now() };
    });
  }

  async joinChannel(params: JoinParams = {}): Promise<unknown> {
    if (this.channel || this.joining) throw 'already in a channel';
    const mode = params.mode === undefined ? 0 : params.mode;
    if (!switchesOf(mode)) throw 'mode is not known';
    const channelName = name(params.channelName);
    this.joining = true;
    try {
      return await this.attempt(() => this.enter(channelName, Number(mode), params));
    } finally {
      this.joining = false;
    }
  }

  async leaveChannel(): Promise<void> {
    const channel = this.channel;
    if (!channel) throw 'not in a channel';
    this.channel = null;
    const later = new Promise<void>((next) => setTimeout(next, LEAVE_MS));
    await Promise.race([channel.leave().catch(() => undefined), later]);
  }

  switchMode(mode: unknown): Promise<void> {
    if (typeof mode !== 'number') throw new Error('mode must be a number');
    if (!switchesOf(mode)) return Promise.reject('mode is not known');
    const channel = this.channel;
    if (!channel) return Promise.reject('not in a channel');
    return this.attempt(() => channel.switchMode(mode));
  }

  call(params: Parameters<Ringing['call']>[0]): Promise<unknown> {
    return this.attempt(() => this.ringing().call(params));
  }

  response(params: Parameters<Ringing['response']>[0]): Promise<void> {
    return this.ringing().response(params ?? {});
  }

  control(params: Parameters<Ringing['control']>[0]): Promise<void> {
    return this.ringing().control(params ?? {});
  }

  /** After `callAccepted`, or after one's own `response`: enters the call's room. */
  startRtc({ mode = 0 }: { mode?: unknown } = {}): Promise<unknown> {
    if (!switchesOf(mode)) return Promise.reject('mode is not known');
    const call = this.ringing().current;
    if (!call) return Promise.reject('there is no call');
    return this.attempt(async () => {
      const room = await call.join();
      const account = this.account();
      const channel = new Channel(room, call.id, account, true, !call.isGroup, this.listener());
      this.channel = channel;
      await channel.begin(Number(mode));
      return { uid: channel.uid, cid: channel.cid, account };
    });
  }

  async hangup(): Promise<void> {
    const channel = this.channel;
    this.channel = null;
    channel?.end();
    await this.client?.ringing.hangup();
  }

  /** Who is there, as `syncDone` says it. */
  getUploadUserList(): Promise<unknown> {
    const channel = this.channel;
    return channel ? Promise.resolve({ code: CODE.OK, userlist: channel.list }) : Promise.reject('not in a channel');
  }

  getStatus(): Record<string, unknown> {
    const { channel } = this;
    return {
      signalInited: channel !== null,
      account: this.client?.account ?? null,
      channelId: channel?.cid ?? null,
      uid: channel?.uid ?? null,
      role: channel ? (channel.isHost ? CONSTANTS.ROLE_HOST : CONSTANTS.ROLE_AUDIENCE) : null,
      rtmpPushAddress: channel?.rtmpPushAddress ?? '',
      userlist: channel?.list ?? [],
      encryptType: this.encryptType,
    };
  }

  /** Media goes unencrypted over RTMP, whatever is set here: only what is no encryption is taken. */
  setEncryptType(type: unknown): void {
    const number = Number(type);
    if (!Number.isInteger(number) || number < 0 || number === 1 || number > 6) throw new Error('there is no such encryption');
    this.encryptType = number;
  }

  setEncryptKey(_key: unknown): void {}

  destroy(): void {
    this.channel?.end();
    this.channel = null;
    this.client?.ringing.end();
    this.client?.made.close();
    this.client = null;
    this.eventReset();
  }

  private async enter(channelName: string, mode: number, params: JoinParams): Promise<unknown> {
    if (!this.options.nim && typeof params.accid === 'string') this.identify(params.accid);
    const client = this.connection();
    const account = this.account();
    const isP2p = params.scene === CONSTANTS.P2P;
    const isHost = Number(params.role ?? 0) !== CONSTANTS.ROLE_AUDIENCE;
    const id = await this.find(channelName, { ...params, isP2p });
    const pushes = typeof params.rtmpUrl === 'string' && params.rtmpUrl ? { pushes: [{ url: params.rtmpUrl }] } : {};
    const room = await client.join(id, { role: isHost ? 'talker' : 'audience', ...pushes });
    const channel = new Channel(room, channelName, account, isHost, isP2p, this.listener());
    this.channel = channel;
    // URLs follow with `syncDone`, after the app knows its own number.
    setTimeout(() => {
      channel.begin(mode).catch((thrown: unknown) => this.emit('error', { code: codeOf(asError(thrown)), desc: '登录失败' }));
    }, 0);
    const custom = room.settings.custom_info ? { custom: room.settings.custom_info } : {};
    if (!this.options.nim) return { cid: channel.cid, code: CODE.OK, uid: String(channel.uid), ...custom };
    const accountUidMap = { ...channel.uids, [account]: channel.uid };
    return { accountUidMap, uid: channel.uid, cid: channel.cid, account, ...custom };
  }

  /** The room of a channel, made if there is none. */
  private async find(channelName: string, params: JoinParams & { isP2p: boolean }): Promise<string> {
    try {
      const { id } = await this.connection().createRoom(settings(channelName, params, ''));
      return id;
    } catch (thrown) {
      if (thrown instanceof LianmaiError && thrown.code === 'name_conflict' && thrown.room) return thrown.room;
      throw thrown;
    }
  }

  private listener() {
    return {
      tell: (event: string, payload?: unknown) => this.emit(event, payload),
      over: () => void (this.channel = null),
    };
  }

  private account(): string {
    const { nim } = this.options;
    const account = nim?.options?.account ?? nim?.account ?? this.client?.account;
    if (typeof account !== 'string' || account === '') throw new LianmaiError('missing_token', 'it is not known who one is', { status: 401 });
    return account;
  }

  /** Who is called must be connected before it calls or joins. */
  private prepare(): void {
    const { nim } = this.options;
    const account = nim?.options?.account ?? nim?.account;
    if (typeof account === 'string' && account !== '') this.identify(account);
    if (nim && this.client) void this.client.made.connect().catch((thrown: unknown) => this.emit('error', asError(thrown)));
  }

  private identify(account: string): void {
    const url = String(this.options.url ?? Netcall.host);
    const there = this.client;
    if (there && there.account === account && there.url === url) return;
    if (!url) return;
    there?.ringing.end();
    there?.made.close();
    const { token, tokenProvider, nim } = this.options;
    const said = token ?? nim?.options?.token;
    const made = this.makeClient({
      url,
      account,
      ...(tokenProvider ? { tokenProvider: () => tokenProvider(account) } : { token: String(said ?? '') }),
    });
    this.client = { account, url, made, ringing: new Ringing(made, (event, payload) => this.emit(event, payload)) };
  }

  private connection(): BaseClient {
    if (!this.client) throw new LianmaiError('invalid_argument', 'set the host first, and say who one is', { status: 400 });
    return this.client.made;
  }

  private ringing(): Ringing {
    this.connection();
    return (this.client as { ringing: Ringing }).ringing;
  }

  private async attempt<R>(run: () => Promise<R>): Promise<R> {
    try {
      return await run();
    } catch (thrown) {
      if (!(thrown instanceof LianmaiError)) throw thrown;
      throw { code: codeOf(thrown), message: thrown.message, reason: thrown.code };
    }
  }
}

function name(channelName: unknown): string {
  if (typeof channelName !== 'string' || channelName === '') throw new Error('channelName is needed');
  return channelName;
}

function settings(channelName: string, params: JoinParams & { isP2p?: boolean }, custom: string): CreateRoom {
  const isOn = (value: unknown) => value === 1 || value === '1' || value === true;
  const record = isOn(params.rtmpRecord) || isOn(params.recordAudio) || isOn(params.recordVideo);
  return {
    name: channelName,
    kind: params.rtmpUrl || isOn(params.liveEnable) ? 'communication_mix' : 'communication',
    record,
    record_merge: record && String(params.recordType ?? '0') !== CONSTANTS.RECORD_TYPE_ONLY_SINGLE,
    ...(custom ? { custom_info: custom } : {}),
    ...(params.isP2p ? { limits: { talkers: 2 } } : {}),
  };
}

function codeOf({ code, status }: LianmaiError): number {
  if (code === 'name_conflict') return CODE.EXISTS;
  if (code === 'room_ended') return CODE.EXISTS;
  if (code === 'no_such_room') return CODE.NO_ROOM;
  if (code === 'room_full_talkers') return CODE.THIRD;
  if (code === 'invalid_argument') return CODE.WRONG_MODE;
  return status || 408;
}

export { channelNumber, uidOf };
