/** Whether users are online. The gateway answers for accounts that it is asked about: there is no list of all. */
import type { Client } from '../client';
import { ERR, USER_STATUS, sdkErr } from './codes';
import type { Desk } from './desk';

export interface UserStatus {
  UID: string;
  userID: string;
  userStatus: number;
  DNDType: number;
}

/** How many accounts are asked about at once. */
const MOST = 100;

async function onlineOf(client: Client, accounts: string[]): Promise<Set<string>> {
  const answer = (await client.call('presence', { accounts })) as { online?: unknown };
  return new Set(Array.isArray(answer.online) ? (answer.online as string[]) : []);
}

export class Users {
  /** Whoever was asked about, newest last. */
  private readonly asked = new Set<string>();

  constructor(
    private readonly desk: Desk,
    private readonly dnd: () => number,
  ) {}

  ended(): void {
    this.asked.clear();
  }

  /** One user; `null`: oneself, the room's members, and all that were asked about before. */
  ask(uid: string | null, cookie: unknown): void {
    void (async () => {
      const { notices, session, room } = this.desk;
      try {
        await Promise.resolve();
        const { client } = session;
        if (!client) throw ERR.notLoggedIn;
        if (uid !== null) this.remember(uid);
        const members = room ? [...room.members.values()].map(({ account }) => account) : [];
        const wanted = uid === null ? [...new Set([session.uid, ...members, ...this.asked])].slice(0, MOST) : [uid];
        const online = await onlineOf(client, wanted);
        const statuses = wanted.map((account) => this.status(account, online.has(account), members.includes(account)));
        notices.fire('GetUserStatusSuccess', statuses, cookie);
      } catch (thrown) {
        notices.fire('GetUserStatusFail', sdkErr(thrown), cookie);
      }
    })();
  }

  private status(account: string, online: boolean, isHere: boolean): UserStatus {
    const { offline, idle, inRoom } = USER_STATUS;
    const own = account === this.desk.session.uid;
    const userStatus = isHere ? inRoom : online || own ? idle : offline;
    return { UID: account, userID: account, userStatus, DNDType: own ? this.dnd() : 0 };
  }

  private remember(uid: string): void {
    this.asked.delete(uid);
    this.asked.add(uid);
    const oldest = this.asked.values().next();
    if (this.asked.size > MOST && !oldest.done) this.asked.delete(oldest.value);
  }
}
