import { useRef, useState } from 'preact/hooks';
import type { FlvTransport, Member, Stream, StreamStats } from '../api/types';
import { strings } from '../strings';
import { FullScreenIcon, LinkIcon, SilentIcon, SpeakerIcon } from './icons';
import { PullUrlPanel } from './PullUrlPanel';
import { StatLines } from './StatLines';
import { VideoPane } from './VideoPane';

interface Props {
  room: string;
  stream: Stream;
  owner: Member | null;
  stats: StreamStats | null;
  transport: FlvTransport;
}

export function StreamTile({ room, stream, owner, stats, transport }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [muted, setMuted] = useState(true);
  const [urls, setUrls] = useState(false);
  const name = owner ? owner.nick || owner.account : stream.owner ?? strings.streamKinds[stream.kind];
  return (
    <article class="tile" aria-label={strings.video(name)}>
      <div class="frame" ref={frame}>
        <VideoPane room={room} stream={stream} stats={stats} transport={transport} muted={muted} name={name} />
      </div>
      <div class="caption">
        <span class="name">{name}</span>
        {owner && <span class="tag">{strings.roles[owner.role] ?? owner.role}</span>}
        {stream.kind !== 'camera' && <span class="tag">{strings.streamKinds[stream.kind]}</span>}
        {stream.voff && <span class="tag warn">{strings.voff}</span>}
        {stream.aoff && <span class="tag warn">{strings.aoff}</span>}
        <span class="push" />
        <button
          type="button"
          class="tool"
          aria-pressed={!muted}
          aria-label={`${muted ? strings.unmute : strings.mute}: ${name}`}
          title={muted ? strings.unmute : strings.mute}
          onClick={() => setMuted(!muted)}
        >
          {muted ? <SilentIcon /> : <SpeakerIcon />}
        </button>
        <button
          type="button"
          class="tool"
          aria-label={`${strings.fullScreen}: ${name}`}
          title={strings.fullScreen}
          onClick={() => void frame.current?.requestFullscreen().catch(() => undefined)}
        >
          <FullScreenIcon />
        </button>
        <button
          type="button"
          class="tool"
          aria-expanded={urls}
          aria-label={`${strings.pullUrls}: ${name}`}
          title={strings.pullUrls}
          onClick={() => setUrls(!urls)}
        >
          <LinkIcon />
        </button>
      </div>
      {urls && <PullUrlPanel room={room} stream={stream.id} version={stream.url_version} />}
      <StatLines stats={stream.on_air ? stats : null} />
    </article>
  );
}
