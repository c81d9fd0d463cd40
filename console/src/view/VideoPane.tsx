import { useEffect, useRef, useState } from 'preact/hooks';
import { playUrl } from '../api/api';
import type { FlvTransport, Stream, StreamStats } from '../api/types';
import { LivePlayer, type PlayerState } from '../live/player';
import { wantedTracks, type Tracks } from '../live/tracks';
import { strings } from '../strings';
import { useServices } from './context';

interface Props {
  room: string;
  stream: Stream;
  stats: StreamStats | null;
  transport: FlvTransport;
  muted: boolean;
  name: string;
}

/** The picture of a stream, and what is to be said over it. */
export function VideoPane({ room, stream, stats, transport, muted, name }: Props) {
  const { api } = useServices();
  const element = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<PlayerState>({ kind: 'connecting' });
  // A player that is there when the publisher goes stays: the stream may go on in a moment.
  const [attached, setAttached] = useState(stream.on_air);
  const onAir = useRef(stream.on_air);
  onAir.current = stream.on_air;
  const tracks = useRef<Tracks | null>(null);
  tracks.current = wantedTracks(stream, stats, tracks.current);
  const { audio, video } = tracks.current ?? { audio: false, video: false };

  useEffect(() => {
    if (stream.on_air) setAttached(true);
  }, [stream.on_air]);

  useEffect(() => {
    if (!attached || !element.current || (!audio && !video)) return;
    const source = async () => {
      const urls = await api.pullUrls(room, stream.id);
      return { url: playUrl(urls[transport], location.origin), audio, video };
    };
    const player = new LivePlayer(element.current, source, (next) => {
      setState(next);
      if (next.kind === 'waiting' && !onAir.current) setAttached(false);
    });
    player.start();
    return () => player.stop();
  }, [api, room, stream.id, transport, attached, audio, video]);

  const playing = attached && state.kind === 'playing';
  return (
    <>
      <video ref={element} muted={muted} autoplay playsInline disablePictureInPicture={false} aria-label={name} />
      <span class={stream.on_air ? 'badge on' : 'badge'}>{stream.on_air ? strings.onAir : strings.offAir}</span>
      {playing && stream.on_air && !video && (
        <div class="over sound">
          <b aria-hidden="true">{[...name][0]?.toUpperCase()}</b>
          <span>{stream.voff ? strings.voff : strings.audioOnly}</span>
        </div>
      )}
      {(!playing || !stream.on_air) && (
        <p class="over" role="status">
          {stream.on_air ? said(state) : strings.playerOffAir}
        </p>
      )}
    </>
  );
}

function said(state: PlayerState): string {
  switch (state.kind) {
    case 'waiting':
      return strings.playerWaiting(state.reason);
    case 'unsupported':
      return strings.playerUnsupported;
    default:
      return strings.playerConnecting;
  }
}
