/** Making, ending, entering and leaving rooms. Here everybody in a room may do everything, as the vendor's clients expect. */
import type { Client } from '../client';
import type { Room } from '../../types/room';
import type { CreateRoom } from '../../wire/openapi';
import { ERR, sdkErr } from './codes';
import type { Desk, Part } from './desk';

export interface RoomInfo {
  ID: number;
  pswd: string;
  subject: string;
  pubMeetUrl: string;
}

/** As many as the gateway allows without further ado. */
const LIMITS = { talkers: 500, videos: 100, audiences: 0, desktops: 4 };
const TRIES = 5;

export class Rooms {
  /** Counts entries and exits, so that an answer that comes too late finds out. */
  private turn = 0;

  constructor(
    private readonly desk: Desk,
    private readonly create: (client: Client, settings: CreateRoom) => Promise<unknown>,
    private readonly parts: Part[],
  ) {}

  /** The one argument is a cookie; older scripts pass a subject and whether there is a password. */
  make(first: unknown, second: unknown): void {
    const legacy = typeof first === 'object' && first !== null ? (first as { meetSubject?: unknown; needPswd?: unknown }) : null;
    const cookie = legacy ? second : first;
    void (async () => {
      try {
        await Promise.resolve();
        const client = this.client();
        const subject = legacy && typeof legacy.meetSubject === 'string' ? legacy.meetSubject : '';
        const pswd = legacy?.needPswd ? String(1000 + Math.floor(Math.random() * 9000)) : '';
        const id = await this.makeOne(client, subject, pswd);
        const info: RoomInfo = { ID: id, pswd, subject, pubMeetUrl: '' };
        this.desk.notices.fire('CreateMeetingSuccess', info, cookie);
      } catch (thrown) {
        this.desk.notices.fire('CreateMeetingFail', sdkErr(thrown), cookie);
      }
    })();
  }

  destroy(id: unknown, cookie: unknown): void {
    void (async () => {
      try {
        await Promise.resolve();
        await this.client().call('destroy_room', { room: nameOf(id) });
        this.desk.notices.fire('DestroyMeetingRslt', ERR.none, cookie);
      } catch (thrown) {
        this.desk.notices.fire('DestroyMeetingRslt', sdkErr(thrown), cookie);
      }
    })();
  }

  /** `(ID, cookie)`; older scripts also pass a password: `(ID, password, …, cookie)`. */
  enter(id: unknown, ...more: unknown[]): void {
    const cookie = more.at(-1);
    const password = more.length > 1 && typeof more[0] === 'string' && more[0] !== '' ? more[0] : undefined;
    const turn = ++this.turn;
    void (async () => {
      try {
        await Promise.resolve();
        const client = this.client();
        if (this.desk.room) this.leave();
        const room = await this.join(client, nameOf(id), password);
        if (turn !== this.turn) return void room.leave().catch(() => undefined);
        this.settle(room);
        this.desk.notices.fire('EnterMeetingRslt', ERR.none, cookie);
      } catch (thrown) {
        if (turn === this.turn) this.desk.notices.fire('EnterMeetingRslt', sdkErr(thrown), cookie);
      }
    })();
  }

  exit(): void {
    this.turn += 1;
    this.leave();
  }

  /** The connection or the login is gone; with `dropped` the app learns that the room is, too. */
  ended(dropped: boolean): void {
    const inside = this.desk.room !== null;
    this.turn += 1;
    this.forget();
    if (inside && dropped) this.desk.notices.later('MeetingDropped');
  }

  private settle(room: Room): void {
    this.desk.room = room;
    for (const part of this.parts) part.entered(room);
    room.on('left', ({ reason }) => {
      if (this.desk.room !== room) return;
      this.forget();
      this.desk.notices.fire(reason === 'room_ended' ? 'MeetingStopped' : 'MeetingDropped');
    });
  }

  private leave(): void {
    const { room } = this.desk;
    this.forget();
    void room?.leave().catch(() => undefined);
  }

  private forget(): void {
    if (!this.desk.room) return;
    this.desk.room = null;
    for (const part of this.parts) part.left();
  }

  /** As an admin where the room allows that to everybody, as ours do, and otherwise as what it has for whoever comes. */
  private async join(client: Client, id: string, password: string | undefined): Promise<Room> {
    const how = { nick: this.desk.session.nickname, ext: '{"sdk":"crvideo"}', ...(password ? { password } : {}) };
    try {
      return await client.join(id, { ...how, role: 'admin' });
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code !== 'not_allowed') throw thrown;
      return client.join(id, how);
    }
  }

  private async makeOne(client: Client, subject: string, password: string): Promise<number> {
    for (let tries = 1; ; tries += 1) {
      const id = 10_000_000 + Math.floor(Math.random() * 90_000_000);
      try {
        await this.create(client, {
          id: String(id),
          kind: 'communication',
          limits: LIMITS,
          lifetime: { type: 'persistent' },
          permissions: { self_role: 'admin' },
          custom_info: JSON.stringify({ sdk: 'crvideo', subject }),
          ...(password ? { password } : {}),
        } as CreateRoom);
        return id;
      } catch (thrown) {
        if ((thrown as { code?: unknown }).code !== 'room_exists' || tries === TRIES) throw thrown;
      }
    }
  }

  private client(): Client {
    const { client } = this.desk.session;
    if (!client) throw ERR.notLoggedIn;
    return client;
  }
}

function nameOf(id: unknown): string {
  const text = String(id ?? '');
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw ERR.parameter;
  return text;
}
