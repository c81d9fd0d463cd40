import { expect, it } from 'vitest';
import { pathFacts, receivedAudioFacts, receivedVideoFacts, sentVideoFacts, share } from './rtcFormat';

const arrival = { lost: 5, loss: 0.05, bufferMs: 60 };
const size = { width: 640, height: 360, fps: 25 };

it('writes what arrives', () => {
  const video = { codec: 'H264', bitrate: 800_000, ...arrival, ...size, frames: 99, freezes: 2, frozenMs: 400 };
  expect(receivedVideoFacts(video)).toEqual(['H.264', '640×360', '25 fps', '800 kb/s', 'loss 5.0 %', 'buffer 60 ms', '2 freezes', 'frozen 400 ms']);
  const audio = { codec: 'opus', bitrate: 48_000, ...arrival, bufferMs: null, concealed: 0.1, level: null };
  expect(receivedAudioFacts(audio)).toEqual(['Opus', '48 kb/s', 'loss 5.0 %', 'concealed 10 %']);
  expect(pathFacts({ video, audio, roundTripMs: 12, jitterMs: null })).toEqual(['RTT 12 ms']);
});

it('leaves out what the first reading cannot know', () => {
  const video = { codec: null, bitrate: 0, lost: 0, loss: null, bufferMs: null, ...size, frames: 1, freezes: 0, frozenMs: 0 };
  expect(receivedVideoFacts(video)).toEqual(['640×360', '25 fps', '0 freezes']);
});

it('writes what is sent', () => {
  const video = { codec: 'H264', bitrate: 1_600_000, loss: 0.02, ...size, layers: 2, limitedBy: 'cpu' };
  expect(sentVideoFacts(video)).toEqual(['H.264', '640×360', '25 fps', '1.6 Mb/s', 'loss 2.0 %', '2 sizes', 'limited by cpu']);
  const path = { roundTripMs: 12, loss: 0.02, availableBitrate: 2_400_000 };
  expect(pathFacts({ ...path, audio: null, video })).toEqual(['RTT 12 ms', 'room for 2.4 Mb/s']);
});

it('writes shares', () => {
  expect([share(0), share(0.015), share(0.25), share(1)]).toEqual(['0.0 %', '1.5 %', '25 %', '100 %']);
});
