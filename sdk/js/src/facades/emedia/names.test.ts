import { expect, test } from 'vitest';
import { accountOf, getRtcId, identify, memName } from './names';

test('users are read from texts and from their parts', () => {
  const ann = { key: 'org#app', account: 'ann', domain: 'easemob.com', token: 't' };
  expect(identify('org#app_ann@easemob.com/phone', 't')).toEqual(ann);
  expect(identify('org#app_ann', 't')).toEqual(ann);
  expect(identify({ appKey: 'org#app', name: 'ann', domain: 'x.example' }, 't')).toEqual({ ...ann, domain: 'x.example' });
  expect(identify('org#app_a@b@easemob.com', 't')?.account).toBe('a@b');
});

test('what is no user is none', () => {
  for (const jid of ['', 'ann', 'org#app', 'org#app_', null, undefined, 7, {}, { appKey: 'org#app' }, { appKey: 1, name: 'x' }]) {
    expect(identify(jid, 't'), String(jid)).toBeNull();
  }
  expect(identify('org#app_ann', '')).toBeNull();
  expect(identify('org#app_ann', undefined)).toBeNull();
});

test('member names and accounts are two forms of one thing', () => {
  const who = identify('org#app_ann@easemob.com', 't')!;
  for (const account of ['bob', 'b_o_b', 'a@b']) expect(accountOf(who, memName(who, account))).toBe(account);
  expect(accountOf(who, 'bob')).toBe('bob');
});

test('rtc ids differ and look as they should', () => {
  const ids = [getRtcId(), getRtcId()];
  expect(ids[0]).not.toBe(ids[1]);
  for (const id of ids) expect(id).toMatch(/^wx-\d+-[a-z]{3}$/);
});
