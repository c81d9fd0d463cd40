import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/problem';
import { Backoff } from '../live/backoff';
import { KeptPeer, type Plan } from './kept';

/** As much of a connection as is negotiated with. */
class FakeConnection extends EventTarget {
  static all: FakeConnection[] = [];
  connectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  remote: string[] = [];
  offers = 0;

  constructor() {
    super();
    FakeConnection.all.push(this);
  }

  async createOffer() {
    return { type: 'offer', sdp: `offer ${++this.offers}` };
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

function start(...answers: (ApiError | Promise<unknown> | null)[]) {
  const calls: { op: string; peer?: string }[] = [];
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
  const call = vi.fn(async (op: string, fields: object = {}) => {
    calls.push({ op, ...fields });
    const answer = op === 'webrtc_close' ? null : (answers.shift() ?? null);
    if (answer instanceof ApiError) throw answer;
    await answer;
    return { peer: `p${FakeConnection.all.length}`, answer: `answer ${calls.length}`, etag: 'e' } as never;
  });
  const peer = new KeptPeer({ call }, 'r', plan, new Backoff(1_000, 8_000, () => 0));
  return { peer, plan, wants, calls, states: () => plan.onState.mock.calls.map(([state]) => state) };
}

describe('KeptPeer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('RTCPeerConnection', FakeConnection);
    FakeConnection.all = [];
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
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

  it('goes back after a refusal and tries again, later and later', async () => {
    const no = new ApiError(404, 'no_such_stream', 'no');
    const { peer, plan, wants, calls, states } = start(null, no, no);
    peer.changed();
    await settle();
    FakeConnection.all[0]!.becomes('connected');
    wants.dirty = true;
    peer.changed();
    await settle();
    const [connection] = FakeConnection.all;
    expect(connection!.signalingState).toBe('stable');
    expect(states().at(-1)).toMatchObject({ kind: 'waiting' });
    await settle(1_000);
    expect(calls).toHaveLength(3);
    await settle(1_999);
    expect(calls).toHaveLength(3);
    await settle(1);
    expect(calls).toHaveLength(4);
    expect(FakeConnection.all).toHaveLength(1);
    expect(plan.lost).not.toHaveBeenCalled();
  });

  it('is built anew when the gateway does not know it any more', async () => {
    const { peer, plan, wants, calls } = start(null, new ApiError(404, 'no_such_peer', 'no'));
    peer.changed();
    await settle();
    wants.dirty = true;
    peer.changed();
    await settle();
    expect(plan.lost).toHaveBeenCalledOnce();
    await settle(1_000);
    expect(FakeConnection.all).toHaveLength(2);
    expect(calls.at(-1)).not.toHaveProperty('peer');
  });

  it('is built anew when no media comes through, and when it fails', async () => {
    const { peer, plan } = start();
    peer.changed();
    await settle(12_000);
    expect(FakeConnection.all[0]!.connectionState).toBe('closed');
    await settle(1_000);
    FakeConnection.all[1]!.becomes('connected');
    await settle(60_000);
    FakeConnection.all[1]!.becomes('disconnected');
    await settle(3_000);
    FakeConnection.all[1]!.becomes('connected');
    await settle(60_000);
    expect(FakeConnection.all).toHaveLength(2);
    FakeConnection.all[1]!.becomes('failed');
    await settle(1_000);
    expect(FakeConnection.all).toHaveLength(3);
    expect(plan.lost).toHaveBeenCalledTimes(2);
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
