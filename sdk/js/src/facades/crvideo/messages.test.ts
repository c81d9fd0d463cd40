import { describe, expect, test, vi } from 'vitest';
import { FakeClient, FakeRoom } from '../fake';
import { AttributeBook, keyOf, ownerOf, readAttributes, readList } from './attributes';
import { defaults, type Desk } from './desk';
import { open, seal } from './envelope';
import { Messages } from './messages';
import { formatOf, outputsOf, read, withoutSecrets, write } from './mixer-book';
import { Notices } from './notices';
import { Assembly, cut, fromBase64, toBase64 } from './transfer';
import { energyOf } from './energy';
import { serverAddress, sizeOf } from './config';
import type { Session } from './session';

const settled = () => new Promise<void>((done) => setTimeout(done, 0));

function desk(client: FakeClient | null, room: FakeRoom | null): { desk: Desk; told: unknown[][] } {
  const told: unknown[][] = [];
  const notices = new Notices();
  vi.spyOn(notices, 'fire').mockImplementation((name, ...args) => void told.push([name, ...args]));
  const session = { client: client?.as() ?? null, uid: 'ann' } as unknown as Session;
  return { desk: { notices, settings: defaults(), session, room: room?.as() ?? null }, told };
}

describe('transfers', () => {
  test('any text is the same after it was cut and put together', () => {
    const texts = ['', 'a', '"\\\u0001', 'été 连麦 😀', '😀'.repeat(40), 'x'.repeat(1000), '\ud83d broken'];
    for (const text of texts) {
      for (const limit of [7, 8, 13, 100, 24_000]) {
        const parts = cut(text, limit);
        expect(parts.join('')).toBe(text);
        const assembly = new Assembly();
        const taken = parts.map((part, n) => assembly.take('bob', 'id', n, parts.length, part));
        expect(taken.at(-1)).toBe(text);
        expect(taken.slice(0, -1).every((whole) => whole === null)).toBe(true);
      }
    }
  });

  test('parts that do not fit are dropped, and too many at once, too', () => {
    const assembly = new Assembly();
    expect(assembly.take('bob', 'a', 1, 2, 'x')).toBeNull();
    expect(assembly.take('bob', 'b', 0, 3, 'x')).toBeNull();
    expect(assembly.take('bob', 'b', 2, 3, 'z')).toBeNull();
    expect(assembly.take('bob', 'b', 1, 3, 'y')).toBeNull();
    for (let n = 0; n < 40; n += 1) assembly.take('bob', `t${n}`, 0, 2, 'x');
    expect(assembly.take('bob', 't0', 1, 2, 'y')).toBeNull();
    expect(assembly.take('bob', 't39', 1, 2, 'y')).toBe('xy');
    expect(assembly.take('bob', 'n', 0, 0, 'y')).toBeNull();
  });

  test('bytes', () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256);
    expect(new Uint8Array(fromBase64(toBase64(bytes)))).toEqual(bytes);
  });
});

describe('messages', () => {
  test('a command in parts comes out whole; progress of buffers; too large; nobody', async () => {
    const client = new FakeClient({ url: '' });
    const [from, to] = [desk(client, null), desk(null, null)];
    const sender = new Messages(from.desk, () => undefined);
    const receiver = new Messages(to.desk, () => undefined);
    const other = new FakeClient({ url: '' });
    receiver.opened(other.as());
    const deliver = ({ to: whom, data }: Record<string, unknown>) => {
      // Most that the gateway takes.
      expect(new TextEncoder().encode(JSON.stringify(data)).length).toBeLessThanOrEqual(4096);
      if (whom === 'eve') return { delivered: false };
      other.emit('event', { event: 'account_message', room: '', at: 0, from: 'ann', data } as never);
      return { delivered: true };
    };
    client.answers['message_account'] = deliver;
    const text = '"连麦" '.repeat(4_000);
    const id = sender.sendCommand('bob', text.slice(0, 6_000), 'k');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    await settled();
    expect(to.told).toEqual([['NotifyCmdData', 'ann', text.slice(0, 6_000)]]);
    expect(from.told).toEqual([['SendCmdRslt', id, 0, 'k']]);
    const big = sender.sendBuffer('bob', text, 'b');
    await vi.waitFor(() => expect(to.told.at(-1)).toEqual(['NotifyBufferData', 'ann', text]), 5_000);
    await settled();
    const total = new TextEncoder().encode(text).length;
    expect(from.told.filter(([name]) => name === 'SendProgress').at(-1)).toEqual(['SendProgress', big, total, total, 'b']);
    expect(from.told.at(-1)).toEqual(['SendBufferRslt', big, 0, 'b']);
    sender.sendCommand('bob', 'x'.repeat(70_000), 'l');
    sender.sendCommand('', 'x', 'n');
    sender.sendCommand('eve', 'x', 'e');
    await settled();
    expect(from.told.slice(-3).map(([, , err, cookie]) => [err, cookie])).toEqual([[1100, 'l'], [1102, 'n'], [1102, 'e']]);
  });

  test('plain texts of other clients are messages; letters are not', () => {
    const { desk: at, told } = desk(null, null);
    const room = new FakeRoom('ann', 'bob');
    const letters: unknown[] = [];
    new Messages(at, (...args) => letters.push(args)).entered(room.as());
    const say = (payload: string, to: { type: 'everyone' } | { type: 'member'; id: string }, by = 'm-bob') =>
      room.emit('custom_message', { event: '', room: '', at: 0, from: { type: 'member', id: by }, to, payload });
    say('to all', { type: 'everyone' });
    say('to me', { type: 'member', id: 'm-ann' });
    say('own', { type: 'everyone' }, 'm-ann');
    say(seal({ do: 'device', which: 'mic', on: true }), { type: 'member', id: 'm-ann' });
    expect(told).toEqual([['NotifyMeetingCustomMsg', 'bob', 'to all'], ['NotifyCmdData', 'bob', 'to me']]);
    expect(letters).toEqual([['bob', { do: 'device', which: 'mic', on: true }]]);
    expect([open('x'), open(`${seal({ do: 'nick', name: 'x' })}}`), open('\u0001cr1{"do":"else"}'), open(5)]).toEqual([null, null, null, null]);
  });
});

describe('attributes', () => {
  test('keys of the room, of members, and of the scripts', () => {
    expect(ownerOf('title')).toEqual({ uid: '', key: 'title' });
    expect(ownerOf(keyOf('bob@x', 'a/b'))).toEqual({ uid: 'bob@x', key: 'a/b' });
    expect(ownerOf('~cr.main')).toBeNull();
  });

  test('what apps give: objects or JSON, arrays or one', () => {
    expect(readAttributes('{"a":"1","b":2}')).toEqual({ a: '1', b: '2' });
    expect(readList('["a","b"]')).toEqual(['a', 'b']);
    expect([readList('a'), readList(undefined), readList('')]).toEqual([['a'], [], []]);
    for (const bad of ['[]', 'x', { '': '1' }, { '~a': '1' }, { ['k'.repeat(65)]: '1' }, { a: 'x'.repeat(8193) }]) {
      expect(() => readAttributes(bad)).toThrow();
    }
  });

  test('changes come together; a reset deletes the rest', async () => {
    const room = new FakeRoom('ann', 'bob');
    room.attributes = { old: '1', '@bob/seat': '3', '~cr.page': '{}' };
    const { desk: at, told } = desk(new FakeClient({ url: '' }), room);
    const book = new AttributeBook(at);
    book.entered(room.as());
    book.set('', { a: '1', b: '2' }, true, 'k', 'SetMeetingAttrsRslt');
    await settled();
    expect(told).toEqual([['SetMeetingAttrsRslt', 0, 'k']]);
    await new Promise((done) => setTimeout(done, 40));
    const value = (text: string) => ({ value: text, lastModifyUserID: 'ann', lastModifyTs: 5 });
    expect(told.at(-1)).toEqual(['NotifyMeetingAttrsChanged', { a: value('1'), b: value('2') }, {}, ['old']]);
    book.getUsers('["bob"]', [], 'g');
    book.clear(null, 'c', 'ClearAllUserAttrsRslt');
    await settled();
    expect(told.at(-2)).toEqual(['GetUserAttrsSuccess', { bob: { seat: { value: '3', lastModifyUserID: '', lastModifyTs: 0 } } }, 'g']);
    await new Promise((done) => setTimeout(done, 40));
    expect(told.at(-1)).toEqual(['NotifyUserAttrsChanged', 'bob', {}, {}, ['seat']]);
    book.getUsers(Array.from({ length: 51 }, (_, n) => `u${n}`), [], 'x');
    await settled();
    expect(told.at(-1)).toEqual(['GetUserAttrsFail', 5, 'x']);
    book.left();
  });
});

describe('mixers', () => {
  const cfg = {
    mode: 0,
    storageConfig: { secretKey: 's3cret' },
    videoFileCfg: { svrPathName: '/a.mp4; rtmp://live.example.com/app/key-1;b.flv', vWidth: 640, vHeight: 360 },
  };

  test('outputs, and what others may see', () => {
    expect(outputsOf(cfg.videoFileCfg.svrPathName)).toEqual({ pushes: ['rtmp://live.example.com/app/key-1'], files: ['/a.mp4', 'b.flv'] });
    expect(['a.mp4', 'b.FLV', 'c.ts', 'd'].map(formatOf)).toEqual(['mp4', 'flv', 'hls', 'mp4']);
    const shown = JSON.stringify(withoutSecrets(cfg));
    expect(shown).toContain('rtmp://live.example.com');
    expect(shown).not.toMatch(/s3cret|key-1/);
  });

  test('entries fit into an attribute, and nobody else is believed', () => {
    const entry = { owner: 'ann', state: 1, rev: 0, seq: 0, cfg: { text: 'x'.repeat(9000) }, kind: 'mix' as const, pushes: [], recordings: [] };
    expect(write(entry).length).toBeLessThan(8000);
    expect(read(write({ ...entry, cfg }))).toEqual({ ...entry, cfg });
    for (const bad of ['', 'null', '[]', '{}', '{"state":"1"}']) expect(read(bad)).toBeNull();
  });
});

test('numbers', () => {
  expect([0, 30, 60, 127].map(energyOf)).toEqual([10, 5, 0, 0]);
  expect(sizeOf({ size: 3, fps: 15, ratio: 1 })).toEqual({ width: 1280, height: 720 });
  expect(sizeOf({ size: 2, fps: 15, ratio: 5 })).toEqual({ width: 360, height: 640 });
  const page = { origin: 'https://page', protocol: 'https:' };
  const address = (text: string, isHttp = false) => serverAddress(text, page, isHttp);
  expect([address(''), address('10.8.8.1:2726'), address('h', true), address('http://h:1/')]).toEqual([
    'https://page',
    'https://10.8.8.1:2726',
    'http://h',
    'http://h:1',
  ]);
});
