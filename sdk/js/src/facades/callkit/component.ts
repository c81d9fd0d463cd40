/** The component without its calls: setting up, signing in and out, and the media of whatever call there is. */
import type { Call } from '../../types/calls';
import type { Client, MakeClient } from '../client';
import { componentError } from './codes';
import { Emitter } from './emitter';
import { loginFailure } from './failure';
import { Media } from './media';
import * as given from './options';
import { settle, type Callbacks } from './options';
import { isSentByCaller, recordMessage } from './record';
import { webRtc2, type DeviceLists } from './rtc/webrtc2';
import { makeSignal, type Signal } from './signal';

/** Longest ring. */
export const MOST_MS = 120_000;

export interface InstanceOptions {
  debug?: boolean;
}

export abstract class Component extends Emitter {
  static readonly version: string = '1.4.3';
  /** Set by the file that pages include. */
  static make: MakeClient | null = null;
  protected readonly media: Media;
  protected account = '';
  protected timeoutMs: number | null = null;
  protected tokenService: ((uid: number) => Promise<string>) | null = null;
  private client: Client | null = null;
  private setup: given.SetupOptions | null = null;
  private login_: given.LoginOptions | null = null;
  private signal: Signal | null = null;

  constructor(_options: InstanceOptions = {}) {
    super();
    this.media = new Media(this, (name) => this.online().join(name));
  }

  /** The present call. */
  protected abstract current(): Call | null;
  /** It rings. */
  protected abstract invited(call: Call): void;
  /** There is no call any more. */
  protected abstract over(): void;

  setupAppKey(options: given.SetupOptions): void {
    this.setup = options;
    const { resolution, frameRate } = options;
    this.media.profile = { ...(resolution ? { resolution } : {}), ...(frameRate ? { frameRate } : {}) };
  }

  setCallProfile({ resolution, frameRate }: { resolution?: number; frameRate?: number } = {}): void {
    this.media.profile = { ...this.media.profile, ...(resolution ? { resolution } : {}), ...(frameRate ? { frameRate } : {}) };
  }

  setTokenService(service: (uid: number) => Promise<string>): void {
    this.tokenService = service;
  }

  setCallTimeout(ms: number): void {
    this.timeoutMs = Math.max(1000, Math.min(MOST_MS, Number(ms) || MOST_MS));
  }

  login(options: given.LoginOptions): Promise<void> {
    const work = async () => {
      const { make } = Component;
      if (!make) throw componentError('noIm', 'the component was not loaded');
      if (this.client) await this.logout();
      const url = given.gatewayOf([this.setup?.neRtcServerAddresses, options.privateConf], location.origin);
      const client = make({ url, token: String(options.token ?? ''), account: options.account });
      this.login_ = options;
      this.account = options.account;
      this.follow(client);
      this.client = client;
      try {
        await client.connect();
      } catch (thrown) {
        if (this.client === client) this.client = null;
        client.close();
        throw loginFailure(thrown);
      }
      this.signal = makeSignal(client, this.account, () => this.current());
      options.onconnect?.({ account: this.account });
    };
    return settle(work(), options);
  }

  logout(callbacks: Callbacks = {}): Promise<void> {
    const work = async () => {
      const { client } = this;
      this.client = null;
      this.signal = null;
      this.over();
      client?.close();
    };
    return settle(work(), callbacks);
  }

  destroy(): void {
    void this.logout();
    this.removeAllListeners();
    this.media.rtc.destroy();
  }

  setupLocalView(view?: Element | null): void {
    this.media.setLocalView(view ?? null);
  }

  setupRemoteView(userId: string, view?: Element | null): void {
    this.media.setRemoteView(userId, view ?? null);
  }

  enableLocalVideo(on: boolean): Promise<void> {
    return this.media.enable('video', on);
  }

  enableLocalAudio(on: boolean): Promise<void> {
    return this.media.enable('audio', on);
  }

  muteLocalVideo(muted: boolean): Promise<void> {
    return this.media.mute('video', muted);
  }

  muteLocalAudio(muted: boolean): Promise<void> {
    return this.media.mute('audio', muted);
  }

  setAudioMute(muted: boolean, userId: string): Promise<void> {
    return this.media.muteRemote(userId, muted);
  }

  selectSpeakers(deviceId: string): Promise<void> {
    return this.media.setSpeaker(deviceId);
  }

  getDevices(): Promise<DeviceLists> {
    return this.media.devices();
  }

  switchDevice(type: 'microphoneId' | 'cameraId' | 'speakerId', deviceId: string): Promise<void> {
    return this.media.switchDevice(type, deviceId);
  }

  getSdkInstance(): { signal: Signal | null; rtcClient: Media['rtc']; WebRTC2: ReturnType<typeof webRtc2> } {
    return { signal: this.signal, rtcClient: this.media.rtc, WebRTC2: webRtc2((name) => this.online().join(name)) };
  }

  /** Whom `onMessageSent` names. */
  protected sentTo(_receiver: string): string {
    return this.account;
  }

  private follow(client: Client): void {
    const isOurs = () => this.client === client;
    client.calls.on('invited', (call) => isOurs() && this.invited(call));
    client.calls.on('message', (message) => {
      if (!isOurs()) return;
      const record = recordMessage(message, this.account);
      const own = record.flow === 'out' && isSentByCaller(message);
      if (own) this.emit('onMessageSent', this.sentTo(message.to));
      else this.login_?.onmsg?.(record);
    });
    client.on('event', (event) => {
      const { event: name, data } = event as unknown as { event: string; data?: { nim?: object } };
      if (isOurs() && name === 'account_message' && data?.nim) this.login_?.onmsg?.({ ...data.nim, flow: 'in', status: 'success' });
    });
    client.on('disconnected', ({ code, final }) => {
      if (!isOurs() || !final) return;
      // Another device took the place, or the token is over: nothing goes on here.
      this.client = null;
      this.signal = null;
      this.over();
      this.login_?.ondisconnect?.({ code: code === 4002 ? 'kicked' : code });
      this.emit('onError', componentError('imDisconnected', 'signed out'));
    });
  }

  protected online(): Client {
    if (!this.client) throw componentError('noIm', 'not logged in');
    return this.client;
  }
}
