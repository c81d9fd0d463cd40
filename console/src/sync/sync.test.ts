import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api } from '../api/api';
import type { LinkHandlers } from '../api/link';
import { Store } from '../store/store';
import { storage, stream, summary, token } from '../testing';
import { Session } from './session';
import { Sync } from './sync';

/** What the gateway answers: by path, a status or a body; the network is down while it is `null`. */
type Answers = Record<string, object | number> | null;

const open = { app: 'demo', token: token({ iss: 'demo', exp: 4_000_000_000 }) };
const room = { ...summary('a'), members: [], streams: [stream('s1')] };
const healthy = {
  '/console/session': open,
  '/v1/rooms': { rooms: [summary('a', [stream('s1')])], next_after: null },
  '/v1/rooms/a': room,
  '/v1/rooms/a/streams': { streams: [stream('s1')] },
};

function start(first: Answers) {
  let answers = first;
  const store = new Store();
  const session = new Session(storage());
  const fetch = vi.fn(async (path: string) => {
    if (answers === null) throw new TypeError('fetch failed');
    const answer = answers[path.split('?')[0]!] ?? 404;
    const status = typeof answer === 'number' ? answer : 200;
    return new Response(JSON.stringify(status === 200 ? answer : { code: 'c', detail: 'd' }), { status });
  });
  const api = new Api(() => session.token(), fetch);
  let handlers: LinkHandlers | null = null;
  const link = { watch: vi.fn(), call: vi.fn(), close: vi.fn() };
  const sync = new Sync(store, api, session, 'http://h', 'tab', (_options, given) => {
    handlers = given;
    return link;
  });
  sync.start();
  return { store, sync, link, fetch, events: () => handlers!, now: (next: Answers) => void (answers = next) };
}

describe('Sync', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  it('opens a room and watches it', async () => {
    const { store, link, events } = start(healthy);
    await settle();
    expect(store.get()).toMatchObject({ phase: 'ready', app: 'demo', openApp: true, open: 'a', link: 'polling' });
    expect(store.get().room).toMatchObject({ id: 'a' });
    expect(link.watch).toHaveBeenLastCalledWith('a');
    events().onOpen(false);
    expect(store.get().link).toBe('events');
    events().onLost();
    await settle();
    expect(store.get().link).toBe('polling');
  });

  it('asks at once when an event says so', async () => {
    const { store, events, now } = start(healthy);
    await settle();
    events().onOpen(false);
    await settle();
    now({ ...healthy, '/v1/rooms/a': { ...room, streams: [] }, '/v1/rooms/a/streams': { streams: [] } });
    events().onEvent({ event: 'stream_removed', room: 'a' });
    await settle();
    expect(store.get().room).toMatchObject({ streams: [] });
  });

  it('says that it is offline, and recovers', async () => {
    const { store, now } = start(healthy);
    await settle();
    now(null);
    await settle(5_000);
    expect(store.get()).toMatchObject({ link: 'offline', phase: 'ready' });
    expect(store.get().problem).not.toBeNull();
    now(healthy);
    await settle(5_000);
    expect(store.get()).toMatchObject({ link: 'polling', problem: null });
  });

  it('renews an open session that is refused', async () => {
    const { store, now, fetch } = start(healthy);
    await settle();
    now({ ...healthy, '/v1/rooms': 401, '/v1/rooms/a/streams': 401 });
    await settle(4_000);
    now(healthy);
    await settle(4_000);
    expect(store.get()).toMatchObject({ phase: 'ready', problem: null });
    expect(fetch.mock.calls.filter(([path]) => path === '/console/session').length).toBeGreaterThan(1);
  });

  it('notices that the room is gone', async () => {
    const { store, now } = start(healthy);
    await settle();
    store.dispatch({ type: 'asked', room: 'a' });
    now({ ...healthy, '/v1/rooms': { rooms: [], next_after: null }, '/v1/rooms/a': 404, '/v1/rooms/a/streams': 404 });
    await settle(4_000);
    expect(store.get()).toMatchObject({ open: 'a', room: 'gone' });
  });

  it('asks for a token, and again when it is refused or worth too little', async () => {
    for (const status of [401, 403]) {
      const { store, sync, fetch } = start({ '/v1/rooms': status });
      await settle();
      expect(store.get()).toMatchObject({ phase: 'needs_token', problem: null });
      const calls = fetch.mock.calls.length;
      await settle(60_000);
      expect(fetch.mock.calls.length).toBe(calls);
      expect(sync.enterToken('nonsense')).toBe(false);
      expect(sync.enterToken(token({ iss: 'shop' }))).toBe(true);
      await settle();
      expect(store.get().phase).toBe('needs_token');
      expect(store.get().problem).not.toBeNull();
      const refused = fetch.mock.calls.length;
      await settle(60_000);
      expect(fetch.mock.calls.length).toBe(refused);
    }
  });

  it('shows the one room that a token is for', async () => {
    const { store, sync } = start({ '/v1/rooms/a': room, '/v1/rooms/a/streams': { streams: [] } });
    await settle();
    sync.enterToken(token({ iss: 'shop', room: 'a' }));
    await settle();
    expect(store.get()).toMatchObject({ phase: 'ready', app: 'shop', openApp: false, open: 'a' });
    sync.leave();
    expect(store.get()).toMatchObject({ phase: 'needs_token', rooms: null });
  });
});
