import { expect, test } from 'vitest';
import { LianmaiError } from '../../types/errors';
import { isLost, refusalOf } from './refusal';

test.each([
  ['wrong_password', 403, -500],
  ['expired_ticket', 403, -502],
  ['no_such_room', 404, -508],
  ['room_full_talkers', 429, -523],
  ['rate_limited', 429, -510],
  ['internal', 500, -510],
  ['not_allowed', 403, -507],
  ['timeout', 0, -9527],
])('%s is %d in the vendor\'s numbers', (code, status, number) => {
  const error = new LianmaiError(code, 'text', { status });
  expect(refusalOf(error)).toEqual({ error: number, errorMessage: 'text', reason: code });
  expect(isLost(error)).toBe(status === 0);
});
