// Figures of what is sent and received, from two readings.
import { describe, expect, it } from 'vitest';
import { Receiving, Sending, type Row } from '../src/rtc/stats';

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
    expect(first).toMatchObject({ roundTripMs: 12, video: { codec: 'H264', width: 640, bitrate: 0, loss: null, freezes: 2 } });
    const { video, audio } = receiving.next(inbound(2_000), mids);
    expect(video).toMatchObject({ bitrate: 800_000, lost: 5, loss: 0.05, bufferMs: 60, frozenMs: 400 });
    expect(audio).toMatchObject({ codec: 'opus', bitrate: 48_000, concealed: 0.1, level: null });
  });

  it('knows nothing of lines without media', () => {
    const rows = inbound(1_000, { packetsReceived: 0 });
    expect(new Receiving().next(rows, { audio: undefined, video: '1' })).toEqual({ roundTripMs: 12, audio: null, video: null, jitterMs: null });
    expect(new Receiving().next([], { audio: '0', video: '1' })).toEqual({ roundTripMs: null, audio: null, video: null, jitterMs: null });
  });

  it('survives counters that begin again', () => {
    const receiving = new Receiving();
    receiving.next(inbound(9_000), { audio: '0', video: '1' });
    const again = receiving.next(inbound(9_000, { bytesReceived: 0, timestamp: 10_000 }), { audio: '0', video: '1' });
    expect(again.video).toMatchObject({ bitrate: 0, loss: null, bufferMs: null });
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
    expect(figures).toMatchObject({ roundTripMs: 12, availableBitrate: 2_400_000, loss: 0.02, audio: null });
    const size = { width: 1280, height: 720, fps: 30 };
    expect(figures.video).toEqual({ codec: 'H264', ...size, bitrate: 1_600_000, loss: 0.02, layers: 2, limitedBy: 'cpu' });
  });
});
