/** Calls as the gateway tells them: elsewhere, ended while one was away, taken up in a new session. */
import { describe, expect, it } from 'vitest';
import { BaseClient } from '../src/client/client';
import { noDevices } from '../src/devices/none';
import type { Call, CallEnd } from '../src/types/calls';
import { FakePlatform, member, roomState, settled } from './fake';

const CALL = { call: 'c1', type: 'video', group: false, caller: 'bob', members: [{ account: 'bob', state: 'inside' }, { account: 'ann', state: 'ringing' }], attachment: null, started_at: 1, expires_at: 9, sequence: 1 };
const ACTIVE = { ...CALL, state: 'active', me: 'inside', here: true, answered_at: 2, room: 'r', ticket: 't1', ticket_expires_at: 9e15 };

async function connected() {
  const platform = new FakePlatform();
  const client = new BaseClient({ url: 'https://x', token: 't', device: 'd', platform }, { platform: () => platform, makeDevices: noDevices });
  const connecting = client.connect();
  await settled();
  platform.socket.hello();
  await connecting;
  return { platform, client };
}

async function ringing() {
  const made = await connected();
  const rung: Call[] = [];
  made.client.calls.on('invited', (call) => rung.push(call));
  made.platform.socket.say({ event: 'call_invited', at: 1, invited_by: 'bob', again: false, ...CALL });
  const [call] = rung;
  if (!call) throw new Error('it does not ring');
  const ends: CallEnd[] = [];
  call.on('ended', (end) => ends.push(end));
  return { ...made, call, ends };
}

async function inside() {
  const made = await ringing();
  const accepting = made.call.accept();
  await settled();
  made.platform.socket.answer('accept_call', ACTIVE);
  await settled();
  expect(made.platform.socket.command('join')).toMatchObject({ room: 'r', ticket: 't1' });
  made.platform.socket.answer('join', { member: 'm1', again: false, room: roomState() });
  await accepting;
  return made;
}

/** The next connection. */
async function reconnect(platform: FakePlatform, hello: object) {
  platform.socket.end(1006);
  await platform.pass(1_000);
  platform.socket.hello(hello);
  await settled();
}

describe('a call', () => {
  it('that another device answered is over here', async () => {
    const { platform, client, call, ends } = await ringing();
    expect([call.direction, call.state, call.here]).toEqual(['incoming', 'ringing', false]);
    const told: unknown[] = [];
    call.on('elsewhere', (event) => told.push(event));
    platform.socket.say({ event: 'call_accepted_elsewhere', call: 'c1', sequence: 2, at: 1, device: 'phone' });
    expect(told).toEqual([{ what: 'accepted', device: 'phone' }]);
    expect(ends).toMatchObject([{ status: null, reason: 'accepted_elsewhere' }]);
    expect(client.calls.active.size).toBe(0);
  });

  it('that ended while one was away is over by its record', async () => {
    const { platform, ends } = await ringing();
    await reconnect(platform, { resumed: true });
    expect(platform.socket.command('show_ended_call')).toMatchObject({ call: 'c1' });
    platform.socket.answer('show_ended_call', { ...CALL, status: 'timed_out', ended_by: null, reason: '' });
    await settled();
    expect(ends).toMatchObject([{ status: 'timed_out' }]);
  });

  it('is entered with its room, which is left when it ends', async () => {
    const { platform, client, call, ends } = await inside();
    expect([call.state, call.here, call.room?.id, client.calls.current]).toEqual(['active', true, 'r', call]);
    platform.socket.say({ event: 'call_ended', call: 'c1', sequence: 9, at: 1, status: 'completed', by: 'bob', reason: '', record: {} });
    expect(ends).toMatchObject([{ status: 'completed', by: 'bob' }]);
    expect([call.room?.phase, client.rooms.size]).toEqual(['left', 0]);
  });

  it('comes to a new session, and its room is entered with the new ticket', async () => {
    const { platform, call } = await inside();
    await reconnect(platform, { session: 's2' });
    expect(platform.socket.command('join')).toBeUndefined();
    platform.socket.answer('take_over_call', { ...ACTIVE, ticket: 't2' });
    await settled();
    expect(platform.socket.command('join')).toMatchObject({ room: 'r', ticket: 't2' });
    platform.socket.answer('join', { member: 'm9', again: false, room: roomState({ members: [member('m9', 'ann')] }) });
    await settled();
    expect([call.state, call.room?.phase, call.room?.me.id]).toEqual(['active', 'inside', 'm9']);
  });

  it('that one refuses ends with the gateway’s last word, or without it', async () => {
    const { platform, call, ends } = await ringing();
    const rejecting = call.reject({ busy: true });
    platform.socket.answer('reject_call', {});
    await rejecting;
    expect(ends).toEqual([]);
    await platform.pass(2_000);
    expect(ends).toMatchObject([{ status: null, reason: 'busy' }]);
  });
});
