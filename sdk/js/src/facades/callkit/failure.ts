/** What goes wrong at the gateway, in the codes of the vendor's libraries. */
import { LianmaiError } from '../../types/errors';
import { LOGIN, SIGNALLING } from './codes';

const CODES: Record<string, number> = {
  no_such_call: SIGNALLING.noSuchChannel,
  call_ended: SIGNALLING.noSuchChannel,
  no_such_callee: SIGNALLING.peerOffline,
  not_in_call: SIGNALLING.notInChannel,
  call_not_active: SIGNALLING.notInChannel,
  already_in_call: SIGNALLING.alreadyInChannel,
  invite_expired: SIGNALLING.noSuchInvite,
  invite_cancelled: SIGNALLING.noSuchInvite,
  not_ringing: SIGNALLING.noSuchInvite,
  already_rejected: SIGNALLING.alreadyRejected,
  rejected_elsewhere: SIGNALLING.alreadyRejected,
  accepted_elsewhere: SIGNALLING.alreadyAccepted,
};

/** Errors of ours get a number; anything else goes through as it is. */
export function failure(thrown: unknown): unknown {
  if (!(thrown instanceof LianmaiError)) return thrown;
  return { code: CODES[thrown.code] ?? thrown.code, message: thrown.message };
}

export function loginFailure(thrown: unknown): unknown {
  if (!(thrown instanceof LianmaiError)) return thrown;
  const isReplaced = thrown.code === 'session_replaced';
  const isRefused = thrown.status === 401 || thrown.status === 403 || /token/.test(thrown.code);
  return { code: isReplaced ? LOGIN.replaced : isRefused ? LOGIN.refused : thrown.code, message: thrown.message };
}
