import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Call, CallEvents } from '../../types/calls';
import { Emitter as Events } from '../../types/emitter';
import { LianmaiError } from '../../types/errors';
import { FakeClient } from '../fake';
import { Component } from './component';
import { Emitter } from './emitter';
import { NERTCCalling, RTCCalling } from './index';
import { gatewayOf, readAttachment } from './options';
import { uidOf } from './rtc/ids';
import { profileOf } from './rtc/profile';
import { OPERATIONS, TABLE, check, type CallingState, type Operation } from './states';

const settled = () => new Promise<void>((done) => setTimeout(done, 0));
const STATES: CallingState[] = ['idle', 'calling', 'called', 'inCall'];

/** The vendor's table, as it is documented. */
const DOCUMENTED: Record<Operation, (number | Operation)[]> = {
  call: ['call', 20002, 20003, 20004],
  hangup: [20005, 'cancel', 'reject', 'hangup'],
  leave: [20009, 20010, 20011, 'leave'],
  cancel: [20013, 'cancel', 20015, 20016],
  accept: [20017, 20018, 'accept', 20020],
  reject: [20021, 20022, 'reject', 20024],
  switchCallType: [20025, 20026, 20027, 'switchCallType'],
};

class FakeCall extends Events<CallEvents> {
  readonly done: unknown[][] = [];
  readonly view = { started_at: 1 };
  readonly state = 'ringing';
  roomId: string | null = null;
  members = [
    { account: 'ann', state: 'inside' },
    { account: 'bob', state: 'ringing' },
  ];

  constructor(
    readonly id: string,
    readonly caller: string,
    readonly isGroup = false,
    readonly type: 'audio' | 'video' = 'audio',
    readonly attachment: unknown = null,
  ) {
    super();
  }

  as(): Call {
    return this as unknown as Call;
  }

  reject = this.doing('reject');
  cancel = this.doing('cancel');
  hangUp = this.doing('hangUp');
  setTimeout = this.doing('setTimeout');

  end(status: 'rejected' | 'cancelled' | 'completed' | 'timed_out' | 'busy' | null = null): void {
    this.emit('ended', { status, by: null, reason: '', record: null, error: null });
  }

  private doing(name: string) {
    return async (...args: unknown[]): Promise<void> => void this.done.push([name, ...args]);
  }
}

let client: FakeClient;
let rtc: NERTCCalling;
let told: unknown[][];

const EVENTS = [
  'onInvited', 'onUserAccept', 'onUserEnter', 'onUserReject', 'onUserBusy', 'onUserCancel', 'onUserLeave',
  'onUserDisconnect', 'onCallingTimeOut', 'onCallEnd', 'onCallTypeChange', 'onDisconnect', 'onOtherClientAccept',
  'onOtherClientReject', 'onMessageSent', 'onError',
];

beforeEach(async () => {
  vi.stubGlobal('location', { origin: 'https://page.example' });
  told = [];
  Component.make = (options) => (client = new FakeClient(options)).as();
  rtc = new NERTCCalling();
  for (const event of EVENTS) rtc.addDelegate(event, (...args: unknown[]) => void told.push([event, ...args]));
  rtc.setupAppKey({ appKey: 'demo', neRtcServerAddresses: { channelServer: 'wss://live.example.com/v1/ws' } });
  await rtc.login({ account: 'ann', token: 't' });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('states', () => {
  const cells = OPERATIONS.flatMap((operation) => STATES.map((state, at) => [operation, state, DOCUMENTED[operation][at]] as const));

  test.each(cells)('%s while %s', (operation, state, documented) => {
    const verdict = TABLE[operation][state];
    expect('does' in verdict ? verdict.does : verdict.code).toBe(documented);
    if (typeof documented !== 'number') return expect(check(operation, state)).toBe(documented);
    expect(() => check(operation, state)).toThrowError(expect.objectContaining({ code: documented }));
  });

  const refused = cells.filter(([, , documented]) => typeof documented === 'number');

  test.each(refused)('%s of the component while %s: by promise and by callback', async (operation, state, code) => {
    rtc.state = state;
    const failed = vi.fn();
    const run: Record<Operation, () => Promise<void>> = {
      call: () => rtc.call({ userId: 'bob', type: 1, failed }),
      hangup: () => rtc.hangup({ failed }),
      leave: () => rtc.leave({ failed }),
      cancel: () => rtc.cancel({ failed }),
      accept: () => rtc.accept({ failed }),
      reject: () => rtc.reject({ failed }),
      switchCallType: () => rtc.switchCallType(1, { failed }),
    };
    await expect(run[operation]()).rejects.toMatchObject({ code });
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code }));
  });
});

describe('calling', () => {
  const ring = async (call = new FakeCall('c1', 'ann')) => {
    client.calls.next = call.as();
    await rtc.call({ userId: 'bob', type: 2, attachment: 'hi' });
    return call;
  };

  test('rings with what was said, up to two minutes', async () => {
    rtc.setCallTimeout(500_000);
    await ring();
    expect(rtc.state).toBe('calling');
    const attachment = { attachment: 'hi', groupId: null };
    expect(client.calls.invited).toEqual([{ to: ['bob'], type: 'video', group: false, timeoutMs: 120_000, attachment }]);
  });

  test.each([
    ['rejected', { account: 'bob', reason: '', ext: null }, ['onUserReject', 'bob']],
    ['busy', { account: 'bob', automatic: true, reason: '', ext: null }, ['onUserBusy', 'bob']],
    ['timed_out', { account: 'bob' }, ['onCallingTimeOut', 'callTimeOut']],
  ] as const)('not answered: %s', async (name, event, expected) => {
    const call = await ring();
    call.emit(name, event as never);
    call.end();
    expect(told).toEqual([expected]);
    expect(rtc.state).toBe('idle');
  });

  test('taken back, and hung up while it rings', async () => {
    let call = await ring();
    await rtc.cancel();
    expect([call.done, rtc.state]).toEqual([[['cancel']], 'idle']);
    call = await ring(new FakeCall('c2', 'ann'));
    await rtc.hangup();
    expect([call.done, rtc.state]).toEqual([[['cancel']], 'idle']);
    expect(told).toEqual([]);
  });

  test('a call that cannot be made leaves it idle, with the number of the vendor', async () => {
    client.calls.next = null;
    client.calls.invite = () => Promise.reject(new LianmaiError('already_in_call', 'busy', { status: 409 }));
    await expect(rtc.call({ userId: 'bob', type: 1 })).rejects.toMatchObject({ code: 10407 });
    await expect(rtc.call({ userId: 'bob', type: 9 })).rejects.toMatchObject({ code: '106' });
    expect(rtc.state).toBe('idle');
  });

  test('a group in which nobody can be reached', async () => {
    const call = new FakeCall('g', 'ann', true);
    call.members = [{ account: 'ann', state: 'inside' }, { account: 'bob', state: 'busy' }, { account: 'eve', state: 'busy' }];
    client.calls.next = call.as();
    await expect(rtc.groupCall({ userIds: ['bob', 'eve'], type: 1 })).rejects.toMatchObject({ code: '107' });
  });
});

describe('being called', () => {
  const invite = (call = new FakeCall('c1', 'bob', false, 'video', { attachment: { a: 1 }, groupId: null })) => {
    client.calls.emit('invited', call.as());
    return call;
  };

  test('tells who, of what type, with what', () => {
    invite();
    const expected = { invitor: 'bob', userIds: ['ann'], isFromGroup: false, groupId: null, attachment: { a: 1 }, type: 2 };
    expect(told).toEqual([['onInvited', expected]]);
    expect(rtc.state).toBe('called');
  });

  test('a second one gets busy', () => {
    invite();
    const second = invite(new FakeCall('c2', 'eve'));
    expect(second.done).toEqual([['reject', { busy: true }]]);
    expect(told).toHaveLength(1);
  });

  test.each([
    ['cancelled', { account: 'ann', by: 'bob', reason: '' }, ['onUserCancel', 'bob']],
    ['timed_out', { account: 'ann' }, ['onCallingTimeOut', 'beCallTimeOut']],
    ['elsewhere', { what: 'accepted', device: 'x' }, ['onOtherClientAccept']],
    ['elsewhere', { what: 'rejected', device: 'x' }, ['onOtherClientReject']],
  ] as const)('over before it was answered: %s', (name, event, expected) => {
    const call = invite();
    call.emit(name, event as never);
    call.end();
    expect(told.slice(1)).toEqual([expected]);
    expect(rtc.state).toBe('idle');
  });

  test('hanging up while it rings is a rejection', async () => {
    const call = invite();
    await rtc.hangup();
    expect(call.done).toEqual([['reject']]);
  });
});

describe('around calls', () => {
  test('records: to the sender as sent, to the others as messages', async () => {
    const message = (from: string, to: string, status: 1 | 2) =>
      client.calls.emit('message', { id: 'x', type: 'g2', from, to, attach: { type: 1, channelId: 'c', status, durations: [] } });
    const onmsg = vi.fn();
    await rtc.login({ account: 'ann', token: 't', onmsg });
    message('ann', 'bob', 2);
    expect(told).toEqual([['onMessageSent', 'ann']]);
    message('bob', 'ann', 2);
    message('ann', 'bob', 1);
    expect(onmsg.mock.calls.map(([{ type, flow, attach }]) => [type, flow, attach.status])).toEqual([['g2', 'in', 2], ['g2', 'out', 1]]);
    const older = new RTCCalling();
    older.on('onMessageSent', (to: string) => void told.push(['older', to]));
    await older.login({ account: 'ann', token: 't' });
    message('ann', 'bob', 2);
    expect(told.at(-1)).toEqual(['older', 'bob']);
  });

  test('signing in: where, refused, and put out by another device', async () => {
    expect(client.options).toMatchObject({ url: 'https://live.example.com', token: 't' });
    const call = new FakeCall('c', 'bob');
    client.calls.emit('invited', call.as());
    const error = new LianmaiError('session_replaced', '');
    client.emit('disconnected', { code: 4002, reason: '', final: true, error });
    expect(told.at(-1)).toEqual(['onError', expect.objectContaining({ code: '101' })]);
    expect(rtc.state).toBe('idle');
    await expect(rtc.call({ userId: 'bob', type: 1 })).rejects.toMatchObject({ code: '102' });
    Component.make = (options) => {
      const made = new FakeClient(options);
      made.answers['connect'] = () => {
        throw new LianmaiError('invalid_token', 'no', { status: 401 });
      };
      return made.as();
    };
    const failed = vi.fn();
    await expect(rtc.login({ account: 'ann', failed })).rejects.toMatchObject({ code: 302 });
    expect(failed).toHaveBeenCalledOnce();
  });

  test('instances, versions, and the spellings of the time-out', () => {
    expect(NERTCCalling.getInstance()).toBe(NERTCCalling.getInstance({ debug: true }));
    expect(RTCCalling.getInstance()).not.toBe(NERTCCalling.getInstance());
    expect([NERTCCalling.version, RTCCalling.version]).toEqual(['1.4.3', '1.0.1']);
    const events = new Emitter();
    const heard: string[] = [];
    events.on('onCallingTimeout', (why: string) => void heard.push(`on ${why}`));
    events.addDelegate('onCallingTimeOut', (why: string) => void heard.push(`delegate ${why}`));
    events.emit('onCallingTimeOut', 'x');
    events.removeDelegate('onCallingTimeout');
    expect(events.emit('onCallingTimeOut', 'y')).toBe(false);
    expect(heard).toEqual(['on x', 'delegate x']);
  });

  test('small things', () => {
    expect(uidOf('ann')).toBe(uidOf('ann'));
    expect(uidOf('ann')).not.toBe(uidOf('bob'));
    expect(Number.isSafeInteger(uidOf('a'.repeat(128)))).toBe(true);
    expect(profileOf({ resolution: 4, frameRate: 5 })).toMatchObject({ width: 640, height: 480, frameRate: 30 });
    expect(readAttachment('text')).toEqual({ attachment: 'text', groupId: null });
    expect(gatewayOf([{ a: 1 }, { gateway: 'http://h:8080/x', other: 'https://o' }], 'p')).toBe('http://h:8080');
    expect(gatewayOf([undefined, {}], 'https://p')).toBe('https://p');
  });

  test('nothing is left of it when it is destroyed', async () => {
    rtc.destroy();
    await settled();
    expect(client.closed).toBe(true);
    expect(rtc.eventNames()).toEqual([]);
  });
});
