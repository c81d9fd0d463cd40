import { useEffect, useRef, useState } from 'preact/hooks';
import { playUrl } from '../api/api';
import type { FlvTransport, PlayMode, Stream, StreamStats } from '../api/types';
import { LivePlayer, type PlayerState } from '../live/player';
import { wantedTracks, type Tracks } from '../live/tracks';
import { RtcPlayer } from '../rtc/player';
import type { Receive, Reception } from '../rtc/receive';
import { receiveWhep } from '../rtc/whep';
import { strings } from '../strings';
import { useServices } from './context';

interface Props {
  room: string;
  stream: Stream;
  stats: StreamStats | null;
  mode: PlayMode;
  transport: FlvTransport;
  /** Whether this page is a member of the room. */
  inside: boolean;
  muted: boolean;
  name: string;
  /** The browser plays no sound before somebody clicks. */
  onSilenced: () => void;
  /** What comes over WebRTC, while it does. */
  onReception: (reception: Reception | null) => void;
}

/** The picture of a stream, and what is to be said over it. */
export function VideoPane(props: Props) {
  const { room, stream, stats, mode, transport, inside, muted, name, onSilenced, onReception } = props;
  const { api, visits } = useServices();
  const element = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<PlayerState>({ kind: 'connecting' });
  // A player that is there when the publisher goes stays: the stream may go on in a moment.
  const [attached, setAttached] = useState(stream.on_air);
  const onAir = useRef(stream.on_air);
  onAir.current = stream.on_air;
  const tracks = useRef<Tracks | null>(null);
  tracks.current = wantedTracks(stream, stats, tracks.current);
  const { audio, video } = tracks.current ?? { audio: false, video: false };
  const rtc = useRef<RtcPlayer | null>(null);

  useEffect(() => {
    if (stream.on_air) setAttached(true);
  }, [stream.on_air]);

  const heard = (next: PlayerState) => {
    setState(next);
    if (next.kind === 'waiting' && !onAir.current) setAttached(false);
  };

  useEffect(() => {
    if (mode !== 'flv' || !attached || !element.current || (!audio && !video)) return;
    const source = async () => {
      const url = (await api.pullUrls(room, stream.id))[transport];
      return url ? { url: playUrl(url, location.origin), audio, video } : null;
    };
    const player = new LivePlayer(element.current, source, heard);
    player.start();
    return () => player.stop();
  }, [api, room, stream.id, mode, transport, attached, audio, video]);

  // A member's connection carries all streams, so one that is off air costs nothing.
  const ready = inside || attached;
  useEffect(() => {
    const visit = inside ? visits.current : null;
    if (mode !== 'webrtc' || !ready || !element.current || (inside && !visit)) return;
    const whep = {
      url: async () => {
        const { whep: url } = await api.pullUrls(room, stream.id, 'webrtc');
        return url ? playUrl(url, location.origin) : null;
      },
      reach: (url: string) => playUrl(url, location.origin),
    };
    const receive: Receive = (sink) => visit?.receive(stream.id, sink) ?? receiveWhep(whep, sink);
    const player = new RtcPlayer(element.current, receive, heard, onSilenced);
    player.start();
    rtc.current = player;
    onReception(player.stream);
    return () => {
      player.stop();
      rtc.current = null;
      onReception(null);
    };
  }, [api, visits, room, stream.id, mode, inside, ready]);

  // Without a change of connection. What is not known yet may be either.
  const rtcAudio = (audio || !video) && !stream.aoff;
  const rtcVideo = (video || !audio) && !stream.voff;
  useEffect(() => rtc.current?.show({ audio: rtcAudio, video: rtcVideo }), [mode, inside, ready, rtcAudio, rtcVideo]);

  const playing = (mode === 'webrtc' ? ready : attached) && state.kind === 'playing';
  return (
    <>
      <video key={mode} ref={element} muted={muted} autoplay playsInline disablePictureInPicture={false} aria-label={name} data-testid="video" data-mode={mode} data-state={state.kind} />
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
