/**
 * The component: rings, answers, and brings the media of a call to the page. What may be done when is in `states.ts`; the
 * gateway keeps the calls.
 */
import type { Call, CallEnd } from '../../types/calls';
import { componentError } from './codes';
import { Component, MOST_MS } from './component';
import { failure } from './failure';
import * as given from './options';
import { settle, type Callbacks } from './options';
import { uidOf } from './rtc/ids';
import { check, type CallingState, type Operation } from './states';

/** Several of a group that do not answer are told of once. */
const TOGETHER_MS = 50;

export class Calling extends Component {
  /** Where the present call stands. */
  state: CallingState = 'idle';
  private call_: Call | null = null;
  /** Who was invited into a group that was running. */
  private readonly added = new Set<string>();
  private starting: Promise<unknown> = Promise.resolve();
  private late: ReturnType<typeof setTimeout> | undefined;

  call(options: given.CallOptions): Promise<void> {
    return this.begin([options.userId], false, options.type, { attachment: options.attachment, groupId: null }, options);
  }

  groupCall(options: given.GroupCallOptions): Promise<void> {
    const said = { attachment: options.attachment, groupId: options.groupId ?? null };
    return this.begin(options.userIds, true, options.type, said, options);
  }

  groupInvite({ userIds, attachment, groupId, ...callbacks }: Omit<given.GroupCallOptions, 'type'>): Promise<void> {
    const work = async () => {
      if (this.state !== 'inCall' || !this.call_?.isGroup) throw componentError('noChannelInfo', 'there is no group call');
      for (const userId of userIds) this.added.add(userId);
      await this.call_.invite(userIds, { ...this.ringing(), attachment: { attachment, groupId: groupId ?? null } });
    };
    return settle(work(), callbacks);
  }

  cancel(callbacks: Callbacks = {}): Promise<void> {
    return this.act('cancel', callbacks);
  }

  accept(callbacks: Callbacks = {}): Promise<void> {
    return this.act('accept', callbacks);
  }

  reject(callbacks: Callbacks = {}): Promise<void> {
    return this.act('reject', callbacks);
  }

  hangup(callbacks: Callbacks = {}): Promise<void> {
    return this.act('hangup', callbacks);
  }

  leave(options: Callbacks & { channelId?: string } = {}): Promise<void> {
    return this.act('leave', options);
  }

  /** From a picture to sound alone; the other way is not offered. */
  switchCallType(type: number, callbacks: Callbacks = {}): Promise<void> {
    const work = async () => {
      check('switchCallType', this.state);
      if (type !== 1) throw componentError('noCallType', 'a call can only become one of sound');
      await this.call_?.setType('audio');
      await this.media.enable('video', false);
    };
    return settle(work(), callbacks);
  }

  async getRoomInfo(): Promise<object> {
    const call = this.call_;
    if (!call) throw componentError('noChannelInfo', 'there is no call');
    const inside = call.members.filter(({ state }) => state === 'inside');
    return {
      channelId: call.id,
      channelName: call.roomId ?? call.id,
      channelCreateTime: call.view.started_at,
      channelExpireTime: call.view.started_at + 24 * 3_600_000,
      creator: call.caller,
      members: inside.map(({ account }) => ({ account, accid: account, uid: uidOf(account) })),
      uid: uidOf(this.account),
    };
  }

  // -------------------------------------------------------------------------------------------------------

  protected current(): Call | null {
    return this.call_;
  }

  protected invited(call: Call): void {
    if (this.state !== 'idle') {
      if (call.id !== this.call_?.id) call.reject({ busy: true }).catch(() => undefined);
      return;
    }
    this.take(call, 'called');
    if (this.timeoutMs !== null) call.setTimeout(this.timeoutMs).catch(() => undefined);
    const { attachment, groupId } = given.readAttachment(call.attachment);
    const userIds = call.members.map(({ account }) => account).filter((account) => account !== call.caller);
    const type = given.TYPE_NUMBERS[call.type];
    this.emit('onInvited', { invitor: call.caller, userIds, isFromGroup: call.isGroup, groupId, attachment, type });
  }

  private begin(
    to: string[],
    group: boolean,
    type: number,
    attachment: given.Attachment,
    callbacks: Callbacks,
  ): Promise<void> {
    const work = async () => {
      check('call', this.state);
      const client = this.online();
      const named = given.TYPES[type];
      if (!named) throw componentError('noCallType', 'type is 1, 2 or 3');
      this.state = 'calling';
      const inviting = client.calls.invite({ to, type: named, group, ...this.ringing(), attachment });
      this.starting = inviting.catch(() => undefined);
      try {
        this.take(await inviting, 'calling');
      } catch (thrown) {
        this.over();
        throw failure(thrown);
      }
      if (group && to.length > 0 && this.missed() === to.length) throw componentError('inviteAllFailed', 'nobody can be reached');
    };
    return settle(work(), callbacks);
  }

  private act(operation: Operation, callbacks: Callbacks): Promise<void> {
    const work = async () => {
      const does = check(operation, this.state);
      // A call that is being made is taken back once it is there.
      if (!this.call_) await this.starting;
      const call = this.call_;
      if (!call) throw componentError('noChannelInfo', 'the call did not come about');
      try {
        await this.carryOut(does, call);
      } catch (thrown) {
        // What is over at the gateway is over here.
        if (this.call_ === call && does === 'accept') this.over();
        throw failure(thrown);
      }
    };
    return settle(work(), callbacks);
  }

  private async carryOut(operation: Operation, call: Call): Promise<void> {
    if (operation === 'accept') {
      await call.accept();
      return this.enter(call);
    }
    // Gone here at once; the gateway's word follows.
    const isInCall = this.state === 'inCall';
    if (isInCall && operation === 'hangup') call.once('ended', () => this.emit('onCallEnd'));
    this.over();
    if (operation === 'reject') await call.reject();
    else if (operation === 'leave') await call.leave();
    else if (operation === 'hangup') await call.hangUp();
    // A call that nobody answered ends when it is taken back; in a group others may be inside.
    else await call.cancel().catch(() => call.hangUp());
  }

  /** Listens to a call until it is over. */
  private take(call: Call, state: CallingState): void {
    this.call_ = call;
    this.state = state;
    const isOurs = () => this.call_ === call;
    call.on('accepted', ({ account }) => {
      if (!isOurs()) return;
      this.emit('onUserAccept', account);
      if (this.state === 'calling') this.enter(call).catch((thrown: unknown) => this.emit('onError', failure(thrown)));
    });
    call.on('rejected', ({ account }) => isOurs() && this.emit('onUserReject', account));
    call.on('busy', ({ account }) => isOurs() && this.emit('onUserBusy', account));
    call.on('timed_out', ({ account }) => isOurs() && this.timedOut(call, account));
    call.on('cancelled', ({ account }) => {
      if (isOurs() && account === this.account) this.emit('onUserCancel', call.caller);
    });
    call.on('type_changed', ({ type }) => {
      if (!isOurs()) return;
      this.emit('onCallTypeChange', given.TYPE_NUMBERS[type]);
      if (type === 'audio') this.media.enable('video', false).catch(() => undefined);
    });
    // What this component does not offer, it does not take either.
    call.on('type_requested', ({ type }) => void call.answerType(type, false).catch(() => undefined));
    call.on('elsewhere', ({ what }) => {
      if (isOurs()) this.emit(what === 'rejected' ? 'onOtherClientReject' : 'onOtherClientAccept');
    });
    call.on('ended', (end) => isOurs() && this.ended(end));
  }

  private async enter(call: Call): Promise<void> {
    this.state = 'inCall';
    const room = await call.join();
    if (this.call_ !== call) return;
    const uid = uidOf(this.account);
    if (this.tokenService) await this.tokenService(uid);
    this.emit('onJoinChannel', { uid, cid: call.id, channelName: room.id, userId: this.account });
    await this.media.begin(room, uid, { audio: true, video: call.type === 'video' });
  }

  private timedOut(call: Call, account: string): void {
    if (account === this.account) return void this.emit('onCallingTimeOut', 'beCallTimeOut');
    if (!call.isGroup) return void this.emit('onCallingTimeOut', 'callTimeOut');
    const reason = this.added.has(account) ? 'groupInviteTimeOut' : 'groupCallTimeOut';
    clearTimeout(this.late);
    this.late = setTimeout(() => this.emit('onCallingTimeOut', reason), TOGETHER_MS);
  }

  private ended({ status }: CallEnd): void {
    const wasInCall = this.state === 'inCall';
    // One that took its ring back before this device knew how it ended.
    if (this.state === 'called' && status === 'cancelled') this.emit('onUserCancel', this.call_?.caller);
    this.over();
    if (wasInCall) this.emit('onCallEnd');
  }

  protected over(): void {
    this.call_ = null;
    this.state = 'idle';
    this.added.clear();
    this.media.end();
  }

  /** How many of those who were called are known not to answer. */
  private missed(): number {
    const gone = ['busy', 'rejected', 'timed_out'];
    return this.call_?.members.filter(({ state }) => gone.includes(state)).length ?? 0;
  }

  private ringing(): { timeoutMs: number } {
    return { timeoutMs: this.timeoutMs ?? MOST_MS };
  }
}

