import { describe, expect, it } from 'vitest';
import { pathFacts, receivedAudioFacts, receivedVideoFacts, sentVideoFacts, share } from '../rtcFormat';
import { Receiving, Sending, type Row } from './stats';

const path: Row[] = [
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P2' },
  { id: 'P1', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 9 },
  { id: 'P2', type: 'candidate-pair', currentRoundTripTime: 0.012, availableOutgoingBitrate: 2_400_000 },
  { id: 'C1', type: 'codec', mimeType: 'video/H264' },
  { id: 'C2', type: 'codec', mimeType: 'audio/opus' },
];

function inbound(at: number, more: Row = {}): Row[] {
  const seconds = at / 1000;
  const rtp = { type: 'inbound-rtp', timestamp: at, packetsLost: 5 * seconds, packetsReceived: 95 * seconds };
  return [
    ...path,
    { ...rtp, id: 'other', mid: '7', codecId: 'C1', bytesReceived: 9e9, freezeCount: 99 },
    {
      ...rtp,
      id: 'V',
      mid: '1',
      codecId: 'C1',
      bytesReceived: 100_000 * seconds,
      frameWidth: 640,
      frameHeight: 360,
      framesPerSecond: 25,
      jitterBufferDelay: 1.5 * seconds,
      jitterBufferEmittedCount: 25 * seconds,
      freezeCount: 2,
      totalFreezesDuration: 0.4,
      ...more,
    },
    {
      ...rtp,
      id: 'A',
      mid: '0',
      codecId: 'C2',
      bytesReceived: 6_000 * seconds,
      totalSamplesReceived: 48_000 * seconds,
      concealedSamples: 4_800 * seconds,
    },
  ];
}

describe('Receiving', () => {
  it('tells totals at once and rates after the second reading', () => {
    const receiving = new Receiving();
    const mids = { audio: '0', video: '1' };
    const first = receiving.next(inbound(1_000), mids);
    expect(first).toMatchObject({ rttMs: 12, video: { codec: 'H264', width: 640, kbps: null, loss: null, freezes: 2 } });
    const { video, audio, ...rest } = receiving.next(inbound(2_000), mids);
    expect(video).toMatchObject({ kbps: 800, loss: 0.05, bufferMs: 60, frozenMs: 400 });
    expect(audio).toMatchObject({ codec: 'opus', kbps: 48, concealed: 0.1 });
    expect(pathFacts({ ...rest, video, audio })).toEqual(['RTT 12 ms']);
    expect(receivedVideoFacts(video!)).toEqual([
      'H.264',
      '640×360',
      '25 fps',
      '800 kb/s',
      'loss 5.0 %',
      'buffer 60 ms',
      '2 freezes',
      'frozen 400 ms',
    ]);
    expect(receivedAudioFacts(audio!)).toEqual(['Opus', '48 kb/s', 'loss 5.0 %', 'concealed 10 %']);
  });

  it('knows nothing of lines without media', () => {
    const rows = inbound(1_000, { packetsReceived: 0 });
    expect(new Receiving().next(rows, { audio: undefined, video: '1' })).toEqual({ rttMs: 12, audio: null, video: null });
    expect(new Receiving().next([], { audio: '0', video: '1' })).toEqual({ rttMs: null, audio: null, video: null });
  });

  it('survives counters that begin again', () => {
    const receiving = new Receiving();
    receiving.next(inbound(9_000), { audio: '0', video: '1' });
    const again = receiving.next(inbound(9_000, { bytesReceived: 0, timestamp: 10_000 }), { audio: '0', video: '1' });
    expect(again.video).toMatchObject({ kbps: 0, loss: null, bufferMs: null });
  });
});

describe('Sending', () => {
  function outbound(at: number): Row[] {
    const layer = (id: string, width: number, rate: number) => ({
      id,
      type: 'outbound-rtp',
      mid: '1',
      codecId: 'C1',
      timestamp: at,
      bytesSent: rate * at,
      frameWidth: width,
      frameHeight: (width * 9) / 16,
      framesPerSecond: 30,
      qualityLimitationReason: width === 1280 ? 'cpu' : 'none',
      remoteId: `R${id}`,
    });
    const remote = { id: 'Rh', type: 'remote-inbound-rtp', fractionLost: 0.02 };
    return [...path, layer('l', 320, 20), layer('h', 1280, 180), remote];
  }

  it('adds up layers and shows the largest', () => {
    const sending = new Sending();
    const mids = { audio: '0', video: '1' };
    sending.next(outbound(1_000), mids);
    const figures = sending.next(outbound(3_000), mids);
    expect(figures).toMatchObject({ rttMs: 12, availableKbps: 2400, audio: null });
    expect(figures.video).toEqual({ codec: 'H264', width: 1280, height: 720, fps: 30, kbps: 1600, loss: 0.02, layers: 2, limited: 'cpu' });
    expect(pathFacts(figures)).toEqual(['RTT 12 ms', 'room for 2.4 Mb/s']);
    expect(sentVideoFacts(figures.video!)).toEqual(['H.264', '1280×720', '30 fps', '1.6 Mb/s', 'loss 2.0 %', '2 sizes', 'limited by cpu']);
  });
});

it('writes shares', () => {
  expect([share(0), share(0.015), share(0.25), share(1)]).toEqual(['0.0 %', '1.5 %', '25 %', '100 %']);
});
