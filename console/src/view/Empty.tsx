/** Nothing to show, and what to do about it. */
import { createRoomCommand, publishCommand } from '../commands';
import type { State } from '../store/state';
import { strings } from '../strings';
import { CopyField } from './CopyField';

export function NoRooms({ state }: { state: State }) {
  return (
    <section class="empty">
      <h1>{strings.noRooms}</h1>
      <p>{strings.noRoomsHint}</p>
      <CopyField label={strings.command} text={createRoomCommand(location.origin, state)} block />
    </section>
  );
}

export function NoStreams({ room, state }: { room: string; state: State }) {
  return (
    <section class="empty">
      <h2>{strings.noStreams}</h2>
      <p>{strings.noStreamsHint}</p>
      <CopyField label={strings.command} text={publishCommand(location.origin, state, room)} block />
    </section>
  );
}

export function RoomGone({ room }: { room: string }) {
  return (
    <section class="empty">
      <h1>{strings.roomGone(room)}</h1>
      <p>{strings.roomGoneHint}</p>
      <p>
        <a href="#/">{strings.showOthers}</a>
      </p>
    </section>
  );
}
