import { describe, expect, it, vi } from 'vitest';
import { LianmaiError } from '../../../sdk/js/src/types/errors';
import { Api, playUrl, type Fetch } from './api';

function api(answer: Response | Error, token: string | null = 'secret') {
  const fetch = vi.fn<Fetch>(() => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)));
  return { api: new Api(() => token, fetch), fetch };
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

describe('Api', () => {
  it('sends the token and takes the list of rooms', async () => {
    const { api: client, fetch } = api(json({ rooms: [], next_after: 'r9' }));
    expect(await client.rooms()).toEqual({ rooms: [], more: true });
    const [path, init] = fetch.mock.calls[0]!;
    expect(path).toBe('/v1/rooms?limit=500');
    expect(init.headers).toMatchObject({ authorization: 'Bearer secret' });
  });

  it('puts ids into the path so that they stay one part of it', async () => {
    const { api: client, fetch } = api(json({ rtmp: '', http_flv: '', ws_flv: '' }));
    await client.pullUrls('a/b', '../c?d');
    expect(fetch.mock.calls[0]![0]).toBe('/v1/rooms/a%2Fb/streams/..%2Fc%3Fd/pull-url');
  });

  it('turns a problem answer into its code', async () => {
    const problem = { type: 'urn:lianmai:problem:not_allowed', code: 'not_allowed', detail: 'not for you', status: 403 };
    await expect(api(json(problem, 403)).api.rooms()).rejects.toMatchObject({
      status: 403,
      code: 'not_allowed',
      message: 'not for you',
    });
  });

  it('survives error answers that are no problems', async () => {
    for (const body of ['<html>', 'null', '[]', '{"code":7}', '']) {
      const answer = new Response(body, { status: 502 });
      await expect(api(answer).api.rooms()).rejects.toMatchObject({ status: 502, code: 'http_502' });
    }
  });

  it('tells no answer, a late answer and a broken answer apart', async () => {
    await expect(api(new TypeError('fetch failed')).api.rooms()).rejects.toMatchObject({ status: 0, code: 'network' });
    const late = new DOMException('too late', 'TimeoutError');
    await expect(api(late).api.rooms()).rejects.toMatchObject({ status: 0, code: 'timeout' });
    await expect(api(new Response('<html>')).api.rooms()).rejects.toMatchObject({ code: 'bad_answer' });
  });

  it('knows that a missing token is a missing token', async () => {
    const refused = api(json({ code: 'missing_token', detail: 'x' }, 401)).api.rooms();
    await expect(refused).rejects.toMatchObject({ status: 401, code: 'missing_token' });
  });

  it('finds an open session, or none, or trouble', async () => {
    expect(await api(json({ app: 'demo', token: 't' }), null).api.openSession()).toEqual({ app: 'demo', token: 't' });
    expect(await api(json({ code: 'not_found' }, 404)).api.openSession()).toBeNull();
    await expect(api(json({}, 503)).api.openSession()).rejects.toBeInstanceOf(LianmaiError);
  });
});

describe('playUrl', () => {
  it('plays from the gateway that served the page', () => {
    const pull = 'http://live.example.com/live/demo/s1.flv?t=abc';
    expect(playUrl(pull, 'http://10.0.0.5:8080')).toBe('http://10.0.0.5:8080/live/demo/s1.flv?t=abc');
    expect(playUrl(pull, 'https://console.example.com')).toBe('https://console.example.com/live/demo/s1.flv?t=abc');
  });

  it('keeps a WebSocket a WebSocket', () => {
    const pull = 'ws://127.0.0.1:8080/live/demo/s1.flv?t=abc';
    expect(playUrl(pull, 'http://localhost:8080')).toBe('ws://localhost:8080/live/demo/s1.flv?t=abc');
    expect(playUrl(pull, 'https://x.example')).toBe('wss://x.example/live/demo/s1.flv?t=abc');
  });
});
