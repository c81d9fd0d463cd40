import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api, type Fetch } from '../api/api';
import { readToken } from '../api/token';
import { storage, token } from '../testing';
import { Repeater } from './repeat';
import { Session } from './session';

/** An API that knows only the way to an open session. */
function sessions(...answers: (object | number)[]) {
  const fetch = vi.fn<Fetch>(() => {
    const next = answers.length > 1 ? answers.shift() : answers[0];
    const status = typeof next === 'number' ? next : 200;
    return Promise.resolve(new Response(JSON.stringify(typeof next === 'number' ? {} : next), { status }));
  });
  return { api: new Api(() => null, fetch), fetch };
}

describe('Session', () => {
  it('uses the open session and renews it before it expires', async () => {
    let now = 1_000_000;
    const session = new Session(storage(), () => now);
    const first = token({ iss: 'demo', sub: 'console', exp: 1_600 });
    const second = token({ iss: 'demo', sub: 'console', exp: 2_200 });
    const { api, fetch } = sessions({ app: 'demo', token: first }, { app: 'demo', token: second });
    expect(await session.ensure(api)).toBe(true);
    expect([session.token(), session.app(), session.isOpen()]).toEqual([first, 'demo', true]);
    now = 1_539_000;
    await session.ensure(api);
    expect(fetch).toHaveBeenCalledOnce();
    now = 1_540_000;
    await session.ensure(api);
    expect(session.token()).toBe(second);
  });

  it('asks for a token where none is given away, and keeps it for the tab', async () => {
    const kept = storage();
    const { api } = sessions(404);
    const session = new Session(kept);
    expect(await session.ensure(api)).toBe(false);
    expect(session.enter('nonsense')).toBe(false);
    const entered = token({ app: 'shop', sub: 'ann', exp: 9, room: 'r1' });
    expect(session.enter(` ${entered}\n`)).toBe(true);
    expect([session.app(), session.room(), session.isOpen()]).toEqual(['shop', 'r1', false]);

    const reloaded = new Session(kept);
    expect(await reloaded.ensure(api)).toBe(true);
    expect(reloaded.token()).toBe(entered);
    reloaded.drop();
    expect(await new Session(kept).ensure(api)).toBe(false);
  });

  it('lets trouble through instead of asking for a token', async () => {
    await expect(new Session(storage()).ensure(sessions(503).api)).rejects.toMatchObject({ status: 503 });
  });
});

describe('readToken', () => {
  it('reads claims, also beyond ASCII', () => {
    const text = token({ app: '演示', sub: 'ann', exp: 12 });
    expect(readToken(text)).toEqual({ app: '演示', account: 'ann', ofApp: false, room: null, expiresAt: 12_000 });
  });

  it('refuses what is none', () => {
    for (const bad of ['', 'a.b', 'a.b.c', '..', `${'a'.repeat(9)}.bnVsbA.c`, 'a.W10.c.d']) {
      expect(readToken(bad)).toBeNull();
    }
  });
});

describe('Repeater', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('never runs twice at a time and goes on after a failure', async () => {
    let running = 0;
    let runs = 0;
    const repeater = new Repeater(
      async () => {
        expect(++running).toBe(1);
        runs += 1;
        await new Promise((done) => setTimeout(done, 100));
        running -= 1;
        if (runs === 2) throw new Error('no');
      },
      () => 1000,
    );
    repeater.now();
    repeater.now();
    repeater.now();
    await vi.advanceTimersByTimeAsync(250);
    expect(runs).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toBe(3);
    repeater.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(runs).toBe(3);
  });
});
