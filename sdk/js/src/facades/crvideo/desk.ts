/** What the parts of the script share: notices, settings, the session, and the room one is in. */
import type { Room } from '../../types/room';
import { AUDIO_CFG, SDK_PARAMS, VIDEO_CFG, type AudioCfg, type SdkParams, type VideoCfg } from './config';
import { ERR } from './codes';
import type { Notices } from './notices';
import type { Session } from './session';

export interface Settings {
  sdk: SdkParams;
  audio: AudioCfg;
  video: VideoCfg;
}

export function defaults(): Settings {
  return { sdk: { ...SDK_PARAMS }, audio: { ...AUDIO_CFG }, video: { ...VIDEO_CFG } };
}

/** A part of the script that lives with a stay in a room. */
export interface Part {
  entered(room: Room): void;
  left(): void;
}

export interface Desk {
  readonly notices: Notices;
  readonly settings: Settings;
  readonly session: Session;
  /** The room one is in. */
  room: Room | null;
}

/** The present room; fails with the vendor's number where there is none. */
export function here(desk: Desk): Room {
  if (!desk.session.client) throw ERR.notLoggedIn;
  if (!desk.room) throw ERR.noRoom;
  return desk.room;
}

/** The vendor's id of a member: its account. */
export function uidOf(room: Room, member: string | null | undefined): string {
  return (member && room.members.get(member)?.account) || '';
}

/** Who did it, as far as the room still knows. */
export function uidOfActor(room: Room, actor: { type: string; id?: string } | null): string {
  return actor?.type === 'member' ? uidOf(room, actor.id) : '';
}
