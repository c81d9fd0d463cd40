/** Answers of the gateway in the shape the store takes. */
import type { Api } from '../api/api';
import { asApiError } from '../api/problem';
import type { Room, RoomSummary } from '../api/types';

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
    if (asApiError(thrown).status === 404) return 'gone';
    throw thrown;
  }
}
