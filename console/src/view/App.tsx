import { useStore } from '../store/store';
import { strings } from '../strings';
import { useServices } from './context';
import { NoRooms, RoomGone } from './Empty';
import { Header } from './Header';
import { RoomList } from './RoomList';
import { RoomPage } from './RoomPage';
import { TokenForm } from './TokenForm';

export function App() {
  const { store } = useServices();
  const state = useStore(store);
  if (state.phase === 'needs_token') {
    return (
      <>
        <Header state={state} />
        <TokenForm problem={state.problem} />
      </>
    );
  }
  const { rooms, room } = state;
  return (
    <>
      <a class="skip" href="#streams" onClick={focusStreams}>
        {strings.skip}
      </a>
      <Header state={state} />
      {state.problem !== null && (
        <p class="problem" role="alert">
          {state.problem}
        </p>
      )}
      <div class="columns">
        <RoomList rooms={rooms} more={state.moreRooms} open={state.open} />
        <main id="streams" tabIndex={-1}>
          {state.open !== null && room === 'gone' && <RoomGone room={state.open} />}
          {room !== null && room !== 'gone' && <RoomPage key={room.id} room={room} state={state} />}
          {room === null && rooms?.length !== 0 && <p class="quiet">{strings.loading}</p>}
          {state.open === null && rooms?.length === 0 && <NoRooms state={state} />}
        </main>
      </div>
    </>
  );
}

/** The address bar names the room, so the link must not change it. */
function focusStreams(event: Event): void {
  event.preventDefault();
  document.getElementById('streams')?.focus();
}
