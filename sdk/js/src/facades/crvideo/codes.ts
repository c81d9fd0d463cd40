/** The vendor's numbers: what went wrong, and how devices, mixers and users stand. */

export const ERR = {
  none: 0,
  unknown: 1,
  internal: 3,
  parameter: 5,
  data: 6,
  account: 7,
  service: 8,
  loginState: 9,
  kicked: 10,
  notInitialised: 11,
  notLoggedIn: 12,
  noThirdParty: 15,
  tokenExpired: 18,
  authInfo: 19,
  appId: 20,
  authFailed: 21,
  notToken: 22,
  noResponse: 202,
  socket: 204,
  callId: 600,
  inCall: 601,
  busy: 602,
  offline: 603,
  noAnswer: 604,
  noUser: 605,
  rejected: 606,
  noRoom: 800,
  roomPassword: 801,
  roomFull: 802,
  roomResources: 803,
  screen: 900,
  recordSize: 903,
  recordParameters: 904,
  recordFile: 905,
  recordOn: 906,
  recorderFull: 907,
  sendFailed: 1000,
  commandTooLarge: 1100,
  dataTooLarge: 1101,
  noTarget: 1102,
  deviceUnknown: 8001,
  deviceDenied: 8002,
  deviceList: 8003,
  /** The documented "not supported". */
  notSupported: 8004,
  browser: 8005,
  browserTooOld: 8006,
  deviceFailed: 8007,
} as const;

/** Of microphones (ASTATUS) and cameras (VSTATUS) alike. */
export const STATUS = { unknown: 0, none: 1, closed: 2, open: 3, opening: 4 } as const;
export const MAIN_VIDEO_MODE = { voice: 1, presenter: 2, member: 3 } as const;
export const MAIN_PAGE = { board: 4, screen: 6, media: 7, videoWall: 8 } as const;
export const MIXER_STATE = {
  none: 0,
  starting: 1,
  running: 2,
  error: 3,
  uploading: 4,
  uploaded: 5,
  uploadError: 6,
  done: 7,
} as const;
export const OUTPUT_STATE = { created: 0, updated: 1, closed: 2, error: 3 } as const;
export const USER_STATUS = { offline: 0, idle: 1, busy: 2, inRoom: 3 } as const;

const BY_CODE: Record<string, number> = {
  network: ERR.noResponse,
  timeout: ERR.noResponse,
  connection_lost: ERR.socket,
  media_unreachable: ERR.noResponse,
  media_lost: ERR.noResponse,
  closed: ERR.notLoggedIn,
  not_supported: ERR.notSupported,
  session_replaced: ERR.kicked,
  left_room: ERR.noRoom,
  capture_denied: ERR.deviceDenied,
  capture_missing: ERR.deviceFailed,
  capture_busy: ERR.deviceFailed,
  capture_failed: ERR.deviceFailed,
  missing_token: ERR.authInfo,
  malformed_token: ERR.authInfo,
  invalid_token: ERR.authInfo,
  token_not_yet_valid: ERR.authInfo,
  token_lives_too_long: ERR.authInfo,
  expired_token: ERR.tokenExpired,
  wrong_secret: ERR.account,
  unknown_app: ERR.appId,
  sign_in_disabled: ERR.authFailed,
  not_allowed: ERR.authFailed,
  muted: ERR.authFailed,
  not_a_member: ERR.noRoom,
  no_such_room: ERR.noRoom,
  room_ended: ERR.noRoom,
  password_required: ERR.roomPassword,
  wrong_password: ERR.roomPassword,
  room_full_talkers: ERR.roomFull,
  room_full_audiences: ERR.roomFull,
  room_full_videos: ERR.roomFull,
  room_full_desktops: ERR.roomFull,
  app_limit_members: ERR.roomFull,
  too_many_rooms: ERR.roomResources,
  no_such_member: ERR.noTarget,
  no_such_callee: ERR.noUser,
  call_data_too_large: ERR.commandTooLarge,
  invalid_argument: ERR.parameter,
  invalid_layout: ERR.parameter,
  malformed_json: ERR.data,
  body_too_large: ERR.dataTooLarge,
  attributes_too_large: ERR.dataTooLarge,
  too_many_attributes: ERR.dataTooLarge,
  no_capacity: ERR.recorderFull,
  rate_limited: ERR.sendFailed,
  no_such_call: ERR.callId,
  call_ended: ERR.callId,
  already_in_call: ERR.inCall,
  invite_expired: ERR.callId,
  invite_cancelled: ERR.callId,
  not_in_call: ERR.callId,
  not_ringing: ERR.callId,
  call_full: ERR.busy,
};

const MEDIA: Record<string, number> = {
  NotAllowedError: ERR.deviceDenied,
  SecurityError: ERR.deviceDenied,
  NotFoundError: ERR.deviceFailed,
  NotReadableError: ERR.deviceFailed,
  OverconstrainedError: ERR.deviceFailed,
  AbortError: ERR.deviceFailed,
};

/** The vendor's number for whatever was thrown. */
export function sdkErr(thrown: unknown): number {
  if (typeof thrown === 'number') return thrown;
  if (typeof thrown !== 'object' || thrown === null) return ERR.unknown;
  const { vendorCode, errCode } = thrown as { vendorCode?: unknown; errCode?: unknown };
  if (typeof vendorCode === 'number') return vendorCode;
  if (typeof errCode === 'number') return errCode;
  const { code, name } = thrown as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return BY_CODE[code] ?? ERR.service;
  if (typeof name === 'string' && name in MEDIA) return MEDIA[name] ?? ERR.deviceUnknown;
  return ERR.unknown;
}

/** What promises of the vendor's script reject with. */
export interface Rejection {
  errCode: number;
  errDesc: string;
}

export function rejection(thrown: unknown): Rejection {
  const errDesc = thrown instanceof Error ? thrown.message : 'refused';
  return { errCode: sdkErr(thrown), errDesc };
}
