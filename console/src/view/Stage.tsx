/** What this page sends into the room, and the way in and out. */
import { useCallback, useState } from 'preact/hooks';
import type { Room } from '../api/types';
import { explain } from '../explain';
import { canCapture } from '../join/capture';
import type { Sent } from '../store/me';
import type { State } from '../store/state';
import { strings } from '../strings';
import { useServices } from './context';
import { JoinForm } from './JoinForm';
import { LevelMeter } from './LevelMeter';
import { Preview } from './Preview';
import { SendLines } from './RtcLines';

export function Stage({ room, state }: { room: Room; state: State }) {
  const [asking, setAsking] = useState(false);
  const { me } = state;
  const problem = me.room === room.id ? me.problem : null;
  if (me.phase !== 'away') return <Inside state={state} />;
  if (!state.mayJoin) return <p class="quiet join-hint">{strings.seatNeedsAccount}</p>;
  if (!canCapture()) return <p class="quiet join-hint">{strings.captureInsecure}</p>;
  if (asking) return <JoinForm room={room} problem={problem} onClose={() => setAsking(false)} />;
  return (
    <div class="actions">
      <button type="button" class="primary" data-testid="join-open" onClick={() => setAsking(true)}>
        {strings.join}
      </button>
      {problem !== null && (
        <span class="warn" role="alert" data-testid="join-problem">
          {problem}
        </span>
      )}
    </div>
  );
}

function Inside({ state: { me, signals } }: { state: State }) {
  const { visits } = useServices();
  const visit = visits.current;
  const camera = me.sending.find(({ kind }) => kind === 'camera');
  const screen = me.sending.find(({ kind }) => kind === 'screen');
  const isMuted = camera?.aoff ?? true;
  const hasPicture = camera !== undefined && !camera.voff;
  const isIn = me.phase === 'joined';
  return (
    <section class="stage" aria-label={strings.stage} data-testid="stage" data-phase={me.phase} data-connection={me.connection.kind} data-member={me.member ?? undefined}>
      {me.sending.map((sent) => (
        <SentTile key={sent.stream} sent={sent} speaks={me.member !== null && signals.speaker === me.member} />
      ))}
      <div class="actions">
        <button type="button" aria-pressed={isMuted} disabled={!isIn} data-testid="me-mute" onClick={() => visit?.setMuted(!isMuted)}>
          {isMuted ? strings.micOn : strings.micOff}
        </button>
        <button type="button" aria-pressed={!hasPicture} disabled={!isIn} data-testid="me-camera" onClick={() => visit?.setCamera(!hasPicture)}>
          {hasPicture ? strings.cameraOff : strings.cameraOn}
        </button>
        <button type="button" aria-pressed={screen !== undefined} disabled={!isIn} data-testid="me-screen" onClick={() => (screen ? visit?.stopScreen() : visit?.shareScreen())}>
          {screen ? strings.screenOff : strings.screenOn}
        </button>
        <button type="button" class="leave" data-testid="me-leave" onClick={() => visits.leave()}>
          {strings.leaveRoom}
        </button>
        <span class="quiet" role="status">
          {said(me)}
        </span>
        {me.problem !== null && (
          <span class="warn" role="alert" data-testid="join-problem">
            {me.problem}
          </span>
        )}
      </div>
    </section>
  );
}

function SentTile({ sent, speaks }: { sent: Sent; speaks: boolean }) {
  const { visits } = useServices();
  const { stream } = sent;
  const ask = useCallback(async () => (await visits.current?.figures(stream)) ?? null, [visits, stream]);
  return (
    <article class={speaks ? 'tile mine speaks' : 'tile mine'} data-testid="sent" data-kind={sent.kind} data-stream={stream}>
      <Preview media={sent.media} mirrored={sent.kind === 'camera'} video={!sent.voff} />
      <div class="caption">
        <span class="name">{strings.you}</span>
        <span class="tag">{strings.streamKinds[sent.kind]}</span>
        {sent.voff && <span class="tag warn">{strings.voff}</span>}
        {sent.aoff && <span class="tag warn">{strings.aoff}</span>}
      </div>
      <LevelMeter track={sent.aoff ? null : (sent.media.getAudioTracks()[0] ?? null)} />
      <SendLines ask={ask} />
    </article>
  );
}

function said(me: State['me']): string {
  if (me.phase === 'joining') return strings.joining;
  if (me.phase === 'lost') return strings.sessionLost;
  switch (me.connection.kind) {
    case 'waiting':
      return strings.playerWaiting(explain(me.connection.error));
    case 'connecting':
      return strings.playerConnecting;
    case 'connected':
      return strings.sendingNow;
    default:
      return strings.sendingNothing;
  }
}
