/**
 * The part of the vendor's RTC client that the component needs, over a room here: `peer-online`, `peer-leave`,
 * `stream-added`, `stream-removed`, `stream-subscribed`, `stream-updated` (ours), `network-quality`, `connection-state-change`.
 */
import type { Publication } from '../../../types/media';
import type { Room } from '../../../types/room';
import type { Stream } from '../../../wire/openapi';
import { componentError } from '../codes';
import { Emitter } from '../emitter';
import { uidOf } from './ids';
import type { LocalStream } from './local-stream';
import { profileOf, type Profile } from './profile';
import { RemoteStream } from './remote-stream';

export interface JoinOptions {
  channelName: string;
  uid?: number | string;
  token?: string;
}

export type EnterRoom = (name: string) => Promise<Room>;

export class RtcClient extends Emitter {
  private room: Room | null = null;
  private readonly remotes = new Map<string, RemoteStream>();
  private publications: Publication[] = [];
  private stops: (() => void)[] = [];
  profile: Profile = {};

  constructor(private readonly enter: EnterRoom) {
    super();
  }

  async join({ channelName }: JoinOptions): Promise<void> {
    this.attach(await this.enter(channelName));
  }

  /** Takes a room over that was entered already. */
  attach(room: Room): void {
    if (this.room === room) return;
    this.detach();
    this.room = room;
    const on = room.on.bind(room) as Room['on'];
    this.stops = [
      on('member_joined', ({ member }) => {
        if (member.id !== room.me.id) this.emit('peer-online', { uid: uidOf(member.account), account: member.account });
      }),
      on('member_left', ({ account, member, reason }) => {
        if (member === room.me.id) return;
        this.emit('peer-leave', { uid: uidOf(account), account, reason: reason === 'normal' ? '0' : '1' });
      }),
      on('stream_added', ({ stream }) => this.arrived(room, stream)),
      on('stream_updated', ({ stream, aoff, voff, ext }) => this.update(stream, { aoff, voff, ext })),
      on('stream_removed', ({ stream }) => this.remove(stream)),
      on('quality', ({ member, up, down }) => {
        const account = room.members.get(member)?.account ?? '';
        this.emit('network-quality', [{ uid: uidOf(account), account, uplinkNetworkQuality: up, downlinkNetworkQuality: down }]);
      }),
      on('suspended', () => this.emit('connection-state-change', { prevState: 'CONNECTED', curState: 'DISCONNECTED' })),
      on('resumed', () => this.emit('connection-state-change', { prevState: 'CONNECTING', curState: 'CONNECTED' })),
      on('left', () => this.detach()),
    ];
    // Who and what is there already is told after the one who joined may have begun to listen.
    void Promise.resolve().then(() => {
      if (this.room !== room) return;
      for (const { id, account } of room.members.values()) {
        if (id !== room.me.id) this.emit('peer-online', { uid: uidOf(account), account });
      }
      for (const stream of room.streams.values()) this.arrived(room, stream);
    });
  }

  async publish(local: LocalStream): Promise<void> {
    const { room } = this;
    if (!room) throw componentError('noRtcClient', 'not in a room');
    const publication = await room.publish({
      kind: local.screen ? 'screen' : 'camera',
      via: 'webrtc',
      media: local.getMediaStream(),
      audio: local.audio,
      video: local.video,
      quality: profileOf(this.profile),
      simulcast: false,
      ext: local.ext(),
    });
    if (this.room !== room) return void publication.unpublish().catch(() => undefined);
    this.publications.push(publication);
    local.sentBy(publication);
  }

  async unpublish(local?: LocalStream): Promise<void> {
    const all = this.publications;
    this.publications = [];
    local?.sentBy(null);
    await Promise.all(all.map((publication) => publication.unpublish()));
  }

  async subscribe(remote: RemoteStream): Promise<void> {
    const { room } = this;
    if (!room) throw componentError('noRtcClient', 'not in a room');
    const subscription = await room.subscribe(remote.id, { via: 'webrtc' });
    if (this.remotes.get(remote.id) !== remote) return;
    remote.receivedBy(subscription);
    this.emit('stream-subscribed', { stream: remote });
  }

  async unsubscribe(remote: RemoteStream): Promise<void> {
    await this.room?.subscriptions.get(remote.id)?.unsubscribe();
    remote.destroy();
  }

  async leave(): Promise<void> {
    const { room } = this;
    this.detach();
    if (room && room.phase !== 'left') await room.leave();
  }

  getRemoteStreams(): RemoteStream[] {
    return [...this.remotes.values()];
  }

  getChannelInfo(): { cid: string; uid: number } {
    return { cid: this.room?.id ?? '', uid: uidOf(this.room?.me.account ?? '') };
  }

  getConnectionState(): string {
    return !this.room ? 'DISCONNECTED' : this.room.phase === 'inside' ? 'CONNECTED' : 'CONNECTING';
  }

  /** Lets go of the room, which is left by somebody else or gone. */
  detach(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.publications = [];
    this.room = null;
    for (const id of [...this.remotes.keys()]) this.remove(id);
  }

  destroy(): void {
    this.detach();
    this.removeAllListeners();
  }

  private arrived(room: Room, stream: Stream): void {
    if (stream.kind === 'mix' || stream.owner === room.me.id || this.remotes.has(stream.id)) return;
    const account = room.members.get(stream.owner ?? '')?.account ?? '';
    const remote = new RemoteStream(stream, account, uidOf(account));
    this.remotes.set(stream.id, remote);
    this.emit('stream-added', { stream: remote });
  }

  private update(id: string, now: Pick<Stream, 'aoff' | 'voff' | 'ext'>): void {
    const remote = this.remotes.get(id);
    if (!remote) return;
    const before = { audio: remote.audio, video: remote.video, muted: remote.muted };
    remote.look(now);
    this.emit('stream-updated', { stream: remote, before });
  }

  private remove(id: string): void {
    const remote = this.remotes.get(id);
    if (!remote) return;
    this.remotes.delete(id);
    this.emit('stream-removed', { stream: remote });
    remote.destroy();
  }
}
