import type { Stream, StreamStats } from '../api/types';

export interface Tracks {
  audio: boolean;
  video: boolean;
}

/**
 * Which tracks to play. A browser waits for every track it was promised, so one that is absent or switched off must not
 * be asked for. While nothing is known (just published, or off air for a moment), what was known before holds.
 */
export function wantedTracks(stream: Stream, stats: StreamStats | null, before: Tracks | null): Tracks | null {
  if (!stream.on_air || !stats) return before;
  const audio = !!stats.audio && !stream.aoff;
  const video = !!stats.video && !stream.voff;
  return audio || video ? { audio, video } : before;
}
