/** What those see who may change a room: its mix, recordings and pushes. */
import type { Mix, Preset, Push, Recording } from '../api/types';
import type { State } from './state';

export interface Studio {
  mix: Mix;
  /** Newest first; `null` where the gateway does not record. */
  recordings: Recording[] | null;
  pushes: Push[];
}

export type MixPhase = 'off' | 'starting' | 'running' | 'no_capacity' | 'failed';

/** Whether the token's holder may change the open room: the app itself, and the room's admins. */
export function mayManage({ isApp, account, room }: State): boolean {
  if (isApp) return true;
  if (account === null || room === null || room === 'gone') return false;
  return room.members.some((member) => member.account === account && member.role === 'admin');
}

/** Where the mix stands. For a moment after its start nothing is known of it. */
export function mixPhase({ stream, status }: Mix): MixPhase {
  return stream ? (status?.state ?? 'starting') : 'off';
}

/** The arrangement in use, if it is a well-known one. */
export function presetOf({ layout: { arrangement } }: Mix): Preset | null {
  return arrangement?.type === 'preset' ? arrangement.preset : null;
}

/** Recordings that run, and the last that went wrong if none does. */
export function worthShowing(recordings: Recording[]): Recording[] {
  const open = recordings.filter(({ state }) => state === 'recording' || state === 'paused');
  const failed = recordings.find(({ state }) => state === 'failed');
  return open.length === 0 && failed !== undefined && failed === recordings[0] ? [failed] : open;
}
