/** Calling a user into a room that the caller made. One call at a time; unanswered it ends after 30 s. */
import type { Client } from '../client';
import type { Call } from '../../types/calls';
import { ERR, sdkErr } from './codes';
import type { Desk } from './desk';

const RING_MS = 30_000;
/** Longest text that can be said on hanging up. */
const REASON = 128;

interface Said {
  meet: object;
  ext: string;
}

export class CallDesk {
  /** Not to be disturbed: calls are answered with "busy". */
  dnd = 0;
  private readonly known = new Map<string, Call>();
  /** Ended from here: no news for the app. */
  private readonly closed = new Set<string>();

  constructor(private readonly desk: Desk) {}

  opened(client: Client): void {
    client.calls.on('invited', (call) => {
      if (call.isGroup) return;
      if (this.dnd !== 0) return void call.reject({ busy: true }).catch(() => undefined);
      this.follow(call);
      const { meet, ext } = read(call.attachment);
      this.desk.notices.fire('NotifyCallIn', call.id, meet, call.caller, ext);
    });
  }

  ended(): void {
    this.known.clear();
    this.closed.clear();
  }

  call(uid: unknown, meet: unknown, ext: unknown, cookie: unknown): void {
    void this.attempt('CallFail', '', cookie, async () => {
      const client = this.client();
      if (typeof uid !== 'string' || uid === '') throw ERR.noUser;
      const attachment = say(meet, ext);
      const call = await client.calls.invite({ to: [uid], type: 'video', group: false, timeoutMs: RING_MS, attachment });
      const state = call.members.find(({ account }) => account === uid)?.state;
      if (state === 'busy') throw ERR.busy;
      if (state === 'waiting') {
        this.closed.add(call.id);
        await call.cancel().catch(() => undefined);
        throw ERR.offline;
      }
      this.follow(call);
      this.desk.notices.fire('CallSuccess', call.id, cookie);
    });
  }

  accept(id: unknown, meet: unknown, ext: unknown, cookie: unknown): void {
    void this.attempt('AcceptCallFail', id, cookie, async () => {
      await this.find(id).accept({ ext: say(meet, ext), join: false });
      this.desk.notices.fire('AcceptCallSuccess', id, cookie);
    });
  }

  reject(id: unknown, ext: unknown, cookie: unknown): void {
    void this.attempt('RejectCallFail', id, cookie, async () => {
      const call = this.find(id);
      this.closed.add(call.id);
      await call.reject({ ext: say({}, ext) });
      this.desk.notices.fire('RejectCallSuccess', id, cookie);
    });
  }

  hangUp(id: unknown, ext: unknown, cookie: unknown): void {
    void this.attempt('HangupCallFail', id, cookie, async () => {
      const call = this.find(id);
      this.closed.add(call.id);
      await call.hangUp(String(ext ?? '').slice(0, REASON));
      this.desk.notices.fire('HangupCallSuccess', id, cookie);
    });
  }

  setDnd(status: unknown, cookie: unknown): void {
    if (!this.desk.session.client) return this.desk.notices.later('SetDNDStatusFail', ERR.notLoggedIn, cookie);
    this.dnd = Number(status) || 0;
    this.desk.notices.later('SetDNDStatusSuccess', cookie);
  }

  private follow(call: Call): void {
    const { notices } = this.desk;
    this.known.set(call.id, call);
    call.on('accepted', ({ ext }) => {
      const said = read(ext);
      notices.fire('NotifyCallAccepted', call.id, said.meet, said.ext);
    });
    const refused = (err: number, ext: unknown) => {
      this.closed.add(call.id);
      notices.fire('NotifyCallRejected', call.id, err, read(ext).ext);
    };
    call.on('rejected', ({ ext }) => refused(ERR.rejected, ext));
    call.on('busy', ({ ext }) => refused(ERR.busy, ext));
    call.on('timed_out', () => call.direction === 'outgoing' && refused(ERR.noAnswer, null));
    call.on('ended', ({ reason }) => {
      this.known.delete(call.id);
      if (!this.closed.delete(call.id)) notices.fire('NotifyCallHangup', call.id, reason);
    });
  }

  private client(): Client {
    const { client } = this.desk.session;
    if (!client) throw ERR.notLoggedIn;
    return client;
  }

  private find(id: unknown): Call {
    this.client();
    const call = this.known.get(String(id));
    if (!call) throw ERR.callId;
    return call;
  }

  private async attempt(
    failure: 'CallFail' | 'AcceptCallFail' | 'RejectCallFail' | 'HangupCallFail',
    id: unknown,
    cookie: unknown,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await Promise.resolve();
      await work();
    } catch (thrown) {
      this.closed.delete(String(id));
      this.desk.notices.fire(failure, id, sdkErr(thrown), cookie);
    }
  }
}

function say(meet: unknown, ext: unknown): Said {
  return { meet: typeof meet === 'object' && meet !== null ? meet : {}, ext: String(ext ?? '') };
}

/** What the other script said; other kinds of clients may have said anything. */
function read(said: unknown): Said {
  if (typeof said !== 'object' || said === null) return say({}, said ?? '');
  const { meet, ext } = said as Partial<Said>;
  return say(meet, ext);
}
