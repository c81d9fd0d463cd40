/** Small parts: tokens, refusals, platforms, lines and codecs of offers, the generated file. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { queryOf } from '../src/net/rest';
import { frameOf } from '../src/net/frames';
import { refusal } from '../src/net/problem';
import { readToken } from '../src/net/token';
import { miniProgramPlatform, type MiniProgramApi } from '../src/platform/mini-program';
import { canSimulcast, layers, preferred, receivable } from '../src/rtc/codecs';
import { assign, isUnchanged, type Slot } from '../src/rtc/lines';
import { Receiving, Sending } from '../src/rtc/stats';
import { Emitter } from '../src/types/emitter';

describe('tokens', () => {
  it('are read without help of the platform', () => {
    const claims = { app: 'demo', sub: 'ann', exp: 17 };
    const text = `a.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c`;
    expect(readToken(text)).toEqual({ app: 'demo', account: 'ann', expiresAt: 17_000 });
    for (const bad of ['', 'a', 'a.%%.c', 'a.W10.c']) expect(readToken(bad).account).toBeNull();
  });
});

describe('frames', () => {
  it('that are none of ours are nothing', () => {
    for (const bad of ['', '[]', 'null', '{}', '{"id":1}', '{"id":"a","ok":true}', 7]) expect(frameOf(bad)).toBeNull();
    expect(frameOf('{"id":1,"ok":false}')).toMatchObject({ answer: { error: { code: 'bad_answer' } } });
  });

  it('with refusals keep what they say', () => {
    const body = { status: 409, code: 'name_conflict', detail: 'taken', room: 'r1', field: 'name', vendor_code: 7 };
    expect(refusal(body, 400, 2_000)).toMatchObject({ ...{ status: 409, code: 'name_conflict', message: 'taken', room: 'r1', field: 'name' }, vendorCode: 7, retryAfterMs: 2_000 });
    expect(refusal('nonsense', 502)).toMatchObject({ status: 502, code: 'http_502' });
  });

  it('go with queries that are encoded', () => {
    expect(queryOf({ a: 'x y&', b: null, c: undefined, d: 0 })).toBe('?a=x%20y%26&d=0');
    expect(queryOf({})).toBe('');
  });
});

describe('listeners', () => {
  it('hear by name and everything, once or until they stop', () => {
    const events = new Emitter<{ a: number; b: string }>();
    const heard: unknown[] = [];
    const stop = events.on('a', (n) => heard.push(n));
    events.once('b', (text) => heard.push(text));
    events.on('*', (name) => heard.push(name));
    events.emit('a', 1);
    events.emit('b', 'x');
    stop();
    events.emit('a', 2);
    events.emit('b', 'y');
    expect(heard).toEqual([1, 'a', 'x', 'b', 'a', 'b']);
  });
});

describe('mini-programs', () => {
  const request = (answer: (options: { success: (answer: object) => void; fail: (error: object) => void }) => void) => {
    const api = { request: (options: never) => answer(options), connectSocket: () => undefined } as unknown as MiniProgramApi;
    return miniProgramPlatform(api).request({ method: 'GET', url: '', headers: {}, body: null, timeoutMs: 1 });
  };

  it('answer in text, with headers of any case', async () => {
    const answer = await request(({ success }) => success({ statusCode: 429, data: '{}', header: { 'Retry-After': '3' } }));
    expect([answer.status, answer.text, answer.header('retry-after')]).toEqual([429, '{}', '3']);
  });

  it('fail in words', async () => {
    await expect(request(({ fail }) => fail({ errMsg: 'request:fail timeout' }))).rejects.toMatchObject({ code: 'timeout' });
    await expect(request(({ fail }) => fail({ errMsg: 'request:fail' }))).rejects.toMatchObject({ code: 'network' });
  });

  it('tell the end of a socket once', () => {
    const on: Record<string, (event: object) => void> = {};
    const keep = (name: string) => (tell: (event: object) => void) => void (on[name] = tell);
    const task = { onOpen: keep('open'), onMessage: keep('message'), onClose: keep('close'), onError: keep('error'), send() {}, close() {} };
    const api = { request() {}, connectSocket: () => task } as unknown as MiniProgramApi;
    const ends: number[] = [];
    miniProgramPlatform(api).openSocket('', { onOpen() {}, onMessage() {}, onClose: (code) => ends.push(code) });
    on['error']?.({ errMsg: 'gone' });
    on['close']?.({ code: 1006 });
    expect(ends).toEqual([0]);
  });
});

describe('offers', () => {
  it('use lines again', () => {
    const slots: Slot[] = [
      { kind: 'audio', stream: 'a' },
      { kind: 'video', stream: 'a' },
      { kind: 'audio', stream: null },
    ];
    const change = assign(slots, ['b']);
    expect(change.missing).toEqual([]);
    expect(change.taken.map(({ stream, slot }) => [stream, slot.kind])).toEqual([['b', 'audio'], ['b', 'video']]);
    expect(isUnchanged(assign(slots, ['a']))).toBe(true);
    expect(assign(slots, ['a', 'b']).missing).toEqual([{ kind: 'video', stream: 'b' }]);
  });

  it('prefer what every viewer plays', () => {
    const h264 = (id: string, mode: number) => ({ mimeType: 'video/H264', sdpFmtpLine: `packetization-mode=${mode};profile-level-id=${id}` });
    const all = [{ mimeType: 'video/VP8' }, h264('640c1f', 1), h264('42e01f', 0), { mimeType: 'video/rtx' }, h264('42e01f', 1), { mimeType: 'video/AV1' }];
    const order = preferred(all);
    expect(order[0]).toBe(all[4]);
    expect(order[order.length - 1]?.mimeType).toBe('video/rtx');
    expect(canSimulcast(order)).toBe(true);
    expect(receivable(all)).not.toContain(all[2]);
  });

  it('have as many layers as a picture is worth', () => {
    expect([1080, 720, 360, 180].map((height) => layers(height, 1).length)).toEqual([3, 3, 2, 0]);
  });
});

describe('figures', () => {
  it('are rates between two readings', () => {
    const rows = (at: number) => [
      { id: 'v', type: 'inbound-rtp', mid: '1', timestamp: at * 1000, bytesReceived: at * 1000, packetsReceived: 9, frameWidth: 640, frameHeight: 360, framesDecoded: at, framesPerSecond: 25, codecId: 'c' },
      { id: 'c', type: 'codec', mimeType: 'video/H264' },
      { id: 'o', type: 'outbound-rtp', mid: '2', timestamp: at * 1000, bytesSent: at * 500, frameWidth: 320, codecId: 'c', qualityLimitationReason: 'cpu' },
    ];
    const receiving = new Receiving();
    receiving.next(rows(1), { audio: '0', video: '1' });
    expect(receiving.next(rows(3), { audio: '0', video: '1' })).toMatchObject({ audio: null, video: { bitrate: 8_000, width: 640, codec: 'H264' } });
    const sending = new Sending();
    sending.next(rows(1), { audio: null, video: '2' });
    expect(sending.next(rows(2), { audio: null, video: '2' }).video).toMatchObject({ bitrate: 4_000, limitedBy: 'cpu' });
  });
});

describe('the types of the API', () => {
  it('are those of docs/openapi.json', () => {
    const tool = new URL('../tools/openapi.mjs', import.meta.url).pathname;
    expect(execFileSync(process.execPath, [tool, '--check'], { encoding: 'utf8' })).toBe('');
  });
});
