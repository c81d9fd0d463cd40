/** Figures as people read them. */
import type { AudioStats, StreamStats, VideoStats } from './api/types';
import { strings } from './strings';

const CODECS: Record<string, string> = {
  h264: 'H.264',
  h265: 'H.265',
  hevc: 'H.265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  aac: 'AAC',
  opus: 'Opus',
  mp3: 'MP3',
};

export function codec(name: string): string {
  return CODECS[name.toLowerCase()] ?? name;
}

/** `612 kb/s`, `2.4 Mb/s`. */
export function bitrate(kbps: number): string {
  return kbps < 1000 ? `${Math.round(kbps)} kb/s` : `${(kbps / 1000).toFixed(1)} Mb/s`;
}

/** `40 ms`, `2.0 s`. */
export function span(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function rate(fps: number): string {
  return Math.abs(fps - Math.round(fps)) < 0.25 ? String(Math.round(fps)) : fps.toFixed(1);
}

/** `48 kHz`, `44.1 kHz`. */
export function sampleRate(hz: number): string {
  return `${Number((hz / 1000).toFixed(1))} kHz`;
}

/** Codec, size, frame rate, GOP, bit rate; what is unknown is left out. */
export function videoFacts(video: VideoStats): string[] {
  const facts = [codec(video.codec)];
  if (video.width > 0 && video.height > 0) facts.push(`${video.width}×${video.height}`);
  facts.push(strings.fps(rate(video.fps)));
  if (typeof video.gop_ms === 'number') facts.push(strings.gop(span(video.gop_ms)));
  if (video.b_frames) facts.push(strings.bFrames);
  facts.push(bitrate(video.kbps));
  return facts;
}

export function audioFacts(audio: AudioStats): string[] {
  const facts = [codec(audio.codec)];
  if (audio.sample_rate > 0) facts.push(sampleRate(audio.sample_rate));
  if (audio.channels > 0) facts.push(strings.channels(audio.channels));
  facts.push(bitrate(audio.kbps));
  return facts;
}

export function deliveryFacts(stats: StreamStats): string[] {
  return [strings.readers(stats.readers), strings.backlog(span(stats.backlog_ms)), strings.drops(stats.dropped)];
}
