/** What was refused, in the vendor's numbers. Several reasons share one, so `reason` tells them apart. */
import { asError, type LianmaiError } from '../../types/errors';
import { RESULT } from './constants';

export interface Refusal {
  error: number;
  errorMessage: string;
  /** The gateway's code. */
  reason: string;
}

const INVALID = [
  'invalid_token',
  'malformed_token',
  'missing_token',
  'token_not_yet_valid',
  'token_lives_too_long',
  'invalid_ticket',
  'malformed_ticket',
  'wrong_ticket',
  'wrong_password',
  'password_required',
];

export function refusalOf(thrown: unknown): Refusal {
  const error = asError(thrown);
  return { error: numberOf(error), errorMessage: error.message, reason: error.code };
}

function numberOf({ code, status }: LianmaiError): number {
  if (code === 'expired_token' || code === 'expired_ticket') return RESULT.EXPIRED_TICKET;
  if (INVALID.includes(code)) return RESULT.INVALID_TICKET;
  if (['no_such_room', 'room_ended', 'unknown_app', 'left_room'].includes(code)) return RESULT.NO_CONFERENCE;
  if (code === 'room_full_talkers') return RESULT.TALKER_LIMIT;
  if (status === 0) return RESULT.NETWORK;
  return status === 429 || status >= 500 ? RESULT.SERVER_LIMIT : RESULT.NOT_ACCEPTED;
}

/** Whether there was no answer at all. */
export function isLost(thrown: unknown): boolean {
  return asError(thrown).status === 0;
}
