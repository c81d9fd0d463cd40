/** A room that one is inside of: its state, its commands, and what is sent and received in it. */
import { UrlPublication } from '../media/url-publication';
import { UrlSubscription } from '../media/url-subscription';
import { Emitter } from '../types/emitter';
import { LianmaiError, asError } from '../types/errors';
import type { Actor, LeftReason, RoomChanges, RoomEvents } from '../types/events';
import type { PublishOptions, Publication, SubscribeOptions, Subscription } from '../types/media';
import type { JoinOptions, MuteKind, Room, RoomMix, RoomPushes, RoomRecordings } from '../types/room';
import type { EventFrame } from '../net/frames';
import type { Joined, LimitsUpdate, Member, MuteFlags, RequestView, Role, Room as RoomState, Settings, SettingsUpdate, Stream, Ticket } from '../wire/openapi';
import { diff } from './diff';
import type { KeptPublication, KeptSubscription, MediaEngine, RoomHost } from './host';
import { mixOf, pushesOf, recordingsOf } from './parts';
import { apply } from './replica';

export class RoomCore extends Emitter<RoomEvents> implements Room {
  readonly id: string;
  readonly again: boolean;
  readonly mix: RoomMix;
  readonly recordings: RoomRecordings;
  readonly pushes: RoomPushes;
  readonly publications = new Map<string, KeptPublication>();
  readonly subscriptions = new Map<string, KeptSubscription>();
  state: RoomState;
  phase: Room['phase'] = 'inside';
  /** Id of one's own member. */
  self: string;
  private own: Member;
  private wantsLevels = false;
  private suspendedAt = 0;
  private engine: MediaEngine | null = null;
  private readonly subscribing = new Map<string, Promise<Subscription>>();

  constructor(
    readonly host: RoomHost,
    joined: Joined,
    public entry: JoinOptions,
  ) {
    super();
    this.id = joined.room.id;
    this.again = joined.again;
    this.state = joined.room;
    this.self = joined.member;
    this.own = memberOf(joined);
    this.mix = mixOf(host, this.id);
    this.recordings = recordingsOf(host, this.id);
    this.pushes = pushesOf(host, this.id);
  }

  get me(): Member {
    return this.state.members.find(({ id }) => id === this.self) ?? this.own;
  }

  get settings(): Settings {
    return this.state.settings;
  }

  get members(): ReadonlyMap<string, Member> {
    return new Map(this.state.members.map((member) => [member.id, member]));
  }

  get streams(): ReadonlyMap<string, Stream> {
    return new Map(this.state.streams.map((stream) => [stream.id, stream]));
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.state.attributes;
  }

  get muted(): MuteFlags {
    return this.state.mute_all;
  }

  get requests(): readonly RequestView[] {
    return this.state.requests;
  }

  member(account: string): Member | undefined {
    return this.state.members.find((member) => member.account === account);
  }

  streamsOf(member: string): Stream[] {
    return this.state.streams.filter(({ owner }) => owner === member);
  }

  async leave({ sessionOnly }: { sessionOnly?: boolean } = {}): Promise<void> {
    if (this.phase === 'left') return;
    const leaving = this.host.command('leave', { room: this.id, ...(sessionOnly ? { session_only: true } : {}) });
    this.out('normal', { type: 'member', id: this.self }, null);
    await leaving;
  }

  async destroy(): Promise<void> {
    await this.host.command('destroy_room', { room: this.id });
  }

  async update(settings: SettingsUpdate): Promise<void> {
    await this.host.command('update_room', { room: this.id, ...settings });
  }

  setLimits(limits: LimitsUpdate): Promise<void> {
    return this.update({ limits });
  }

  issueTicket(role: Role, { account, ttlMs }: { account?: string; ttlMs?: number } = {}): Promise<Ticket> {
    return this.host.command('issue_ticket', { room: this.id, role, account, ttl_ms: ttlMs });
  }

  async kick(member: string): Promise<void> {
    await this.host.command('remove_member', { room: this.id, member });
  }

  async setRole(member: string, role: Role): Promise<void> {
    await this.host.command('set_role', { room: this.id, member, role });
  }

  async updateMe(change: { nick?: string; ext?: string }): Promise<void> {
    await this.host.command('update_member', { room: this.id, member: this.self, ...change });
  }

  async mute(member: string, kind: MuteKind): Promise<void> {
    await this.host.command('mute_member', { room: this.id, member, kind });
  }

  async unmute(member: string, kind: MuteKind): Promise<void> {
    await this.host.command('unmute_member', { room: this.id, member, kind });
  }

  async muteAll(kind: MuteKind): Promise<void> {
    await this.host.command('mute_all', { room: this.id, kind });
  }

  async unmuteAll(kind: MuteKind): Promise<void> {
    await this.host.command('unmute_all', { room: this.id, kind });
  }

  async requestRole(role: Role): Promise<void> {
    await this.host.command('request_role', { room: this.id, role });
  }

  async withdrawRequest(): Promise<void> {
    await this.host.command('withdraw_request', { room: this.id, member: this.self });
  }

  async answerRequest(member: string, role: Role, accept: boolean): Promise<void> {
    await this.host.command('answer_request', { room: this.id, member, role, accept });
  }

  async setAttribute(key: string, value: string): Promise<void> {
    await this.host.command('set_attribute', { room: this.id, key, value });
  }

  async deleteAttribute(key: string): Promise<void> {
    await this.host.command('delete_attribute', { room: this.id, key });
  }

  async send(payload: string, to?: string): Promise<void> {
    await this.host.command('send_message', { room: this.id, payload, to });
  }

  async setLevels(on: boolean): Promise<void> {
    this.wantsLevels = on;
    await this.host.command('levels', { room: this.id, on });
  }

  async publish(options: PublishOptions = {}): Promise<Publication> {
    this.mustBeInside();
    const made = this.byWebRtc(options.via) ? await this.mediaEngine().publish(options) : await UrlPublication.open(this, options);
    this.publications.set(made.stream, made);
    made.once('ended', () => this.publications.delete(made.stream));
    return made;
  }

  subscribe(stream: string, options: SubscribeOptions = {}): Promise<Subscription> {
    const there = this.subscriptions.get(stream) ?? this.subscribing.get(stream);
    if (there) return Promise.resolve(there);
    const opening = this.openSubscription(stream, options).finally(() => this.subscribing.delete(stream));
    this.subscribing.set(stream, opening);
    return opening;
  }

  subscribeAll(onSubscription: (subscription: Subscription) => void, options: SubscribeOptions = {}): () => void {
    const take = ({ id, owner, kind }: Stream) => {
      if (owner === this.self || kind === 'mix' || this.subscriptions.has(id)) return;
      // A stream that is gone again by now is of no interest.
      this.subscribe(id, options).then(onSubscription, () => undefined);
    };
    const stop = this.on('stream_added', ({ stream }) => take(stream));
    this.state.streams.forEach(take);
    return stop;
  }

  async streamStats(): Promise<Stream[]> {
    return (await this.host.command('list_streams', { room: this.id })).streams;
  }

  // What the client and media call ------------------------------------------------------------------

  /** An event of this room. */
  receive(frame: EventFrame): void {
    if (this.phase === 'left') return;
    if (frame.event === 'resync') return this.resync(frame['view'] as RoomState, true);
    const name = frame.event as keyof RoomChanges;
    const event = frame as unknown as RoomChanges[typeof name];
    this.state = apply(this.state, name, event);
    this.tell(name, event);
  }

  /** A newer ticket to enter again with. */
  refreshTicket(ticket: string): void {
    this.entry = { ...this.entry, ticket };
  }

  suspend(): void {
    if (this.phase !== 'inside') return;
    this.phase = 'suspended';
    this.suspendedAt = this.host.platform.now();
    this.emit('suspended', { room: this.id });
  }

  /** The connection is back, in the same session, with this member still inside or not. */
  async comeBack(isInside: boolean): Promise<void> {
    if (this.phase === 'left') return;
    if (isInside) return this.inside(false);
    const graceMs = this.settings.timing.member_grace_ms ?? 30_000;
    const away = this.host.platform.now() - this.suspendedAt;
    if (this.suspendedAt > 0 && away < graceMs / 2) return this.out('kicked', null, null);
    return this.enterAgain();
  }

  async enterAgain(): Promise<void> {
    if (this.phase === 'left') return;
    try {
      const joined = await this.host.rejoin(this);
      const isNew = joined.member !== this.self;
      this.self = joined.member;
      this.own = memberOf(joined);
      this.resync(joined.room, false);
      this.inside(isNew || !joined.again);
    } catch (thrown) {
      const error = asError(thrown);
      // The next connection tries again.
      if (error.status === 0) return;
      this.out('refused', null, error);
    }
  }

  /** One is no longer inside. */
  out(reason: LeftReason, by: Actor | null, error: LianmaiError | null): void {
    if (this.phase === 'left') return;
    this.phase = 'left';
    this.host.forget(this);
    for (const kept of this.kept()) kept.end('left_room', error ?? undefined);
    this.engine?.close();
    this.emit('left', { room: this.id, reason, by, error });
  }

  private inside(rejoined: boolean): void {
    this.phase = 'inside';
    this.emit('resumed', { room: this.id, rejoined });
    if (this.wantsLevels) this.setLevels(true).catch(() => undefined);
    this.engine?.resumed(rejoined);
    for (const kept of this.kept()) kept.resumed(rejoined);
  }

  private resync(view: RoomState, tell: boolean): void {
    const before = this.state;
    this.state = view;
    for (const { name, event } of diff(before, view, this.host.platform.now())) this.tell(name, event as never);
    if (tell) this.emit('resync', { room: this.id });
  }

  private tell<K extends keyof RoomChanges>(name: K, event: RoomChanges[K]): void {
    this.emit(name, event as never);
    const fields = event as unknown as { stream?: string | Stream; member?: unknown; reason?: unknown; by?: Actor | null };
    const stream = typeof fields.stream === 'string' ? fields.stream : fields.stream?.id;
    for (const kept of this.kept()) {
      if (kept.stream !== stream) continue;
      if (name === 'stream_removed') kept.end(String(fields.reason));
      else kept.onRoomEvent(name);
    }
    if (name === 'member_left' && fields.member === this.self) this.out(fields.reason as LeftReason, fields.by ?? null, null);
    if (name === 'room_ended') this.out('room_ended', null, null);
  }

  private async openSubscription(stream: string, options: SubscribeOptions): Promise<Subscription> {
    this.mustBeInside();
    const made = this.byWebRtc(options.via)
      ? await this.mediaEngine().subscribe(stream, options)
      : await UrlSubscription.open(this, stream, options);
    this.subscriptions.set(stream, made);
    made.once('ended', () => this.subscriptions.delete(stream));
    return made;
  }

  private kept(): (KeptPublication | KeptSubscription)[] {
    return [...this.publications.values(), ...this.subscriptions.values()];
  }

  private byWebRtc(via: 'rtmp' | 'webrtc' | undefined): boolean {
    return (via ?? (this.host.makeEngine ? 'webrtc' : 'rtmp')) === 'webrtc';
  }

  private mediaEngine(): MediaEngine {
    const { makeEngine } = this.host;
    if (!makeEngine) throw new LianmaiError('not_supported', 'there is no WebRTC here');
    this.engine ??= makeEngine(this);
    return this.engine;
  }

  private mustBeInside(): void {
    if (this.phase === 'left') throw new LianmaiError('left_room', 'one is not inside any more');
  }
}

function memberOf({ member, room }: Joined): Member {
  const found = room.members.find(({ id }) => id === member);
  if (!found) throw new LianmaiError('bad_answer', 'one is not among the members of the room');
  return found;
}
