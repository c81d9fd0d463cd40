/** The person in front of the page, as a member of a room. */
import type { PeerState } from '../../../sdk/js/src/rtc/peer';
import type { PlayMode } from '../api/types';
import type { State } from './state';

/** A stream that this page sends. */
export interface Sent {
  stream: string;
  kind: 'camera' | 'screen';
  media: MediaStream;
  voff: boolean;
  aoff: boolean;
}

export interface Me {
  /** The room that was joined last. */
  room: string | null;
  /** `lost`: the session's connection broke; media may go on. */
  phase: 'away' | 'joining' | 'joined' | 'lost';
  /** As whom; afterwards, as whom it was. */
  member: string | null;
  sending: Sent[];
  /** How the connection for what is sent is. */
  connection: PeerState;
  /** What went wrong last, for people. */
  problem: string | null;
}

export const away: Me = {
  room: null,
  phase: 'away',
  member: null,
  sending: [],
  connection: { kind: 'idle' },
  problem: null,
};

/** Whether this page is inside the room on show. */
export function isInside({ me, open }: State): boolean {
  return me.member !== null && me.room === open && (me.phase === 'joined' || me.phase === 'lost');
}

/** How a stream is played: as chosen, else members over WebRTC and others over FLV. */
export function playMode(state: State, stream: string): PlayMode {
  return state.modes[stream] ?? (isInside(state) ? 'webrtc' : 'flv');
}
