/** A room as a channel: who is in it with which number, mode and URL, and what happens there. */
import type { Publication, Subscription } from '../../types/media';
import type { Room } from '../../types/room';
import { CLOSED } from './constants';
import { modeOf, switchesOf, type Switches } from './mode';
import { channelNumber, streamName, uidOf } from './uid';

export interface ChannelUser {
  uid: number;
  account: string;
  cid: number;
  mode: number;
  /** One's own: to push to. Of others: to pull from. `null`: there is none. */
  url: string | null;
}

export interface ChannelListener {
  tell(event: string, payload?: unknown): void;
  /** It is over; `disconnect` follows where it was not asked for. */
  over(): void;
}

export class Channel {
  readonly cid: number;
  readonly uid: number;
  /** What an audience would push to, had it the right. */
  rtmpPushAddress = '';
  private publication: Publication | null = null;
  private readonly users = new Map<string, ChannelUser>();
  private readonly stops: (() => void)[] = [];
  private syncs = 0;
  private isOver = false;

  constructor(
    readonly room: Room,
    name: string,
    readonly account: string,
    readonly isHost: boolean,
    private readonly isP2p: boolean,
    private readonly listener: ChannelListener,
  ) {
    this.cid = channelNumber(name);
    this.uid = uidOf(account);
  }

  /** Publishes, looks at the others, and says `syncDone`. */
  async begin(mode: number): Promise<void> {
    this.listen();
    if (this.isHost) {
      const options = { via: 'rtmp', clientRef: streamName(this.uid), ...(switchesOf(mode) as Switches) } as const;
      this.publication = await this.room.publish(options);
      this.stops.push(this.publication.on('url', () => void this.sync()));
    }
    const streams = [...this.room.streams.values()].filter(({ owner }) => owner && owner !== this.room.me.id);
    await Promise.all(streams.map((stream) => this.add(stream.id, false)));
    this.sync();
  }

  async switchMode(mode: number): Promise<void> {
    const switches = switchesOf(mode) as Switches;
    await this.publication?.setAudio(switches.audio);
    await this.publication?.setVideo(switches.video);
  }

  async leave(): Promise<void> {
    this.end();
    await this.room.leave();
  }

  end(): void {
    this.isOver = true;
    for (const stop of this.stops.splice(0)) stop();
  }

  /** Numbers of everybody, by account. */
  get uids(): Record<string, number> {
    const uids: Record<string, number> = {};
    for (const { account } of this.room.members.values()) uids[account] = this.uidOf(account);
    return uids;
  }

  get list(): ChannelUser[] {
    const url = this.publication?.url ?? null;
    const mode = this.publication ? modeOf({ aoff: !this.publication.audio, voff: !this.publication.video }) : 3;
    const self = { uid: this.uid, account: this.account, cid: this.cid, mode, url };
    return [self, ...[...this.users.values()].map((user) => ({ ...user }))];
  }

  private listen(): void {
    const { room, listener } = this;
    this.stops.push(
      room.on('stream_added', ({ stream }) => void this.add(stream.id, true)),
      room.on('stream_updated', ({ stream, aoff, voff }) => {
        const user = this.users.get(stream);
        const mode = modeOf({ aoff, voff });
        if (!user || user.mode === mode) return;
        user.mode = mode;
        // The vendor's own script loses the name here, so apps go by the number.
        listener.tell('clientUpdate', { uid: user.uid, account: user.account, cid: this.cid, mode });
      }),
      room.on('stream_removed', ({ stream }) => {
        const user = this.users.get(stream);
        if (!user || !this.users.delete(stream)) return;
        const { uid, account } = user;
        if (this.isP2p) listener.tell('hangup', { cid: this.cid, timetag: Date.now(), account });
        else listener.tell('clientLeave', { uid, account, cid: this.cid });
      }),
      room.on('member_joined', ({ member }) => {
        listener.tell('joinChannel', { uid: this.uidOf(member.account), account: member.account, cid: this.cid });
      }),
      room.on('suspended', () => listener.tell('willreconnect', { count: 1 })),
      room.on('resumed', () => void this.sync()),
      room.on('left', ({ reason }) => {
        if (this.isOver) return;
        this.end();
        listener.over();
        const cid = this.cid;
        if (reason === 'kicked') listener.tell('kicked', { cid, reason: 1 });
        if (reason === 'room_ended') listener.tell('liveRoomClose', { cmd: 23, body: { cid, reason: 1 } });
        const why = { kicked: CLOSED.kicked, room_ended: CLOSED.roomGone, replaced: CLOSED.kicked }[reason as string];
        listener.tell('disconnect', why ?? (reason === 'normal' ? CLOSED.normal : CLOSED.reconnectFailed));
      }),
    );
  }

  private sync(): void {
    if (this.isOver) return;
    this.syncs += 1;
    const userlist = this.list;
    this.listener.tell('syncDone', { code: 200, userlist, connectCount: this.syncs });
  }

  /** Somebody else's stream: its URL is asked for, then it is told of. */
  private async add(id: string, tell: boolean): Promise<void> {
    const { room } = this;
    const stream = room.streams.get(id);
    const owner = stream?.owner ? room.members.get(stream.owner) : undefined;
    if (!stream || !owner || owner.id === room.me.id || this.users.has(id)) return;
    const uid = uidOf(owner.account, stream.client_ref);
    const user: ChannelUser = { uid, account: owner.account, cid: this.cid, mode: modeOf(stream), url: null };
    this.users.set(id, user);
    let subscription: Subscription;
    try {
      subscription = await room.subscribe(id, { via: 'rtmp' });
    } catch {
      // It is gone again, or one may not have it.
      this.users.delete(id);
      return;
    }
    user.url = subscription.url;
    this.stops.push(subscription.on('url', (url) => void (user.url = url)));
    if (tell && this.users.get(id) === user && !this.isOver) this.listener.tell('clientJoin', { ...user });
  }

  private uidOf(account: string): number {
    if (account === this.account) return this.uid;
    return [...this.users.values()].find((user) => user.account === account)?.uid ?? uidOf(account);
  }
}
