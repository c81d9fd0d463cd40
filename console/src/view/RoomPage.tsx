import type { Room, Stream } from '../api/types';
import { onAir, type State } from '../store/state';
import { strings } from '../strings';
import { NoStreams } from './Empty';
import { MemberList } from './MemberList';
import { Stage } from './Stage';
import { StreamTile } from './StreamTile';
import { StudioPanel } from './StudioPanel';

export function RoomPage({ room, state }: { room: Room; state: State }) {
  const { name, kind } = room.settings;
  // What is sent from here is seen without a way round.
  const streams = room.streams.filter(({ owner }) => !owner || owner !== state.me.member);
  return (
    <>
      <div class="room-head">
        <h1>{name ?? room.id}</h1>
        <p class="quiet">
          {name !== null && <code>{room.id}</code>}
          <span>{strings.roomKinds[kind] ?? kind}</span>
          <span>{strings.memberCount(room.members.length)}</span>
          <span>{strings.onAirCount(onAir(room))}</span>
        </p>
      </div>
      <Stage room={room} state={state} />
      {state.studio !== null && <StudioPanel room={room} studio={state.studio} />}
      {room.streams.length === 0 && <NoStreams room={room.id} state={state} />}
      {streams.length > 0 && (
        <div class={streams.length === 1 ? 'tiles single' : 'tiles'}>
          {streams.sort(inOrder).map((stream) => (
            <StreamTile
              key={stream.id}
              room={room.id}
              stream={stream}
              owner={room.members.find((member) => member.id === stream.owner) ?? null}
              stats={state.stats[stream.id] ?? null}
              state={state}
            />
          ))}
        </div>
      )}
      <MemberList members={room.members} me={state.me.member} signals={state.signals} />
    </>
  );
}

/** The mix first, then screens, then cameras; a fixed order inside, so that tiles do not jump. */
function inOrder(a: Stream, b: Stream): number {
  const rank = { mix: 0, screen: 1, camera: 2 };
  return rank[a.kind] - rank[b.kind] || (a.id < b.id ? -1 : 1);
}
