/** What members and users say to each other: to the whole room, and to single users, who need not be in a room. */
import type { Client } from '../client';
import type { Room } from '../../types/room';
import { ERR, sdkErr } from './codes';
import { here, uidOfActor, type Desk, type Part } from './desk';
import { MARK, open, seal, type Letter } from './envelope';
import type { AnyNotice } from './names/notices';
import { Assembly, PART_BYTES, bytesOf, cut, fromBase64, toBase64 } from './transfer';

type PartKind = 'cmd' | 'buffer' | 'file';

const COMMAND_BYTES = 64 * 1024;
const BUFFER_BYTES = 100 * 1024 * 1024;
const ANSWER = { cmd: 'SendCmdRslt', buffer: 'SendBufferRslt', file: 'SendFileRslt' } as const;
/** Pause after so many parts, so that a big file does not use up what a session may send. */
const PACE = { parts: 20, ms: 500 };

interface Task {
  kind: PartKind;
  to: string;
  cookie: unknown;
  /** What the app counts in. */
  total: number;
  text: string;
  name?: string;
  binary: boolean;
}

export class Messages implements Part {
  private readonly assembly = new Assembly();
  private readonly cancelled = new Set<string>();
  private readonly running = new Set<string>();

  constructor(
    private readonly desk: Desk,
    /** Takes what users' scripts say to each other beside messages. */
    private readonly others: (from: string, letter: Letter) => void,
  ) {}

  /** Listens to messages of users, in or out of a room. */
  opened(client: Client): void {
    client.on('event', (event) => {
      if (event.event !== 'account_message') return;
      const { from, data } = event as unknown as { from: string; data: unknown };
      const letter = open(data);
      if (letter) this.received(from, letter);
      else if (typeof data === 'string') this.desk.notices.fire('NotifyCmdData', from, data);
    });
  }

  entered(room: Room): void {
    room.on('custom_message', ({ from, to, payload }) => {
      const uid = uidOfActor(room, from);
      if (uid === room.me.account) return;
      const letter = open(payload);
      if (letter) return this.received(uid, letter);
      this.desk.notices.fire(to.type === 'everyone' ? 'NotifyMeetingCustomMsg' : 'NotifyCmdData', uid, payload);
    });
  }

  left(): void {}

  sendToRoom(message: unknown, cookie: unknown): void {
    void (async () => {
      try {
        await Promise.resolve();
        const room = here(this.desk);
        const text = String(message ?? '');
        if (text.startsWith(MARK)) throw ERR.parameter;
        if (bytesOf(text) > COMMAND_BYTES - 4096) throw ERR.dataTooLarge;
        await room.send(text);
        this.desk.notices.fire('SendMeetingCustomMsgRslt', ERR.none, cookie);
      } catch (thrown) {
        this.desk.notices.fire('SendMeetingCustomMsgRslt', sdkErr(thrown), cookie);
      }
    })();
  }

  sendCommand(to: unknown, data: unknown, cookie: unknown): string {
    const text = String(data ?? '');
    return this.begin({ kind: 'cmd', to: String(to ?? ''), cookie, total: bytesOf(text), text, binary: false });
  }

  sendBuffer(to: unknown, data: unknown, cookie: unknown): string {
    const binary = data instanceof ArrayBuffer || ArrayBuffer.isView(data);
    const text = binary ? toBase64(bytesIn(data)) : String(data ?? '');
    const total = binary ? bytesIn(data).length : bytesOf(text);
    return this.begin({ kind: 'buffer', to: String(to ?? ''), cookie, total, text, binary });
  }

  sendFile(to: unknown, file: unknown, cookie: unknown): string {
    const id = taskId();
    void (async () => {
      if (!(file instanceof Blob)) return this.desk.notices.later('SendFileRslt', id, ERR.parameter, cookie);
      const name = file instanceof File ? file.name.slice(-128) : '';
      if (file.size > BUFFER_BYTES) return this.desk.notices.later('SendFileRslt', id, ERR.dataTooLarge, cookie);
      const text = toBase64(new Uint8Array(await file.arrayBuffer()));
      await this.send(id, { kind: 'file', to: String(to ?? ''), cookie, total: file.size, text, name, binary: true });
    })();
    return id;
  }

  cancel(id: unknown): void {
    if (typeof id === 'string' && this.running.has(id)) this.cancelled.add(id);
  }

  /** Says something to a user's scripts, wherever they are; in the same room by way of the room. */
  async tell(to: string, letter: Letter): Promise<void> {
    const { session, room } = this.desk;
    const { client } = session;
    if (!client) throw ERR.notLoggedIn;
    const member = room?.member(to);
    if (room && member) return room.send(seal(letter), member.id);
    const answer = (await client.call('message_account', { to, data: seal(letter) })) as { delivered?: unknown };
    if (answer.delivered === false) throw ERR.noTarget;
  }

  private begin(task: Task): string {
    const id = taskId();
    void Promise.resolve().then(() => this.send(id, task));
    return id;
  }

  private async send(id: string, task: Task): Promise<void> {
    const { kind, to, cookie, total, text, name, binary } = task;
    const { notices } = this.desk;
    this.running.add(id);
    try {
      if (to === '') throw ERR.noTarget;
      if (kind === 'cmd' && total > COMMAND_BYTES) throw ERR.commandTooLarge;
      if (total > BUFFER_BYTES) throw ERR.dataTooLarge;
      const parts = cut(text, this.desk.room?.member(to) ? PART_BYTES.room : PART_BYTES.account);
      for (const [n, data] of parts.entries()) {
        if (this.cancelled.has(id)) return;
        if (n > 0 && n % PACE.parts === 0) await pause(PACE.ms);
        await this.tell(to, { do: 'part', kind, id, n, of: parts.length, name, binary, data });
        if (kind !== 'cmd') notices.fire('SendProgress', id, Math.round((total * (n + 1)) / parts.length), total, cookie);
      }
      notices.fire(ANSWER[kind], id, ERR.none, cookie);
    } catch (thrown) {
      notices.fire(ANSWER[kind], id, sdkErr(thrown), cookie);
    } finally {
      this.running.delete(id);
      this.cancelled.delete(id);
    }
  }

  private received(from: string, letter: Letter): void {
    if (letter.do !== 'part') return this.others(from, letter);
    const { kind, id, n, of, name, binary, data } = letter;
    if (typeof data !== 'string' || typeof id !== 'string') return;
    const whole = this.assembly.take(from, id, n, of, data);
    if (whole === null) return;
    const notices = this.desk.notices as { fire(name: AnyNotice, ...args: unknown[]): void };
    try {
      if (kind === 'cmd') notices.fire('NotifyCmdData', from, whole);
      else if (kind === 'buffer') notices.fire('NotifyBufferData', from, binary ? fromBase64(whole) : whole);
      else notices.fire('NotifyFileData', from, fromBase64(whole), String(name ?? ''));
    } catch {
      // No base64: not from one of these scripts.
    }
  }
}

function bytesIn(data: unknown): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data as ArrayBuffer);
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** As unique as the vendor's: a UUID, also on pages that are not secure. */
export function taskId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
