// A peer connection that is kept: what is negotiated when, and what happens after trouble.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaHost } from '../src/rtc/host';
import { Peer, type Plan } from '../src/rtc/peer';
import { LianmaiError } from '../src/types/errors';
import type { Platform } from '../src/types/platform';

/** As much of a connection as is negotiated with. */
class FakeConnection extends EventTarget {
  static all: FakeConnection[] = [];
  connectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  readonly remote: string[] = [];
  offers = 0;

  constructor(readonly configuration: RTCConfiguration) {
    super();
    FakeConnection.all.push(this);
  }

  async createOffer({ iceRestart }: { iceRestart: boolean }) {
    return { type: 'offer', sdp: `offer ${++this.offers}${iceRestart ? ' anew' : ''}` };
  }

  async setLocalDescription(description: { type: string; sdp: string }) {
    this.signalingState = description.type === 'rollback' ? 'stable' : 'have-local-offer';
    this.localDescription = description;
  }

  async setRemoteDescription({ sdp }: { sdp: string }) {
    this.signalingState = 'stable';
    this.remote.push(sdp);
  }

  close() {
    this.connectionState = 'closed';
  }

  becomes(state: string) {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

const platform = {
  random: () => 0,
  setTimer: (run: () => void, ms: number) => setTimeout(run, ms),
  clearTimer: (timer: unknown) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  media: { connect: (configuration: RTCConfiguration) => new FakeConnection(configuration) },
} as unknown as Platform;

const SERVERS = [{ urls: ['stun:gateway.example'], username: null, credential: null }];

/** A peer whose offers are answered in turn: with an error, later, or (`null`, and when these are used up) at once. */
function start(...answers: (LianmaiError | Promise<unknown> | null)[]) {
  const calls: { op: string; peer?: string; offer?: string }[] = [];
  const wants = { needed: true, dirty: true };
  const plan = {
    op: 'webrtc_subscribe' as const,
    isNeeded: () => wants.needed,
    arrange: async () => wants.dirty,
    lines: () => [{ mid: '0', stream: 's' }],
    settled: vi.fn(() => void (wants.dirty = false)),
    lost: vi.fn(() => void (wants.dirty = true)),
    onState: vi.fn<Plan['onState']>(),
  } satisfies Plan;
  const command = async (op: string, fields: object) => {
    if (op === 'ice_servers') return { ice_servers: SERVERS };
    calls.push({ op, ...fields });
    const answer = op === 'webrtc_close' ? null : (answers.shift() ?? null);
    if (answer instanceof LianmaiError) throw answer;
    await answer;
    return { peer: `p${FakeConnection.all.length}`, answer: `answer ${calls.length}`, etag: 'e' };
  };
  const peer = new Peer({ platform, command } as MediaHost, 'r', plan);
  return { peer, plan, wants, calls, states: () => plan.onState.mock.calls.map(([state]) => state) };
}

describe('Peer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeConnection.all = [];
  });
  afterEach(() => void vi.useRealTimers());
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  it('makes one negotiation of several changes, and one more of those that come meanwhile', async () => {
    let answer = () => {};
    const { peer, plan, calls } = start(new Promise<void>((done) => (answer = done)));
    peer.changed();
    peer.changed();
    await settle();
    expect(calls).toEqual([{ op: 'webrtc_subscribe', room: 'r', offer: 'offer 1', lines: plan.lines() }]);
    peer.changed();
    plan.settled.mockImplementationOnce(() => undefined);
    answer();
    await settle();
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatchObject({ peer: 'p1', offer: 'offer 2' });
    peer.changed();
    await settle();
    expect(calls).toHaveLength(2);
  });

  it('uses the gateway’s servers, without the fields that browsers refuse', async () => {
    start().peer.changed();
    await settle();
    expect(FakeConnection.all[0]!.configuration.iceServers).toEqual([{ urls: ['stun:gateway.example'] }]);
  });

  it('goes back after a refusal and tries again, later and later', async () => {
    const no = new LianmaiError('no_such_stream', 'no', { status: 404 });
    const { peer, plan, wants, calls, states } = start(null, no, no);
    peer.changed();
    await settle();
    const [connection] = FakeConnection.all;
    connection!.becomes('connected');
    wants.dirty = true;
    peer.changed();
    await settle();
    expect(connection!.signalingState).toBe('stable');
    expect(states().at(-1)).toEqual({ kind: 'waiting', error: no });
    await settle(500);
    expect(calls).toHaveLength(3);
    await settle(999);
    expect(calls).toHaveLength(3);
    await settle(1);
    expect(calls).toHaveLength(4);
    expect(states().at(-1)).toEqual({ kind: 'connected' });
    expect(FakeConnection.all).toHaveLength(1);
    expect(plan.lost).not.toHaveBeenCalled();
  });

  it('is built anew at once when the gateway does not know it any more', async () => {
    const { peer, plan, wants, calls } = start(null, new LianmaiError('no_such_peer', 'no', { status: 404 }));
    peer.changed();
    await settle();
    wants.dirty = true;
    peer.changed();
    await settle();
    expect(plan.lost).toHaveBeenCalledOnce();
    expect(FakeConnection.all).toHaveLength(2);
    expect(calls.at(-1)).not.toHaveProperty('peer');
  });

  it('is built anew when media finds no way, and when it loses it; says which', async () => {
    const { peer, plan, states } = start();
    const said = () => states().flatMap((state) => (state.kind === 'waiting' ? [state.error.code] : []));
    peer.changed();
    await settle(12_000);
    expect(FakeConnection.all[0]!.connectionState).toBe('closed');
    expect(said()).toEqual(['media_unreachable']);
    await settle(500);
    FakeConnection.all[1]!.becomes('connected');
    await settle(60_000);
    expect(FakeConnection.all).toHaveLength(2);
    FakeConnection.all[1]!.becomes('failed');
    expect(said()).toEqual(['media_unreachable', 'media_lost']);
    await settle(500);
    expect(FakeConnection.all).toHaveLength(3);
    expect(plan.lost).toHaveBeenCalledTimes(2);
  });

  it('looks for another way when it is cut, and needs no other connection if that is found in time', async () => {
    const { peer, calls } = start();
    peer.changed();
    await settle();
    const [connection] = FakeConnection.all;
    connection!.becomes('connected');
    connection!.becomes('disconnected');
    await settle(3_000);
    expect(calls.at(-1)).toMatchObject({ peer: 'p1', offer: 'offer 2 anew' });
    connection!.becomes('connected');
    await settle(60_000);
    expect(FakeConnection.all).toHaveLength(1);
  });

  it('ends when it is not needed, and for good when closed', async () => {
    const { peer, wants, calls, states } = start();
    peer.changed();
    await settle();
    wants.needed = false;
    peer.changed();
    await settle();
    expect(calls.at(-1)).toEqual({ op: 'webrtc_close', peer: 'p1' });
    expect(states().at(-1)).toEqual({ kind: 'idle' });
    wants.needed = true;
    peer.changed();
    await settle();
    peer.close();
    peer.changed();
    await settle(60_000);
    expect(FakeConnection.all.map(({ connectionState }) => connectionState)).toEqual(['closed', 'closed']);
  });

  it('leaves nothing at the gateway when it is closed before the answer', async () => {
    let answer = () => {};
    const { peer, calls } = start(new Promise<void>((done) => (answer = done)));
    peer.changed();
    await settle();
    peer.close();
    answer();
    await settle();
    expect(calls.at(-1)).toEqual({ op: 'webrtc_close', peer: 'p1' });
    expect(FakeConnection.all[0]!.remote).toEqual([]);
  });
});
