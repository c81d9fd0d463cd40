/** One call: what the gateway tells about it, and what one does in it. */
import type { EventFrame } from '../net/frames';
import type { Call, CallEnd, CallEvents, CallMember, CallMemberState, CallState, CallStatus, CallType, CallView, EndedCall } from '../types/calls';
import { Emitter } from '../types/emitter';
import { LianmaiError } from '../types/errors';
import type { Platform } from '../types/platform';
import type { JoinOptions, Room } from '../types/room';

/** Fields of events, those there are. */
interface Fields {
  account: string;
  type: CallType;
  members: CallMember[];
  ext: unknown;
}

/** What a call needs of its client. */
export interface CallHost {
  readonly platform: Platform;
  readonly account: string | null;
  call(op: string, fields: object, how?: { take?: (result: unknown) => void }): Promise<unknown>;
  join(room: string, options: JoinOptions): Promise<Room>;
}

/** After one's own ring is over, the gateway says how the call ended within this time, if it did. */
const LAST_WORD_MS = 2_000;

/** Events that say where an account stands now, and the listeners' name for them. */
const STANDINGS: Record<string, { name: 'ringing' | 'rejected' | 'busy' | 'timed_out' | 'cancelled' | 'left'; state: CallMemberState }> = {
  call_ringing: { name: 'ringing', state: 'ringing' },
  call_rejected: { name: 'rejected', state: 'rejected' },
  call_busy: { name: 'busy', state: 'busy' },
  call_timed_out: { name: 'timed_out', state: 'timed_out' },
  call_cancelled: { name: 'cancelled', state: 'cancelled' },
  call_left: { name: 'left', state: 'left' },
};

export class CallCore extends Emitter<CallEvents> implements Call {
  room: Room | null = null;

  constructor(
    private readonly host: CallHost,
    public view: CallView,
    private readonly onEnd: (call: CallCore, end: CallEnd) => void,
  ) {
    super();
  }

  get id(): string {
    return this.view.call;
  }

  get type(): CallType {
    return this.view.type;
  }

  get state(): CallState {
    return this.view.state;
  }

  get direction(): 'outgoing' | 'incoming' {
    return this.caller === this.host.account ? 'outgoing' : 'incoming';
  }

  get caller(): string {
    return this.view.caller;
  }

  get isGroup(): boolean {
    return this.view.group;
  }

  get members(): readonly CallMember[] {
    return this.view.members;
  }

  get attachment(): unknown {
    return this.view.attachment;
  }

  get here(): boolean {
    return this.view.here && this.view.state !== 'ended';
  }

  get roomId(): string | null {
    return this.view.room ?? null;
  }

  async accept({ ext, join = true }: { ext?: unknown; join?: boolean } = {}): Promise<void> {
    this.adopt((await this.do('accept_call', { ext })) as CallView);
    if (join) await this.join();
  }

  async join(): Promise<Room> {
    if (this.room && this.room.phase !== 'left') return this.room;
    const soon = this.host.platform.now() + 5_000;
    if (!this.view.room || (this.view.ticket_expires_at ?? 0) < soon) {
      const { call } = (await this.host.call('show_call', {})) as { call: CallView | null };
      if (call?.call === this.id) this.adopt(call);
    }
    const { room, ticket } = this.view;
    if (!room) throw new LianmaiError('call_not_active', 'nobody has answered yet', { status: 409 });
    this.room = await this.host.join(room, { ticket });
    return this.room;
  }

  async reject({ busy, reason, ext }: { busy?: boolean; reason?: string; ext?: unknown } = {}): Promise<void> {
    await this.do('reject_call', { busy, reason, ext });
    this.out(busy ? 'busy' : 'rejected');
  }

  async cancel({ to, reason }: { to?: string[]; reason?: string } = {}): Promise<void> {
    await this.do('cancel_call', { callees: to, reason });
    for (const { account, state } of this.members) {
      const rang = state === 'ringing' || state === 'waiting';
      if (rang && (to?.includes(account) ?? true)) this.stands(account, 'cancelled');
    }
  }

  async hangUp(reason?: string): Promise<void> {
    await this.do('hang_up_call', { reason });
    this.out('hung up');
  }

  async leave(): Promise<void> {
    await this.do('leave_call', {});
    this.out('left');
  }

  async invite(accounts: string[], { timeoutMs, attachment }: { timeoutMs?: number; attachment?: unknown } = {}): Promise<void> {
    this.adopt((await this.do('invite_to_call', { callees: accounts, timeout_ms: timeoutMs, attachment })) as CallView);
  }

  async setTimeout(timeoutMs: number): Promise<void> {
    await this.do('set_call_timeout', { timeout_ms: timeoutMs });
  }

  async setType(type: CallType, { ask }: { ask?: boolean } = {}): Promise<boolean> {
    const { asked } = (await this.do('switch_call_type', { type, ask })) as { asked: boolean };
    if (!asked) this.change({ type });
    return asked;
  }

  async answerType(type: CallType, accept: boolean): Promise<void> {
    await this.do('answer_call_type', { type, accept });
    if (accept) this.change({ type });
  }

  async control(data: unknown, to?: string): Promise<void> {
    await this.do('control_call', { data, to });
  }

  async takeOver(): Promise<void> {
    this.adopt((await this.do('take_over_call', {})) as CallView);
  }

  // What the list calls -----------------------------------------------------------------------------

  /** How the gateway shows the call now. */
  adopt(view: CallView): void {
    const before = this.view.state;
    if (before === 'ended') return;
    // A call that is over at once is told so with its reason by an event that follows.
    this.view = view.state === 'ended' ? { ...view, state: before } : view;
    if (this.view.state !== before) this.emit('state', this.view.state);
  }

  receive(frame: EventFrame): void {
    if (this.view.state === 'ended') return;
    const fields = frame as unknown as Fields;
    const { account, type, members, ext } = fields;
    const standing = STANDINGS[frame.event];
    if (standing) {
      this.stands(account, standing.state);
      this.emit(standing.name, fields as never);
      const isOver = standing.name === 'timed_out' || standing.name === 'cancelled';
      if (isOver && account === this.host.account) this.out(standing.name);
      return;
    }
    switch (frame.event) {
      case 'call_members_added':
        this.change({ members });
        return this.emit('members_added', fields as never);
      case 'call_accepted':
        this.accepted(frame);
        return this.emit('accepted', { account, ext });
      case 'call_type_requested':
        return this.emit('type_requested', fields as never);
      case 'call_type_declined':
        return this.emit('type_declined', fields as never);
      case 'call_type_changed':
        this.change({ type });
        return this.emit('type_changed', fields as never);
      case 'call_control':
        return this.emit('control', fields as never);
      case 'call_accepted_elsewhere':
      case 'call_rejected_elsewhere':
      case 'call_taken_over':
        return this.elsewhere(frame.event.slice('call_'.length).replace('_elsewhere', ''), String(frame['device']));
      case 'call_ended': {
        const { status, by, reason, record } = fields as unknown as CallEnd;
        return this.end({ status, by, reason, record, error: null });
      }
    }
  }

  /** It is over, as a record says that was missed. */
  endedBy(record: EndedCall): void {
    this.end({ status: record.status, by: record.ended_by, reason: record.reason, record, error: null });
  }

  end(end: CallEnd): void {
    if (this.view.state === 'ended') return;
    this.view = { ...this.view, state: 'ended', here: false };
    // The gateway ends the room with the call; one who only leaves is out of it, too.
    void this.room?.leave().catch(() => undefined);
    this.emit('state', 'ended');
    this.emit('ended', end);
    this.onEnd(this, end);
  }

  private accepted(fields: EventFrame): void {
    const { type, members, room, ticket, ticket_expires_at, at } = fields as unknown as CallView & { at: number };
    const isFirst = this.view.state === 'ringing';
    this.change({ type, members, room, ticket, ticket_expires_at, state: 'active', answered_at: this.view.answered_at ?? at });
    if (isFirst) this.emit('state', 'active');
  }

  private elsewhere(what: string, device: string): void {
    this.emit('elsewhere', { what: what as 'accepted', device });
    this.room?.leave({ sessionOnly: true }).catch(() => undefined);
    this.room = null;
    this.end({ status: null, by: null, reason: `${what}_elsewhere`, record: null, error: null });
  }

  /** One has no part in it any more. Where that ends it for all, the gateway says so in a moment. */
  private out(reason: CallStatus | string): void {
    const end = () => this.end({ status: null, by: this.host.account, reason, record: null, error: null });
    if (this.isGroup && reason !== 'hung up') end();
    else this.host.platform.setTimer(end, LAST_WORD_MS);
  }

  private stands(account: string, state: CallMemberState): void {
    const { members, me } = this.view;
    const others = members.map((member) => (member.account === account ? { account, state } : member));
    this.change({ members: others, me: account === this.host.account ? state : me });
  }

  private change(change: Partial<CallView>): void {
    this.view = { ...this.view, ...change };
  }

  private do(op: string, fields: object): Promise<unknown> {
    return this.host.call(op, { call: this.id, ...fields });
  }
}
