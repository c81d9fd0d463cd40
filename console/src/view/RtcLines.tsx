/** Figures of the browser's own end of a WebRTC connection. */
import { useCallback } from 'preact/hooks';
import type { SendStats } from '../../../sdk/js/src/types/media';
import { pathFacts, receivedAudioFacts, receivedVideoFacts, sentAudioFacts, sentVideoFacts } from '../rtcFormat';
import type { Reception } from '../rtc/receive';
import { strings } from '../strings';
import { Line } from './StatLines';
import { useFigures } from './useFigures';

export function ReceiveLines({ reception }: { reception: Reception }) {
  const figures = useFigures(useCallback(() => reception.figures(), [reception]));
  if (!figures) return null;
  const { video, audio } = figures;
  return (
    <dl class="stats rtc" data-testid="rtc-stats">
      <Line label={strings.statWebrtc} facts={pathFacts(figures)} />
      <Line label={strings.statVideo} facts={video && receivedVideoFacts(video)} warn={video && video.freezes > 0 ? strings.freezes(video.freezes) : null} />
      <Line label={strings.statAudio} facts={audio && receivedAudioFacts(audio)} />
    </dl>
  );
}

export function SendLines({ ask }: { ask: () => Promise<SendStats | null> }) {
  const figures = useFigures(ask);
  if (!figures) return null;
  const { video, audio } = figures;
  return (
    <dl class="stats rtc" data-testid="send-stats">
      <Line label={strings.statWebrtc} facts={pathFacts(figures)} />
      <Line label={strings.statVideo} facts={video && sentVideoFacts(video)} warn={video?.limitedBy ? strings.limited(video.limitedBy) : null} />
      <Line label={strings.statAudio} facts={audio && sentAudioFacts(audio)} />
    </dl>
  );
}
