import { expect, test } from 'vitest';
import { CONSTANTS } from './constants';
import { Emitter } from './emitter';
import { modeOf, switchesOf } from './mode';
import { channelNumber, streamName, uidOf } from './uid';

test('numbers are exact, of 15 digits, always the same, and different for different names', () => {
  const accounts = Array.from({ length: 20_000 }, (_, n) => `account-${n}`);
  const uids = accounts.map((account) => uidOf(account));
  expect(new Set(uids).size).toBe(accounts.length);
  expect(uids.every((uid) => Number.isSafeInteger(uid) && String(uid).length === 15)).toBe(true);
  expect(uidOf('account-7')).toBe(uids[7]);
  expect(channelNumber('account-7')).not.toBe(uids[7]);
});

test('a stream says the number of its publisher', () => {
  expect(uidOf('ann', streamName(42))).toBe(42);
  for (const wild of ['netcall:', 'netcall:x', 'netcall:-1', 'netcall:1e300', 'other', '']) expect(uidOf('ann', wild)).toBe(uidOf('ann'));
});

test('modes are switches', () => {
  for (const mode of [0, 1, 2, 3]) {
    const { audio, video } = switchesOf(mode)!;
    expect(modeOf({ aoff: !audio, voff: !video })).toBe(mode);
  }
  for (const wild of [4, -1, '0', null, undefined]) expect(switchesOf(wild)).toBeNull();
  expect(switchesOf(CONSTANTS.NETCALL_MODE_ONLY_AUDIO)).toEqual({ audio: true, video: false });
});

test('handlers are told, a broken one is not the others\' problem, and all can be forgotten', () => {
  const emitter = new Emitter();
  const heard: unknown[] = [];
  const quiet = console.error;
  console.error = () => undefined;
  emitter.on('x', () => {
    throw new Error('mine');
  });
  const second = (value: unknown) => heard.push(value);
  emitter.on('x', second).emit('x', 1);
  emitter.off('x', second).emit('x', 2);
  emitter.on('x', second).eventReset();
  emitter.emit('x', 3);
  console.error = quiet;
  expect(heard).toEqual([1]);
});
