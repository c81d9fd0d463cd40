// Pauses between attempts.
import { expect, it } from 'vitest';
import { Backoff } from '../src/net/backoff';

it('doubles up to a limit and begins again after success', () => {
  const backoff = new Backoff(() => 0, 500, 3_000);
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

it('takes off up to half', () => {
  expect(new Backoff(() => 0.999, 1_000, 8_000).next()).toBe(500);
});
