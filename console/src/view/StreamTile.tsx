import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Layer } from '../../../sdk/js/src/types/media';
import type { Member, Stream, StreamStats } from '../api/types';
import type { Reception } from '../rtc/receive';
import { isInside, playMode } from '../store/me';
import type { State } from '../store/state';
import { strings } from '../strings';
import { useServices } from './context';
import { FullScreenIcon, LinkIcon, SilentIcon, SpeakerIcon } from './icons';
import { PlaySwitch } from './PlaySwitch';
import { PullUrlPanel } from './PullUrlPanel';
import { QualityBars } from './QualityBars';
import { ReceiveLines } from './RtcLines';
import { StatLines } from './StatLines';
import { VideoPane } from './VideoPane';

interface Props {
  room: string;
  stream: Stream;
  owner: Member | null;
  stats: StreamStats | null;
  state: State;
}

export function StreamTile({ room, stream, owner, stats, state }: Props) {
  const { store } = useServices();
  const inside = isInside(state);
  const mode = playMode(state, stream.id);
  const frame = useRef<HTMLDivElement>(null);
  const [muted, setMuted] = useState(!inside);
  const [silenced, setSilenced] = useState(false);
  const [reception, setReception] = useState<Reception | null>(null);
  const [layer, setLayer] = useState<Layer>('auto');
  const [urls, setUrls] = useState(false);
  const name = owner ? owner.nick || owner.account : stream.owner ?? strings.streamKinds[stream.kind];
  // Whoever joins wants to hear the others.
  useEffect(() => {
    if (inside) setMuted(false);
  }, [inside]);
  const onSilenced = useCallback(() => {
    setMuted(true);
    setSilenced(true);
  }, []);
  const onReception = useCallback((next: Reception | null) => {
    setReception(next);
    setLayer('auto');
  }, []);
  const speaks = !!stream.owner && stream.owner === state.signals.speaker && stream.kind === 'camera';
  return (
    <article class={speaks ? 'tile speaks' : 'tile'} aria-label={strings.video(name)} data-testid="tile" data-stream={stream.id} data-owner={stream.owner ?? undefined}>
      <div class="frame" ref={frame}>
        <VideoPane
          room={room}
          stream={stream}
          stats={stats}
          mode={mode}
          transport={state.transport}
          inside={inside}
          muted={muted}
          name={name}
          onSilenced={onSilenced}
          onReception={onReception}
        />
        {silenced && muted && (
          <button type="button" class="unmute" data-testid="unmute" onClick={() => setMuted(false)}>
            {strings.clickForSound}
          </button>
        )}
      </div>
      <div class="caption">
        <span class="name">{name}</span>
        {owner && <span class="tag">{strings.roles[owner.role] ?? owner.role}</span>}
        {stream.kind !== 'camera' && <span class="tag">{strings.streamKinds[stream.kind]}</span>}
        <QualityBars quality={stream.owner ? state.signals.quality[stream.owner] : undefined} />
        {stream.voff && <span class="tag warn">{strings.voff}</span>}
        {stream.aoff && <span class="tag warn">{strings.aoff}</span>}
        <span class="push" />
        <PlaySwitch
          stream={stream.id}
          name={name}
          mode={mode}
          onMode={(next) => store.dispatch({ type: 'mode', stream: stream.id, mode: next })}
          layer={inside && reception ? layer : null}
          onLayer={(next) => {
            setLayer(next);
            reception?.choose(next);
          }}
        />
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
      {reception && <ReceiveLines reception={reception} />}
      <StatLines stats={stream.on_air ? stats : null} />
    </article>
  );
}
