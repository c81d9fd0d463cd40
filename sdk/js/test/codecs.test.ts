import { describe, expect, it } from 'vitest';
import { canSimulcast, layers, preferred, receivable } from '../src/rtc/codecs';

const h264 = (profile: string, mode: number) => ({
  mimeType: 'video/H264',
  sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
});
const of = (name: string) => ({ mimeType: `video/${name}` });

describe('preferred', () => {
  it('puts baseline H.264 first, then VP8, and helpers last', () => {
    const high = h264('640032', 1);
    const plain = h264('42e01f', 0);
    const baseline = h264('42e01f', 1);
    const list = [of('VP8'), of('rtx'), of('VP9'), high, plain, baseline, of('AV1'), of('red')];
    expect(preferred(list)).toEqual([baseline, high, plain, of('VP8'), of('VP9'), of('AV1'), of('rtx'), of('red')]);
  });

  it('leaves out nothing where there is no H.264', () => {
    const list = [of('VP9'), of('rtx'), of('VP8')];
    expect(preferred(list)).toEqual([of('VP8'), of('VP9'), of('rtx')]);
    expect(preferred([])).toEqual([]);
  });
});

it('a viewer offers what streams are made of, and nothing else', () => {
  const audio = ['audio/opus', 'audio/red', 'audio/PCMU', 'audio/telephone-event'].map((mimeType) => ({ mimeType }));
  expect(receivable(audio)).toEqual([{ mimeType: 'audio/opus' }]);
  const video = [of('VP8'), of('rtx'), h264('42e01f', 0), h264('42e01f', 1), of('AV1'), of('ulpfec'), of('VP9'), { ...of('VP9'), sdpFmtpLine: 'profile-id=2' }];
  expect(receivable(video)).toEqual([of('VP8'), of('rtx'), h264('42e01f', 1), of('AV1'), of('VP9')]);
});

describe('simulcast', () => {
  it('is for codecs whose encoders can', () => {
    expect(canSimulcast([h264('42e01f', 1)])).toBe(true);
    expect(canSimulcast([of('VP8')])).toBe(true);
    expect(canSimulcast([of('VP9')])).toBe(false);
    expect(canSimulcast([])).toBe(false);
  });

  it('has as many layers as the picture is worth, the full picture first', () => {
    expect(layers(720, 1_800_000).map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
      ['h', 1],
      ['m', 2],
      ['l', 4],
    ]);
    expect(layers(360, 1_000_000).map(({ rid }) => rid)).toEqual(['h', 'l']);
    expect(layers(0, 1_000_000)).toEqual([]);
  });
});
