import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backoff } from '../../../sdk/js/src/net/backoff';
import { connectLink } from './link';

class FakeSocket {
  onmessage: ((message: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  sent: unknown[] = [];
  closed = false;

  constructor(readonly url: string) {}

  send(data: unknown): void {
    this.sent.push(JSON.parse(String(data)));
  }

  close(): void {
    this.closed = true;
  }

  says(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent);
  }
}

function start(resume = false) {
  const sockets: FakeSocket[] = [];
  const handlers = { onOpen: vi.fn(), onEvent: vi.fn(), onLost: vi.fn() };
  const link = connectLink(
    {
      origin: 'https://gateway.example',
      token: () => `t${sockets.length}`,
      device: 'tab',
      resume,
      backoff: new Backoff(() => 0, 1000, 8000),
      open: (url) => {
        const socket = new FakeSocket(url);
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
    },
    handlers,
  );
  return { sockets, handlers, link };
}

describe('connectLink', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('watches the room of the moment, also after a new connection', () => {
    const { sockets, handlers, link } = start();
    link.watch('r1');
    expect(sockets[0]!.url).toBe('wss://gateway.example/v1/ws?access_token=t0&device=tab');
    expect(sockets[0]!.sent).toEqual([]);
    sockets[0]!.says('{"event":"hello"}');
    link.watch('r2');
    expect(sockets[0]!.sent).toEqual([
      { id: 1, op: 'watch', room: 'r1' },
      { id: 2, op: 'unwatch', room: 'r1' },
      { id: 3, op: 'watch', room: 'r2' },
    ]);
    sockets[0]!.onclose?.({} as CloseEvent);
    expect(handlers.onLost).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1000);
    sockets[1]!.says('{"event":"hello"}');
    expect(sockets[1]!.url).toContain('access_token=t1');
    expect(sockets[1]!.sent).toEqual([{ id: 4, op: 'watch', room: 'r2' }]);
    expect(handlers.onOpen).toHaveBeenCalledTimes(2);
  });

  it('tells events from answers and noise', () => {
    const { sockets, handlers } = start();
    sockets[0]!.says('{"event":"hello"}');
    for (const noise of ['', '{', 'null', '7', '{"id":1,"ok":true}', '{"event":5}', new ArrayBuffer(2)]) {
      sockets[0]!.says(noise);
    }
    expect(handlers.onEvent).not.toHaveBeenCalled();
    sockets[0]!.says('{"event":"member_joined","room":"r1"}');
    expect(handlers.onEvent).toHaveBeenCalledOnce();
  });

  it('asks for loudness in rooms it may watch', async () => {
    const { sockets, link } = start();
    sockets[0]!.says('{"event":"hello"}');
    link.watch('r1');
    link.watch('r2');
    sockets[0]!.says('{"id":1,"ok":true,"result":{}}');
    sockets[0]!.says('{"id":3,"ok":false,"error":{"status":403,"code":"not_a_member","message":"no"}}');
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets[0]!.sent.slice(3)).toEqual([{ id: 4, op: 'levels', room: 'r1', on: true }]);
  });

  it('gives each command its answer', async () => {
    const { sockets, link } = start();
    await expect(link.call('ping')).rejects.toMatchObject({ status: 0, code: 'network' });
    sockets[0]!.says('{"event":"hello"}');
    const first = link.call('ping');
    const second = link.call('publish_stream', { room: 'r1' });
    expect(sockets[0]!.sent).toEqual([
      { id: 1, op: 'ping' },
      { id: 2, op: 'publish_stream', room: 'r1' },
    ]);
    sockets[0]!.says('{"id":2,"ok":false,"error":{"status":403,"code":"not_allowed","message":"no"}}');
    sockets[0]!.says('{"id":1,"ok":true,"result":{"server_time":7}}');
    sockets[0]!.says('{"id":1,"ok":true,"result":{}}');
    await expect(first).resolves.toEqual({ server_time: 7 });
    await expect(second).rejects.toMatchObject({ status: 403, code: 'not_allowed', message: 'no' });
  });

  it('leaves no command without an end', async () => {
    const { sockets, link } = start();
    sockets[0]!.says('{"event":"hello"}');
    const late = link.call('ping').catch((error: unknown) => error);
    vi.advanceTimersByTime(10_000);
    expect(await late).toMatchObject({ code: 'timeout' });
    const cut = link.call('ping').catch((error: unknown) => error);
    sockets[0]!.onclose?.({} as CloseEvent);
    expect(await cut).toMatchObject({ code: 'network' });
  });

  it('takes its session up again if it is told to', () => {
    const { sockets, handlers } = start(true);
    sockets[0]!.says('{"event":"hello","session":"k3v","resumed":false}');
    sockets[0]!.onclose?.({} as CloseEvent);
    vi.advanceTimersByTime(1000);
    expect(sockets[1]!.url).toContain('session=k3v');
    sockets[1]!.says('{"event":"hello","session":"k3v","resumed":true}');
    expect(handlers.onOpen.mock.calls).toEqual([[false], [true]]);
  });

  it('waits longer after each refusal, and not at all once closed', () => {
    const { sockets, link } = start();
    sockets[0]!.onclose?.({} as CloseEvent);
    vi.advanceTimersByTime(1000);
    sockets[1]!.onclose?.({} as CloseEvent);
    vi.advanceTimersByTime(1999);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(3);
    link.close();
    sockets[2]!.onclose?.({} as CloseEvent);
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(3);
    expect(sockets[2]!.closed).toBe(true);
  });
});
