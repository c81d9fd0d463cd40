/** Figures of WebRTC connections as people read them; what is unknown is left out. */
import type { ReceiveAudioStats, ReceiveStats, ReceiveVideoStats, SendAudioStats, SendStats, SendVideoStats } from '../../sdk/js/src/types/media';
import { bitrate, codec, rate, span } from './format';
import { strings } from './strings';

/** `1.5 %`. */
export function share(part: number): string {
  return `${(part * 100).toFixed(part < 0.0995 ? 1 : 0)} %`;
}

export function pathFacts(figures: ReceiveStats | SendStats): string[] {
  const facts: string[] = [];
  if (figures.roundTripMs !== null) facts.push(strings.rtt(span(figures.roundTripMs)));
  if ('availableBitrate' in figures && figures.availableBitrate !== null) facts.push(strings.available(bitrate(figures.availableBitrate / 1000)));
  return facts;
}

export function receivedVideoFacts(video: ReceiveVideoStats): string[] {
  const frozen = video.frozenMs > 0 ? [strings.frozen(span(video.frozenMs))] : [];
  return [...pictureFacts(video), ...arrivalFacts(video), strings.freezes(video.freezes), ...frozen];
}

export function receivedAudioFacts(audio: ReceiveAudioStats): string[] {
  return [...codecFacts(audio), ...rateFacts(audio), ...arrivalFacts(audio), strings.concealed(share(audio.concealed))];
}

export function sentVideoFacts(video: SendVideoStats): string[] {
  const facts = [...pictureFacts(video), ...lossFacts(video)];
  if (video.layers > 1) facts.push(strings.layerCount(video.layers));
  if (video.limitedBy !== null) facts.push(strings.limited(video.limitedBy));
  return facts;
}

export function sentAudioFacts(audio: SendAudioStats): string[] {
  return [...codecFacts(audio), ...rateFacts(audio), ...lossFacts(audio)];
}

function pictureFacts(video: ReceiveVideoStats | SendVideoStats): string[] {
  const size = video.width > 0 ? [`${video.width}×${video.height}`] : [];
  return [...codecFacts(video), ...size, strings.fps(rate(video.fps)), ...rateFacts(video)];
}

function codecFacts({ codec: name }: { codec: string | null }): string[] {
  return name === null ? [] : [codec(name)];
}

function rateFacts({ bitrate: bits }: { bitrate: number }): string[] {
  return bits > 0 ? [bitrate(bits / 1000)] : [];
}

function lossFacts({ loss }: { loss: number | null }): string[] {
  return loss === null ? [] : [strings.loss(share(loss))];
}

function arrivalFacts(track: { loss: number | null; bufferMs: number | null }): string[] {
  return [...lossFacts(track), ...(track.bufferMs === null ? [] : [strings.buffer(span(track.bufferMs))])];
}
