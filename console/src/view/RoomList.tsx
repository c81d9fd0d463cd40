import type { RoomSummary } from '../api/types';
import { hashOfRoom } from '../route';
import { onAir } from '../store/state';
import { strings } from '../strings';
import { LockIcon } from './icons';

interface Props {
  rooms: RoomSummary[] | null;
  /** There are more than these. */
  more: boolean;
  open: string | null;
}

export function RoomList({ rooms, more, open }: Props) {
  return (
    <nav class="rooms" aria-labelledby="rooms-title">
      <h2 id="rooms-title">
        {strings.rooms} {rooms !== null && <small>{more ? strings.firstOf(rooms.length) : rooms.length}</small>}
      </h2>
      <ul>
        {rooms?.map((room) => (
          <li key={room.id}>
            <RoomLink room={room} current={room.id === open} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RoomLink({ room, current }: { room: RoomSummary; current: boolean }) {
  const live = onAir(room);
  return (
    <a href={hashOfRoom(room.id)} aria-current={current ? 'page' : undefined}>
      <span class="name">
        {room.settings.name ?? room.id}
        {room.settings.has_password && (
          <span class="lock" role="img" aria-label={strings.locked} title={strings.locked}>
            <LockIcon />
          </span>
        )}
      </span>
      <span class="facts">
        {strings.roomKinds[room.settings.kind] ?? room.settings.kind} · {strings.memberCount(room.member_count)}
      </span>
      {live > 0 && <span class="live">{strings.onAirCount(live)}</span>}
    </a>
  );
}
