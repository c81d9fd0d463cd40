/** Answers of the gateway in the shape the store takes. */
import type { Api } from '../api/api';
import { asError } from '../api/problem';
import type { Recording, Room, RoomSummary } from '../api/types';
import type { Studio } from '../store/studio';

/** All rooms of the app, or the one that the token is for. */
export async function roomList(api: Api, only: string | null): Promise<{ rooms: RoomSummary[]; more: boolean }> {
  if (only === null) return api.rooms();
  const room = await roomOrGone(api, only);
  if (room === 'gone') return { rooms: [], more: false };
  const { id, settings, members, streams } = room;
  return { rooms: [{ id, settings, member_count: members.length, streams }], more: false };
}

export async function roomOrGone(api: Api, id: string): Promise<Room | 'gone'> {
  try {
    return await api.room(id);
  } catch (thrown) {
    if (asError(thrown).status === 404) return 'gone';
    throw thrown;
  }
}

/** Mix, recordings and pushes of a room, for those who may see them. */
export async function studioOf(api: Api, room: string): Promise<Studio> {
  const [mix, recordings, pushes] = await Promise.all([api.mix(room), recordingsOrNone(api, room), api.pushes(room)]);
  return { mix, recordings, pushes };
}

async function recordingsOrNone(api: Api, room: string): Promise<Recording[] | null> {
  try {
    return await api.recordings(room);
  } catch (thrown) {
    if (asError(thrown).code === 'recording_disabled') return null;
    throw thrown;
  }
}
