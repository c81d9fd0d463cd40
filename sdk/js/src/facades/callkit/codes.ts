/** Codes of the component, as strings; what comes from the gateway is passed through with its own code. */
export const CODES = {
  unknown: '100',
  imDisconnected: '101',
  noIm: '102',
  noChannelInfo: '103',
  noRtcClient: '104',
  noStream: '105',
  noCallType: '106',
  inviteAllFailed: '107',
  timeout: '108',
  groupInvitePart: '109',
  cancelPart: '110',
  leaveSignalling: '111',
  leaveRtc: '112',
  noDurations: '113',
  noDeviceId: '114',
  noInviter: '115',
  callingBusy: '116',
  calleeBusy: '117',
  noRoomId: '120',
  noRtc: '121',
} as const;

/** What a busy callee says in `attachExt`. */
export const BUSY = '601';

/** Codes of the signalling library that apps look at. */
export const SIGNALLING = {
  peerOffline: 10201,
  noSuchChannel: 10404,
  channelExists: 10405,
  notInChannel: 10406,
  alreadyInChannel: 10407,
  noSuchInvite: 10408,
  alreadyRejected: 10409,
  alreadyAccepted: 10410,
} as const;

/** Codes of signing in. */
export const LOGIN = { refused: 302, replaced: 417 } as const;

/** How a call ended, in records. */
export const RECORD_STATUS = { completed: 1, cancelled: 2, rejected: 3, timedOut: 4, busy: 5 } as const;

/** The media of a call. */
export const CALL_TYPE = { audio: 1, video: 2, other: 3 } as const;

export interface ComponentError {
  code: string;
  message: string;
}

export function componentError(code: keyof typeof CODES, message: string): ComponentError {
  return { code: CODES[code], message };
}
