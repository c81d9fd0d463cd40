/** Figures of WebRTC connections as people read them; what is unknown is left out. */
import { bitrate, codec, rate, span } from './format';
import type { ReceiveFigures, ReceivedAudio, ReceivedVideo, SendFigures, SentAudio, SentVideo } from './rtc/stats';
import { strings } from './strings';

/** `1.5 %`. */
export function share(part: number): string {
  return `${(part * 100).toFixed(part < 0.0995 ? 1 : 0)} %`;
}

export function pathFacts(figures: ReceiveFigures | SendFigures): string[] {
  const facts: string[] = [];
  if (figures.rttMs !== null) facts.push(strings.rtt(span(figures.rttMs)));
  if ('availableKbps' in figures && figures.availableKbps !== null) facts.push(strings.available(bitrate(figures.availableKbps)));
  return facts;
}

export function receivedVideoFacts(video: ReceivedVideo): string[] {
  const frozen = video.frozenMs > 0 ? [strings.frozen(span(video.frozenMs))] : [];
  return [...pictureFacts(video), ...arrivalFacts(video), strings.freezes(video.freezes), ...frozen];
}

export function receivedAudioFacts(audio: ReceivedAudio): string[] {
  const concealed = audio.concealed === null ? [] : [strings.concealed(share(audio.concealed))];
  return [...codecFacts(audio), ...rateFacts(audio), ...arrivalFacts(audio), ...concealed];
}

export function sentVideoFacts(video: SentVideo): string[] {
  const facts = [...pictureFacts(video), ...lossFacts(video)];
  if (video.layers > 1) facts.push(strings.layerCount(video.layers));
  if (video.limited !== null) facts.push(strings.limited(video.limited));
  return facts;
}

export function sentAudioFacts(audio: SentAudio): string[] {
  return [...codecFacts(audio), ...rateFacts(audio), ...lossFacts(audio)];
}

function pictureFacts(video: ReceivedVideo | SentVideo): string[] {
  const size = video.width > 0 ? [`${video.width}×${video.height}`] : [];
  return [...codecFacts(video), ...size, strings.fps(rate(video.fps)), ...rateFacts(video)];
}

function codecFacts({ codec: name }: { codec: string | null }): string[] {
  return name === null ? [] : [codec(name)];
}

function rateFacts({ kbps }: { kbps: number | null }): string[] {
  return kbps === null ? [] : [bitrate(kbps)];
}

function lossFacts({ loss }: { loss: number | null }): string[] {
  return loss === null ? [] : [strings.loss(share(loss))];
}

function arrivalFacts(track: { loss: number | null; bufferMs: number | null }): string[] {
  return [...lossFacts(track), ...(track.bufferMs === null ? [] : [strings.buffer(span(track.bufferMs))])];
}
