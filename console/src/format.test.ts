import { describe, expect, it } from 'vitest';
import { audioFacts, bitrate, codec, deliveryFacts, rate, sampleRate, span, videoFacts } from './format';
import { stats } from './testing';

describe('format', () => {
  it('writes figures as people read them', () => {
    expect([bitrate(612.4), bitrate(999.4), bitrate(2449)]).toEqual(['612 kb/s', '999 kb/s', '2.4 Mb/s']);
    expect([span(0), span(40.4), span(2000)]).toEqual(['0 ms', '40 ms', '2.0 s']);
    expect([rate(24.98), rate(14.5), rate(0)]).toEqual(['25', '14.5', '0']);
    expect([sampleRate(48000), sampleRate(44100), sampleRate(22050)]).toEqual(['48 kHz', '44.1 kHz', '22.1 kHz']);
    expect([codec('h264'), codec('OPUS'), codec('something')]).toEqual(['H.264', 'Opus', 'something']);
  });

  it('leaves out what is unknown', () => {
    const { video, audio } = stats();
    expect(videoFacts(video!)).toEqual(['H.264', '640×360', '25 fps', 'GOP 2.0 s', '612 kb/s']);
    expect(videoFacts({ ...video!, width: 0, gop_ms: null, b_frames: true })).toEqual([
      'H.264',
      '25 fps',
      'B-frames',
      '612 kb/s',
    ]);
    expect(audioFacts(audio!)).toEqual(['AAC', '44.1 kHz', 'stereo', '64 kb/s']);
    expect(audioFacts({ ...audio!, sample_rate: 0, channels: 0 })).toEqual(['AAC', '64 kb/s']);
  });

  it('counts in good English', () => {
    expect(deliveryFacts(stats())).toEqual(['1 reader', 'backlog 40 ms', '0 drops']);
    expect(deliveryFacts(stats({ readers: 2, dropped: 1 }))).toEqual(['2 readers', 'backlog 40 ms', '1 drop']);
  });
});
