/** Inviting a user with a text, without a call: what it is for is the apps' matter. */
import { ERR, sdkErr } from './codes';
import type { Desk } from './desk';
import type { Letter } from './envelope';
import { taskId, type Messages } from './messages';

/** Unanswered for so long, an invitation is refused. */
const WAIT_MS = 30_000;
/** Most that are open at once; more are refused. */
const MOST = 64;

interface Invitation {
  peer: string;
  own: boolean;
  timer: ReturnType<typeof setTimeout>;
}

type Verb = 'Accept' | 'Reject' | 'Cancel';

export class Invites {
  messages: Messages | null = null;
  private readonly all = new Map<string, Invitation>();

  constructor(private readonly desk: Desk) {}

  ended(): void {
    for (const { timer } of this.all.values()) clearTimeout(timer);
    this.all.clear();
  }

  invite(uid: unknown, ext: unknown, cookie: unknown): string {
    const id = taskId();
    void (async () => {
      try {
        await Promise.resolve();
        if (typeof uid !== 'string' || uid === '') throw ERR.noUser;
        this.remember(id, uid, true);
        await this.tell(uid, { do: 'invite', id, ext: String(ext ?? '') });
        this.desk.notices.fire('InviteSuccess', id, cookie);
      } catch (thrown) {
        this.forget(id);
        const err = sdkErr(thrown);
        this.desk.notices.fire('InviteFail', id, err === ERR.noTarget ? ERR.offline : err, cookie);
      }
    })();
    return id;
  }

  answer(id: unknown, accepted: boolean, ext: unknown, cookie: unknown): void {
    const letter = { do: 'invite-answer', accepted, ext: String(ext ?? ''), reason: ERR.rejected } as const;
    void this.close(id, false, accepted ? 'Accept' : 'Reject', cookie, (of) => ({ ...letter, id: of }));
  }

  cancel(id: unknown, ext: unknown, cookie: unknown): void {
    const letter = { do: 'invite-cancel', ext: String(ext ?? ''), reason: ERR.none } as const;
    void this.close(id, true, 'Cancel', cookie, (of) => ({ ...letter, id: of }));
  }

  received(from: string, letter: Letter): void {
    const { notices } = this.desk;
    if (letter.do === 'invite') {
      const { id, ext } = letter;
      if (typeof id !== 'string' || this.all.has(id) || this.all.size >= MOST) return;
      this.remember(id, from, false);
      return notices.fire('NotifyInviteIn', id, from, String(ext ?? ''));
    }
    if (letter.do !== 'invite-answer' && letter.do !== 'invite-cancel') return;
    const { id, reason } = letter;
    const known = this.all.get(id);
    const ext = String(letter.ext ?? '');
    if (!known || known.peer !== from || known.own !== (letter.do === 'invite-answer')) return;
    this.forget(id);
    if (letter.do === 'invite-cancel') notices.fire('NotifyInviteCanceled', id, String(reason), ext);
    else if (letter.accepted === true) notices.fire('NotifyInviteAccepted', id, ext);
    else notices.fire('NotifyInviteRejected', id, String(reason), ext);
  }

  private async close(id: unknown, own: boolean, verb: Verb, cookie: unknown, letter: (id: string) => Letter): Promise<void> {
    const key = String(id);
    try {
      await Promise.resolve();
      const known = this.all.get(key);
      if (!known || known.own !== own) throw ERR.parameter;
      this.forget(key);
      await this.tell(known.peer, letter(key));
      this.desk.notices.fire(`${verb}InviteSuccess`, key, cookie);
    } catch (thrown) {
      this.desk.notices.fire(`${verb}InviteFail`, key, sdkErr(thrown), cookie);
    }
  }

  private remember(id: string, peer: string, own: boolean): void {
    const timer = setTimeout(() => {
      if (!this.all.delete(id)) return;
      const [name, reason] = own ? (['Rejected', ERR.noAnswer] as const) : (['Canceled', ERR.noAnswer] as const);
      this.desk.notices.fire(`NotifyInvite${name}`, id, String(reason), '');
    }, WAIT_MS);
    this.all.set(id, { peer, own, timer });
  }

  private forget(id: string): void {
    clearTimeout(this.all.get(id)?.timer);
    this.all.delete(id);
  }

  private async tell(to: string, letter: Letter): Promise<void> {
    await this.messages?.tell(to, letter);
  }
}
