/** For those who may change the room: its mix, what is recorded, where it is pushed. */
import { useState } from 'preact/hooks';
import type { Room } from '../api/types';
import { explain } from '../explain';
import type { Studio } from '../store/studio';
import { strings } from '../strings';
import { useServices } from './context';
import { MixControls } from './MixControls';
import { PushControls } from './PushControls';
import { RecordControls } from './RecordControls';

/** Does something and asks for what became of it; `true` if it was done. */
export type Act = (action: () => Promise<unknown>) => Promise<boolean>;

export function StudioPanel({ room, studio }: { room: Room; studio: Studio }) {
  const { sync } = useServices();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act: Act = async (action) => {
    setBusy(true);
    setProblem(null);
    try {
      await action();
      return true;
    } catch (thrown) {
      setProblem(explain(thrown));
      return false;
    } finally {
      setBusy(false);
      sync.refresh();
    }
  };
  return (
    <section class="studio" aria-label={strings.studio} data-testid="studio">
      <MixControls room={room.id} studio={studio} busy={busy} act={act} />
      <RecordControls room={room} recordings={studio.recordings} busy={busy} act={act} />
      <PushControls room={room.id} pushes={studio.pushes} busy={busy} act={act} />
      {problem !== null && (
        <p class="warn" role="alert" data-testid="studio-problem">
          {problem}
        </p>
      )}
    </section>
  );
}
