/** The calls of an account: those that ring here, and the one it is in. */
import type { EventFrame } from '../net/frames';
import type { Call, CallMessage, Calls, CallsEvents, CallView, EndedCall, InviteOptions } from '../types/calls';
import { Emitter } from '../types/emitter';
import { LianmaiError } from '../types/errors';
import type { HttpRequest } from '../types/platform';
import type { Query } from '../net/rest';
import { CallCore, type CallHost } from './call';

export interface CallsHost extends CallHost {
  connect(): Promise<void>;
  request<T>(method: HttpRequest['method'], path: string, options?: { query?: Query }): Promise<T>;
  /** A command before rooms are entered again. */
  urgently(op: string, fields: object): Promise<unknown>;
}

export class CallList extends Emitter<CallsEvents> implements Calls {
  readonly active = new Map<string, CallCore>();

  constructor(private readonly host: CallsHost) {
    super();
  }

  get current(): Call | null {
    return [...this.active.values()].find(({ here }) => here) ?? null;
  }

  async invite({ to, type = 'audio', group = to.length > 1, timeoutMs, attachment }: InviteOptions): Promise<Call> {
    await this.host.connect();
    const fields = { callees: to, type, group, timeout_ms: timeoutMs, attachment };
    let made: Call | undefined;
    const take = (result: unknown) => {
      const view = result as CallView;
      // Where everybody is busy it is over by now, as events say that follow.
      made = this.keep(view.state === 'ended' ? { ...view, state: 'ringing' } : view);
    };
    await this.host.call('start_call', fields, { take });
    if (!made) throw new LianmaiError('bad_answer', 'the call was not answered');
    return made;
  }

  async ended(query: Parameters<Calls['ended']>[0] = {}): Promise<EndedCall[]> {
    return (await this.host.request<{ records: EndedCall[] }>('GET', '/v1/calls/records', { query })).records;
  }

  endedCall(call: string): Promise<EndedCall> {
    return this.host.request('GET', `/v1/calls/records/${encodeURIComponent(call)}`);
  }

  // What the client calls ---------------------------------------------------------------------------

  receive(frame: EventFrame): void {
    if (frame.event === 'call_message') return this.emit('message', frame as unknown as CallMessage);
    if (frame.event === 'call_sync') return this.sync(frame['state'] as CallView | null);
    const call = this.active.get(String(frame['call']));
    if (frame.event !== 'call_invited') return call?.receive(frame);
    if (!call) this.emit('invited', this.keep(invited(frame)));
  }

  /** A new session: the call that was on the one before comes here, so that its room can be entered again. */
  async takeUp(): Promise<void> {
    for (const call of this.active.values()) {
      if (!call.here || call.state !== 'active') continue;
      try {
        call.adopt((await this.host.urgently('take_over_call', { call: call.id })) as CallView);
        if (call.room && call.view.ticket) call.room.refreshTicket(call.view.ticket);
      } catch {
        // It is over, as is said below.
      }
    }
  }

  /** The connection is there, perhaps again: calls that ended meanwhile are over. */
  connected(): void {
    for (const call of this.active.values()) {
      this.host.call('show_ended_call', { call: call.id }).then(
        (record) => call.endedBy(record as EndedCall),
        // It goes on.
        () => undefined,
      );
    }
  }

  closed(error: LianmaiError | null = null): void {
    for (const call of [...this.active.values()]) {
      call.end({ status: null, by: null, reason: 'closed', record: null, error });
    }
  }

  /** Where the account stands. What it is no longer in is told by the record, see above. */
  private sync(view: CallView | null): void {
    if (!view) return;
    const known = this.active.get(view.call);
    if (known) return known.adopt(view);
    this.emit('elsewhere', this.keep(view));
  }

  private keep(view: CallView): CallCore {
    const made = new CallCore(this.host, view, (call, end) => {
      this.active.delete(call.id);
      this.emit('ended', { call, end });
    });
    this.active.set(view.call, made);
    return made;
  }
}

/** What an invitation says of its call. */
function invited(frame: EventFrame): CallView {
  const { call, type, group, caller, members, attachment, started_at, expires_at, sequence } = frame as unknown as CallView;
  const fixed = { state: 'ringing', me: 'ringing', here: false, answered_at: null } as const;
  return { call, type, group, caller, members, attachment, started_at, expires_at, sequence, ...fixed };
}
