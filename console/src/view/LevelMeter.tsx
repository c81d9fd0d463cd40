import { useEffect, useRef } from 'preact/hooks';
import { measure } from '../join/level';
import { strings } from '../strings';

/** How loud a track is right now. */
export function LevelMeter({ track }: { track: MediaStreamTrack | null }) {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    if (!track) return;
    const show = (level: number) => {
      if (meter.current) meter.current.value = level;
    };
    const end = measure(track, show);
    return () => {
      end();
      show(0);
    };
  }, [track]);
  return <meter ref={meter} class="level" min={0} max={1} value={0} aria-label={strings.level} data-testid="level" />;
}
