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
/** How often it is looked for changes, where the app wants to be told. */
const LOOK_MS = 5_000;

async function onlineOf(client: Client, accounts: string[]): Promise<Set<string>> {
  const answer = (await client.call('presence', { accounts })) as { online?: unknown };
  return new Set(Array.isArray(answer.online) ? (answer.online as string[]) : []);
}

export class Users {
  /** Whoever was asked about, newest last. */
  private readonly asked = new Set<string>();
  private readonly known = new Map<string, number>();
  private looking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly desk: Desk,
    private readonly dnd: () => number,
  ) {}

  ended(): void {
    clearInterval(this.looking);
    this.asked.clear();
    this.known.clear();
  }

  /** Tells of changes from now on, or no longer. */
  notify(on: boolean, cookie: unknown): void {
    const { notices, session } = this.desk;
    const isIn = session.client !== null;
    notices.later(`${on ? 'Start' : 'Stop'}UserStatusNotifyRslt`, isIn ? ERR.none : ERR.notLoggedIn, cookie);
    clearInterval(this.looking);
    if (on && isIn) this.looking = setInterval(() => void this.look().catch(() => undefined), LOOK_MS);
  }

  /** One user; `null`: oneself, the room's members, and all that were asked about before. */
  ask(uid: string | null, cookie: unknown): void {
    void (async () => {
      const { notices, session } = this.desk;
      try {
        await Promise.resolve();
        const { client } = session;
        if (!client) throw ERR.notLoggedIn;
        if (uid !== null) this.remember(uid);
        notices.fire('GetUserStatusSuccess', await this.statuses(client, uid), cookie);
      } catch (thrown) {
        notices.fire('GetUserStatusFail', sdkErr(thrown), cookie);
      }
    })();
  }

  private async look(): Promise<void> {
    const { client } = this.desk.session;
    if (!client) return;
    for (const status of await this.statuses(client, null)) {
      const was = this.known.get(status.UID);
      this.known.set(status.UID, status.userStatus);
      if (was !== undefined && was !== status.userStatus) this.desk.notices.fire('NotifyUserStatus', status);
    }
  }

  private async statuses(client: Client, uid: string | null): Promise<UserStatus[]> {
    const { session, room } = this.desk;
    const members = room ? [...room.members.values()].map(({ account }) => account) : [];
    const wanted = uid === null ? [...new Set([session.uid, ...members, ...this.asked])].slice(0, MOST) : [uid];
    const online = await onlineOf(client, wanted);
    const statuses = wanted.map((account) => this.status(account, online.has(account), members.includes(account)));
    // What the app knows already is no change.
    for (const { UID, userStatus } of statuses) if (!this.known.has(UID)) this.known.set(UID, userStatus);
    return statuses;
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
