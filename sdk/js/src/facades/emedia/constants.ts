/** Numbers of the vendor. */
import type { Role as NativeRole, RoomKind } from '../../wire/openapi';

export const ConfrType = { COMMUNICATION: 10, COMMUNICATION_MIX: 11, LIVE: 12, P2P: 13, INTERCOMM: 14 } as const;

/** HIDING: in the signalling only, with media over RTMP, as every mini-program has it. */
export const Role = { ADMIN: 7, TALKER: 3, AUDIENCE: 1, HIDING: 9 } as const;

/** Results, as `error` or `failed`. */
export const RESULT = {
  OK: 0,
  NETWORK: -9527,
  GAVE_UP: -95270,
  INVALID_TICKET: -500,
  EXPIRED_TICKET: -502,
  NOT_ACCEPTED: -507,
  NO_CONFERENCE: -508,
  SERVER_LIMIT: -510,
  TALKER_LIMIT: -523,
} as const;

/** Why one is out, as `onConferenceExit` says it. */
export const EXIT = { NORMAL: 0, FAILED: 4, OTHER_DEVICE: 10, CLOSED: 11 } as const;

/** Why a member is gone, as `onMemberExited` says it. */
export const GONE = { NORMAL: 0, NO_RESPONSE: 1, KICKED: 11 } as const;

const KINDS: Record<number, RoomKind> = {
  10: 'communication',
  11: 'communication_mix',
  12: 'live',
  // One-to-one and intercom differ in what clients do.
  13: 'communication',
  14: 'communication',
};

export function kindOf(confrType: unknown): RoomKind | undefined {
  return confrType === undefined || confrType === null || confrType === '' ? 'communication' : KINDS[Number(confrType)];
}

export function confrTypeOf(kind: RoomKind): number {
  return { communication: 10, communication_mix: 11, live: 12 }[kind];
}

export const ROLES: Record<NativeRole, 1 | 3 | 7> = { audience: 1, talker: 3, admin: 7 };

/** A native role, for joining: `undefined` is what the room gives. */
export function roleOf(role: unknown): NativeRole | undefined {
  return { 1: 'audience', 3: 'talker', 7: 'admin' }[Number(role)] as NativeRole | undefined;
}
