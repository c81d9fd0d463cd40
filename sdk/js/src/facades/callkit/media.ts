/** One's own and the others' pictures and sound in a call, and where on the page they are. */
import type { Room } from '../../types/room';
import { componentError } from './codes';
import type { Emitter } from './emitter';
import { RtcClient, type EnterRoom } from './rtc/client';
import { LocalStream } from './rtc/local-stream';
import type { Profile } from './rtc/profile';
import type { RemoteStream } from './rtc/remote-stream';
import { getDevices, type DeviceLists } from './rtc/webrtc2';

type Kind = 'audio' | 'video';
const CAPITAL = { audio: 'Audio', video: 'Camera' } as const;
const MUTED = { audio: 'onAudioMuted', video: 'onVideoMuted' } as const;

export class Media {
  readonly rtc: RtcClient;
  local: LocalStream | null = null;
  profile: Profile = {};
  private localView: Element | null = null;
  private readonly views = new Map<string, Element | null>();
  private readonly muted = new Set<string>();
  private speaker = '';

  constructor(
    private readonly events: Emitter,
    enter: EnterRoom,
  ) {
    this.rtc = new RtcClient(enter);
    const { rtc } = this;
    rtc.on('peer-online', ({ account }: { account: string }) => events.emit('onUserEnter', account));
    rtc.on('peer-leave', ({ account, reason }: { account: string; reason: string }) => {
      events.emit(reason === '0' ? 'onUserLeave' : 'onUserDisconnect', account);
    });
    rtc.on('stream-added', ({ stream }: { stream: RemoteStream }) => {
      rtc.subscribe(stream).catch((error: unknown) => events.emit('onError', error));
    });
    rtc.on('stream-subscribed', ({ stream }: { stream: RemoteStream }) => this.arrived(stream));
    rtc.on('stream-updated', (change: { stream: RemoteStream; before: Pick<RemoteStream, 'audio' | 'video' | 'muted'> }) => {
      this.updated(change.stream, change.before);
    });
    rtc.on('stream-removed', ({ stream }: { stream: RemoteStream }) => {
      for (const kind of ['audio', 'video'] as const) if (stream[kind]) this.available(stream, kind, false);
    });
    rtc.on('network-quality', (rows: { account: string; uplinkNetworkQuality: number; downlinkNetworkQuality: number }[]) => {
      const of = rows.map(({ account, uplinkNetworkQuality, downlinkNetworkQuality }) => [
        account,
        { uplinkNetworkQuality, downlinkNetworkQuality },
      ]);
      events.emit('onUserNetworkQuality', Object.fromEntries(of));
    });
    rtc.on('connection-state-change', ({ curState }: { curState: string }) => {
      if (curState === 'DISCONNECTED') events.emit('onDisconnect');
    });
  }

  /** Sends what the call is for, and gets the others. */
  async begin(room: Room, uid: number, kinds: { audio: boolean; video: boolean }): Promise<void> {
    this.rtc.profile = this.profile;
    this.rtc.attach(room);
    const local = new LocalStream({ uid, ...kinds });
    this.local = local;
    local.setVideoProfile(this.profile);
    try {
      await local.init();
      if (this.local !== local) return local.destroy();
      await this.rtc.publish(local);
      if (this.localView) await local.play(this.localView);
    } catch (thrown) {
      // The others can still be seen and heard.
      this.events.emit('onError', thrown);
    }
  }

  /** Lets go of devices and pictures; the room is left with the call. */
  end(): void {
    this.local?.destroy();
    this.local = null;
    this.rtc.detach();
    this.muted.clear();
  }

  setLocalView(view: Element | null): void {
    this.localView = view;
    if (this.local && view) void this.local.play(view);
    else this.local?.stop();
  }

  setRemoteView(account: string, view: Element | null): void {
    this.views.set(account, view);
    for (const stream of this.of(account)) {
      if (view) void stream.play(view);
      else stream.stop();
    }
  }

  /** Device on or off. */
  async enable(kind: Kind, on: boolean): Promise<void> {
    const local = this.mine();
    if (on) await local.open({ type: kind });
    else await local.close({ type: kind });
    if (on && kind === 'video' && this.localView) await local.play(this.localView);
  }

  async mute(kind: Kind, muted: boolean): Promise<void> {
    const local = this.mine();
    if (kind === 'audio') await (muted ? local.muteAudio() : local.unmuteAudio());
    else await (muted ? local.muteVideo() : local.unmuteVideo());
  }

  async muteRemote(account: string, muted: boolean): Promise<void> {
    if (muted) this.muted.add(account);
    else this.muted.delete(account);
    for (const stream of this.of(account)) await (muted ? stream.muteAudio() : stream.unmuteAudio());
  }

  async setSpeaker(deviceId: string): Promise<void> {
    this.speaker = deviceId;
    await Promise.all(this.rtc.getRemoteStreams().map((stream) => stream.setSpeaker(deviceId)));
  }

  async switchDevice(type: string, deviceId: string): Promise<void> {
    if (!deviceId) throw componentError('noDeviceId', 'no device is named');
    if (type === 'speakerId') return this.setSpeaker(deviceId);
    await this.mine().switchDevice(type === 'cameraId' ? 'video' : 'audio', deviceId);
  }

  devices(): Promise<DeviceLists> {
    return getDevices(this.local);
  }

  private mine(): LocalStream {
    if (!this.local) throw componentError('noStream', 'nothing is sent');
    return this.local;
  }

  private of(account: string): RemoteStream[] {
    return this.rtc.getRemoteStreams().filter((stream) => stream.account === account);
  }

  private arrived(stream: RemoteStream): void {
    const { account } = stream;
    if (this.muted.has(account)) void stream.muteAudio();
    if (this.speaker !== '') stream.setSpeaker(this.speaker).catch(() => undefined);
    const view = this.views.get(account);
    if (view) void stream.play(view);
    for (const kind of ['audio', 'video'] as const) if (stream[kind]) this.available(stream, kind, true);
  }

  private updated(stream: RemoteStream, before: Pick<RemoteStream, 'audio' | 'video' | 'muted'>): void {
    for (const kind of ['audio', 'video'] as const) {
      if (stream[kind] !== before[kind]) this.available(stream, kind, stream[kind]);
      if (stream.muted[kind] === before.muted[kind]) continue;
      this.events.emit(MUTED[kind], { userId: stream.account, muted: stream.muted[kind] });
    }
  }

  private available(stream: RemoteStream, kind: Kind, available: boolean): void {
    this.events.emit(`on${CAPITAL[kind]}Available`, { userId: stream.account, uid: stream.getId(), available });
  }
}
