/**
 * Attributes of the room and of its members. Both are attributes of the room at the gateway; a member's have the key
 * `@UID/key`, and keys that begin with `~` are these scripts' own.
 */
import type { Room } from '../../types/room';
import { ERR, sdkErr } from './codes';
import { here, uidOfActor, type Desk, type Part } from './desk';
import type { AnyNotice } from './names/notices';
import { bytesOf } from './transfer';

export interface Attribute {
  value: string;
  lastModifyUserID: string;
  /** Unix seconds. */
  lastModifyTs: number;
}

export type AttributeMap = Record<string, Attribute>;

const KEY_BYTES = 64;
const VALUE_BYTES = 8192;
const MOST_USERS = 50;
/** Changes that come together are told together. */
const TOGETHER_MS = 20;

/** Whose attribute it is; `''`: the room's. `null`: neither. */
export function ownerOf(key: string): { uid: string; key: string } | null {
  if (key.startsWith('~')) return null;
  const user = /^@([^/]+)\/(.*)$/s.exec(key);
  return user ? { uid: user[1] ?? '', key: user[2] ?? '' } : { uid: '', key };
}

export function keyOf(uid: string, key: string): string {
  return uid === '' ? key : `@${uid}/${key}`;
}

/** Attributes as apps give them: an object, or its JSON. */
export function readAttributes(given: unknown): Record<string, string> {
  const said = readJson(given);
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw ERR.parameter;
  const read: Record<string, string> = {};
  for (const [key, value] of Object.entries(said)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (key === '' || bytesOf(key) > KEY_BYTES || bytesOf(text) > VALUE_BYTES || /^[~@]/.test(key)) throw ERR.parameter;
    read[key] = text;
  }
  return read;
}

/** Keys or ids as apps give them: an array, its JSON, or a single one. */
export function readList(given: unknown): string[] {
  if (given === undefined || given === null || given === '') return [];
  if (typeof given === 'string' && !given.trim().startsWith('[')) return [given];
  const said = readJson(given);
  if (!Array.isArray(said) || said.some((item) => typeof item !== 'string')) throw ERR.parameter;
  return said as string[];
}

function readJson(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(given) as unknown;
  } catch {
    throw ERR.parameter;
  }
}

interface Batch {
  adds: AttributeMap;
  updates: AttributeMap;
  delKeys: string[];
}

export class AttributeBook implements Part {
  private known = new Map<string, Attribute>();
  private readonly batches = new Map<string, Batch>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly desk: Desk) {}

  entered(room: Room): void {
    // Who set what was there before is not told.
    const before = Object.entries(room.attributes);
    this.known = new Map(before.map(([key, value]) => [key, { value, lastModifyUserID: '', lastModifyTs: 0 }]));
    room.on('attribute_set', ({ key, value, by, at }) => {
      const attribute = { value, lastModifyUserID: uidOfActor(room, by), lastModifyTs: Math.floor(at / 1000) };
      const isNew = !this.known.has(key);
      this.known.set(key, attribute);
      this.collect(key, (batch, name) => {
        if (isNew || name in batch.adds) batch.adds[name] = attribute;
        else batch.updates[name] = attribute;
      });
    });
    room.on('attribute_deleted', ({ key }) => {
      this.known.delete(key);
      this.collect(key, (batch, name) => {
        delete batch.adds[name];
        delete batch.updates[name];
        batch.delKeys.push(name);
      });
    });
  }

  left(): void {
    clearTimeout(this.timer);
    this.known.clear();
    this.batches.clear();
  }

  /** Attributes of the room (`''`) or of a member; all of them without keys. */
  read(uid: string, keys: string[]): AttributeMap {
    const found: AttributeMap = {};
    for (const [key, attribute] of this.known) {
      const owner = ownerOf(key);
      if (owner?.uid === uid && (keys.length === 0 || keys.includes(owner.key))) found[owner.key] = { ...attribute };
    }
    return found;
  }

  getRoom(keys: unknown, cookie: unknown, answers: [AnyNotice, AnyNotice]): void {
    void this.answer(answers[1], cookie, async () => {
      here(this.desk);
      this.desk.notices.fire(answers[0], this.read('', readList(keys)), cookie);
    });
  }

  getUsers(uids: unknown, keys: unknown, cookie: unknown): void {
    void this.answer('GetUserAttrsFail', cookie, async () => {
      here(this.desk);
      const [of, wanted] = [readList(uids), readList(keys)];
      if (of.length === 0 || of.length > MOST_USERS) throw ERR.parameter;
      const found = Object.fromEntries(of.map((uid) => [uid, this.read(uid, wanted)]));
      this.desk.notices.fire('GetUserAttrsSuccess', found, cookie);
    });
  }

  /** Sets attributes; `reset`: and deletes all others of that owner. */
  set(uid: string, given: unknown, reset: boolean, cookie: unknown, answer: AnyNotice): void {
    this.change(cookie, answer, async (room) => {
      const attributes = readAttributes(given);
      for (const [key, value] of Object.entries(attributes)) await room.setAttribute(keyOf(uid, key), value);
      if (!reset) return;
      for (const key of Object.keys(this.read(uid, []))) {
        if (!(key in attributes)) await room.deleteAttribute(keyOf(uid, key));
      }
    });
  }

  remove(uid: string, keys: unknown, cookie: unknown, answer: AnyNotice): void {
    this.change(cookie, answer, async (room) => {
      for (const key of readList(keys)) await room.deleteAttribute(keyOf(uid, key));
    });
  }

  /** All of these owners; `null`: of all members. */
  clear(uids: unknown, cookie: unknown, answer: AnyNotice): void {
    this.change(cookie, answer, async (room) => {
      const wanted = uids === null ? null : readList(uids);
      for (const key of [...this.known.keys()]) {
        const owner = ownerOf(key);
        const isMeant = owner && (wanted ? wanted.includes(owner.uid) : owner.uid !== '');
        if (isMeant) await room.deleteAttribute(key);
      }
    });
  }

  clearRoom(cookie: unknown): void {
    this.change(cookie, 'ClearMeetingAttrsRslt', async (room) => {
      for (const key of Object.keys(this.read('', []))) await room.deleteAttribute(key);
    });
  }

  private change(cookie: unknown, answer: AnyNotice, work: (room: Room) => Promise<void>): void {
    void this.answer(answer, cookie, async () => {
      await work(here(this.desk));
      this.desk.notices.fire(answer, ERR.none, cookie);
    });
  }

  private async answer(failure: AnyNotice, cookie: unknown, work: () => Promise<void>): Promise<void> {
    try {
      await Promise.resolve();
      await work();
    } catch (thrown) {
      this.desk.notices.fire(failure, sdkErr(thrown), cookie);
    }
  }

  private collect(key: string, put: (batch: Batch, name: string) => void): void {
    const owner = ownerOf(key);
    if (!owner) return;
    const batch = this.batches.get(owner.uid) ?? { adds: {}, updates: {}, delKeys: [] };
    this.batches.set(owner.uid, batch);
    put(batch, owner.key);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), TOGETHER_MS);
  }

  private tell(): void {
    const batches = [...this.batches];
    this.batches.clear();
    for (const [uid, { adds, updates, delKeys }] of batches) {
      if (uid === '') this.desk.notices.fire('NotifyMeetingAttrsChanged', adds, updates, delKeys);
      else this.desk.notices.fire('NotifyUserAttrsChanged', uid, adds, updates, delKeys);
    }
  }
}
