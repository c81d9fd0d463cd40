import { describe, expect, it, vi } from 'vitest';
import { Api } from '../api/api';
import type { Link } from '../api/link';
import { Session } from '../sync/session';
import { storage, token } from '../testing';
import { loudness } from './level';
import { Seat } from './seat';

/** A gateway that gives sessions away, for an account only if it can. */
async function openApp(canGuests: boolean) {
  let count = 0;
  const fetch = vi.fn(async (path: string) => {
    const account = canGuests ? new URLSearchParams(path.split('?')[1]).get('account') : null;
    const claims = account === null ? { sub: 'console', scope: 'app' } : { sub: account };
    return Response.json({ app: 'demo', token: token({ iss: 'demo', exp: 4_000_000_000 + count++, ...claims }) });
  });
  const session = new Session(storage());
  const api = new Api(() => session.token(), fetch);
  await session.ensure(api);
  return { api, session };
}

function link(answers: Record<string, object>) {
  const calls: object[] = [];
  const call = (op: string, fields: object = {}) => {
    calls.push({ op, ...fields });
    return Promise.resolve(answers[op] ?? {}) as Promise<never>;
  };
  return { link: { call, watch: vi.fn(), close: vi.fn() } satisfies Link, calls };
}

const answers = { join: { member: 'm1' }, publish_stream: { stream: { id: 's1' } } };

describe('Seat', () => {
  it('is an account of its own where the gateway gives one', async () => {
    const { api, session } = await openApp(true);
    const seat = (await Seat.find(api, session, 'r'))!;
    const before = seat.token();
    expect(before).not.toBe(session.token());
    seat.renew();
    await vi.waitFor(() => expect(seat.token()).not.toBe(before));
    const { link: line, calls } = link(answers);
    await seat.join(line, { role: 'talker', nick: 'Ann', password: 'x' });
    expect(await seat.publish(line, 'camera', { voff: false, aoff: true })).toBe('s1');
    await seat.leave(line);
    expect(seat.member).toBe('m1');
    expect(calls).toEqual([
      { op: 'join', room: 'r', role: 'talker', nick: 'Ann', password: 'x' },
      { op: 'publish_stream', room: 'r', kind: 'camera', via: 'webrtc', voff: false, aoff: true },
      { op: 'leave', room: 'r' },
    ]);
  });

  it('is not the app itself', async () => {
    const { api, session } = await openApp(false);
    expect(await Seat.find(api, session, 'r')).toBeNull();
    const entered = new Session(storage());
    entered.enter(token({ iss: 'shop', sub: 'server', scope: 'app' }));
    expect(await Seat.find(new Api(() => null, vi.fn()), entered, 'r')).toBeNull();
  });

  it('is the account of the token that was entered', async () => {
    const session = new Session(storage());
    session.enter(token({ iss: 'shop', sub: 'ann', room: 'r' }));
    const seat = (await Seat.find(new Api(() => null, vi.fn()), session, 'r'))!;
    const { link: line, calls } = link(answers);
    await seat.join(line, { role: 'talker', nick: 'Ann' });
    expect(seat.token()).toBe(session.token());
    expect(calls).toEqual([{ op: 'join', room: 'r', role: 'talker', nick: 'Ann' }]);
  });
});

describe('loudness', () => {
  it('goes from silence to full scale', () => {
    expect(loudness(new Float32Array(64))).toBe(0);
    expect(loudness(new Float32Array(64).fill(1))).toBe(1);
    expect(loudness(new Float32Array(64).fill(0.0316))).toBeCloseTo(0.5, 2);
    expect(loudness(new Float32Array(0))).toBe(0);
  });
});
