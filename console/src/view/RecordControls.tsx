import type { Recording, Room } from '../api/types';
import { worthShowing } from '../store/studio';
import { strings } from '../strings';
import { useServices } from './context';
import type { Act } from './StudioPanel';

interface Props {
  room: Room;
  /** `null` where the gateway does not record. */
  recordings: Recording[] | null;
  busy: boolean;
  act: Act;
}

/** Begins recordings, and shows those that run. */
export function RecordControls({ room, recordings, busy, act }: Props) {
  const { api } = useServices();
  const shown = worthShowing(recordings ?? []);
  const hasMix = shown.some(({ is_mix, state }) => is_mix && state !== 'failed');
  const has = (stream: string) => shown.some((one) => one.stream === stream && one.state !== 'failed');
  const isAnyLeft = room.streams.some(({ id, kind }) => kind !== 'mix' && !has(id));
  return (
    <div class="control" data-testid="recordings" data-count={shown.length}>
      <h2>{strings.recordings}</h2>
      {recordings === null ? (
        <p class="quiet">{strings.noRecorder}</p>
      ) : (
        <div class="actions">
          <button type="button" disabled={busy || hasMix} data-testid="record-mix" onClick={() => void act(() => api.record(room.id, 'mix'))}>
            {strings.recordMix}
          </button>
          <button type="button" disabled={busy || !isAnyLeft} data-testid="record-streams" onClick={() => void act(() => api.record(room.id, 'streams'))}>
            {strings.recordStreams}
          </button>
          {shown.length === 0 && <span class="quiet">{strings.nothingRecorded}</span>}
        </div>
      )}
      <ul>
        {shown.map((recording) => (
          <Running key={recording.id} recording={recording} busy={busy} act={act} />
        ))}
      </ul>
    </div>
  );
}

function Running({ recording, busy, act }: { recording: Recording; busy: boolean; act: Act }) {
  const { api } = useServices();
  const { id, state } = recording;
  const change = (how: 'pause' | 'resume' | 'stop') => void act(() => api.changeRecording(id, how));
  const isPaused = state === 'paused';
  return (
    <li data-testid="recording" data-state={state} data-mix={recording.is_mix}>
      <span class="name">{recording.is_mix ? strings.mix : (recording.account ?? recording.stream)}</span>
      <span class={`state ${state}`}>{strings.recordingStates[state]}</span>
      {state === 'failed' ? (
        <span class="warn">{recording.error}</span>
      ) : (
        <>
          <button type="button" disabled={busy} data-testid="recording-pause" onClick={() => change(isPaused ? 'resume' : 'pause')}>
            {isPaused ? strings.resume : strings.pause}
          </button>
          <button type="button" disabled={busy} data-testid="recording-stop" onClick={() => change('stop')}>
            {strings.stop}
          </button>
        </>
      )}
    </li>
  );
}
