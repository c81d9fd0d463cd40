import { expect, it, vi } from 'vitest';
import type { PeerState } from '../../../sdk/js/src/rtc/peer';
import type { Receiver, Sink as Kept } from '../../../sdk/js/src/rtc/receiver';
import { LianmaiError } from '../../../sdk/js/src/types/errors';
import { strings } from '../strings';
import { receiveAsMember } from './receive';

function start() {
  const receiver = {
    receive: vi.fn<(stream: string, sink: Kept) => void>(),
    remove: vi.fn(),
    figures: vi.fn(async () => null),
    choose: vi.fn(() => Promise.reject(new LianmaiError('no_such_stream', 'one size', { status: 404 }))),
  };
  const sink = { onTracks: vi.fn(), onState: vi.fn() };
  const reception = receiveAsMember(receiver as unknown as Receiver, 's', sink);
  return { receiver, sink, reception, kept: receiver.receive.mock.calls[0]![1] };
}

it('says why it waits, for people; what plays is for the player to say', () => {
  const { kept, sink } = start();
  const states: PeerState[] = [
    { kind: 'idle' },
    { kind: 'connected' },
    { kind: 'waiting', error: new LianmaiError('media_unreachable', 'x') },
    { kind: 'waiting', error: new LianmaiError('no_capacity', 'full', { status: 503 }) },
  ];
  states.forEach((state) => kept.onState(state));
  const waiting = [strings.noPath, strings.failed('no_capacity', 'full')].map((reason) => ({ kind: 'waiting', reason }));
  expect(sink.onState.mock.calls.map(([state]) => state)).toEqual([{ kind: 'connecting' }, { kind: 'connecting' }, ...waiting]);
});

it('asks for a layer at once and in later offers, and stops as itself', async () => {
  const { kept, receiver, reception } = start();
  expect(kept.layer).toBe('auto');
  reception.choose('low');
  expect(kept.layer).toBe('low');
  expect(receiver.choose).toHaveBeenCalledWith('s', 'low');
  reception.stop();
  expect(receiver.remove).toHaveBeenCalledWith('s', kept);
});
