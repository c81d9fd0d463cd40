import { useEffect, useRef } from 'preact/hooks';
import { strings } from '../strings';

interface Props {
  media: MediaStream | null;
  /** What is seen in a mirror. */
  mirrored: boolean;
  /** Whether there is a picture. */
  video: boolean;
}

/** What is sent from here, without its sound. */
export function Preview({ media, mirrored, video }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = media;
  }, [media, video]);
  return (
    <div class="frame">
      <video ref={element} class={mirrored ? 'mirrored' : undefined} muted autoplay playsInline aria-label={strings.preview} data-testid="preview" />
      {!video && <p class="over">{strings.voff}</p>}
    </div>
  );
}
