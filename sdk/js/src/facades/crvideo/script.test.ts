import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LianmaiError } from '../../types/errors';
import { FakeClient, FakeRoom, tokenOf } from '../fake';
import { seal } from './envelope';
import { install } from './index';
import { CALLS, OLDER_CALLS, UNDOCUMENTED_CALLS, type CallName } from './names/calls';
import { METHODS } from './names/methods';
import { NOTICES, UNDOCUMENTED_NOTICES } from './names/notices';
import { BoardUIObj, MediaObj, ScreenShareObj, VideoObj } from './picture';

type Page = Record<string, ((...args: unknown[]) => unknown) & { callback?: unknown }>;

const MD5 = '900150983cd24fb0d6963f7d28e17f72';

let page: Page;
let clients: FakeClient[];
let told: unknown[][];

const client = () => clients.at(-1) as FakeClient;
const settled = () => new Promise<void>((done) => setTimeout(done, 0));

function listen(...names: string[]): void {
  for (const name of names) {
    (page[`CRVideo_${name}`] as { callback: unknown }).callback = (...args: unknown[]) => told.push([name, ...args]);
  }
}

const call = (name: string, ...args: unknown[]) => page[`CRVideo_${name}`]?.(...args);

beforeEach(() => {
  page = {};
  clients = [];
  told = [];
  vi.stubGlobal('RTCPeerConnection', class {});
  vi.stubGlobal('navigator', {
    mediaDevices: { enumerateDevices: async () => [], addEventListener: () => undefined },
  });
  vi.stubGlobal('location', { origin: 'https://page.example', protocol: 'https:' });
  install(page as Record<string, unknown>, (options) => {
    clients.push(new FakeClient(options));
    return client().as();
  });
  listen(...Object.keys(NOTICES), 'UpdateTokenRslt');
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function logIn(uid = 'ann', expires = Math.floor(Date.now() / 1000) + 3600): Promise<void> {
  await call('Init');
  call('LoginByToken', tokenOf(uid, expires), 'Ann', uid, '', 'c1');
  await settled();
  expect(told).toContainEqual(['LoginSuccess', uid, 'c1']);
}

async function enter(): Promise<void> {
  await logIn();
  call('EnterMeeting3', 12345678, 'c2');
  await settled();
  expect(told).toContainEqual(['EnterMeetingRslt', 0, 'c2']);
}

describe('names', () => {
  test('all documented calls and notices are there', () => {
    expect(Object.keys(CALLS)).toHaveLength(124);
    expect(Object.keys(NOTICES)).toHaveLength(119);
    for (const name of [...Object.keys(CALLS), ...Object.keys(OLDER_CALLS), ...UNDOCUMENTED_CALLS]) {
      expect(page[`CRVideo_${name}`], name).toBeTypeOf('function');
    }
    for (const name of [...Object.keys(NOTICES), ...Object.keys(UNDOCUMENTED_NOTICES)]) {
      expect(page[`CRVideo_${name}`], name).toBeTypeOf('function');
      expect(page[`CRVideo_${name}`], name).toHaveProperty('callback');
    }
  });

  test('calls are answered by documented notices', () => {
    for (const [name, { answeredBy }] of Object.entries(CALLS)) {
      for (const notice of answeredBy) expect(Object.keys(NOTICES), name).toContain(notice);
    }
  });

  test('objects have their methods', () => {
    const objects = { VideoObj, ScreenShareObj, MediaObj, BoardUIObj };
    for (const [name, methods] of Object.entries(METHODS)) {
      const { prototype } = objects[name as keyof typeof objects];
      for (const method of methods.split(' ')) expect(prototype, `${name}.${method}`).toHaveProperty(method);
    }
  });

  test('a callback is replaced at any time, and its mistakes stay its own', async () => {
    const notice = page['CRVideo_LoginFail'] as { callback: unknown };
    const seen: number[] = [];
    const silence = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    notice.callback = () => {
      throw new Error('the app');
    };
    call('Login', 'demo', MD5, 'Ann', 'ann', '', 1);
    await settled();
    expect(silence).toHaveBeenCalled();
    notice.callback = (err: number) => seen.push(err);
    call('Login', 'demo', MD5, 'Ann', 'ann', '', 1);
    await settled();
    expect(seen).toEqual([11]);
  });
});

describe('what is not supported', () => {
  const refused = (Object.keys(CALLS) as CallName[]).filter((name) => CALLS[name].status === 'refused');

  test.each(refused)('%s says so with 8004', async (name) => {
    const { takes, answeredBy, returns } = CALLS[name];
    const answer = call(name, ...takes.map((param) => `<${param}>`));
    if (returns === 'promise') await expect(answer).rejects.toMatchObject({ errCode: 8004 });
    await settled();
    const carrying = answeredBy.find((notice) => NOTICES[notice as keyof typeof NOTICES].includes('sdkErr'));
    if (!carrying) return expect(told).toEqual([]);
    const [first] = told;
    expect(first?.[0]).toBe(carrying);
    expect(first).toContain(8004);
    if (NOTICES[carrying as keyof typeof NOTICES].endsWith('cookie')) expect(first?.at(-1)).toBe('<cookie>');
  });
});

describe('logging in', () => {
  test('without Init, twice, with a bad id or somebody else to ask', async () => {
    call('LoginByToken', tokenOf('ann', 9e9), 'Ann', 'ann', '', 'x');
    await settled();
    expect(told).toEqual([['LoginFail', 11, 'x']]);
    await logIn();
    told = [];
    call('LoginByToken', tokenOf('ann', 9e9), 'Ann', 'ann', '', 'y');
    call('UpdateToken', 'no token');
    await settled();
    expect(told).toEqual([['LoginFail', 9, 'y'], ['UpdateTokenRslt', 19]]);
    call('Logout');
    expect(client().closed).toBe(true);
    told = [];
    call('LoginByToken', tokenOf('a b', 9e9), 'Ann', 'a b', '', 'z');
    call('LoginByToken', tokenOf('ann', 9e9), 'Ann', 'ann', 'ask them', 'w');
    await settled();
    expect(told).toEqual([['LoginFail', 5, 'z'], ['LoginFail', 15, 'w']]);
  });

  test('a token is of the user, and not over', async () => {
    await call('Init');
    const now = Math.floor(Date.now() / 1000);
    for (const [token, err] of [
      ['opaque', 19],
      [tokenOf('bob', now + 60), 19],
      [tokenOf('ann', now - 1), 18],
    ] as const) {
      told = [];
      call('LoginByToken', token, 'Ann', 'ann', '', 'k');
      await settled();
      expect(told).toEqual([['LoginFail', err, 'k']]);
    }
  });

  test('by secret: the digest goes to the gateway, and refusals come back in numbers', async () => {
    await call('Init', { isHttp: true });
    call('SetServerAddr', '127.0.0.1:2726');
    const asked: { url: string; body: unknown }[] = [];
    let answer: () => Response = () => Response.json({ token: tokenOf('ann', 9e9) });
    vi.stubGlobal('fetch', async (url: string, { body }: { body: string }) => {
      asked.push({ url, body: JSON.parse(body) });
      return answer();
    });
    call('Login', 'demo', 'not md5', 'Ann', 'ann', '', 1);
    await settled();
    expect(told).toEqual([['LoginFail', 7, 1]]);
    const refuse = (status: number, code: string) => () => Response.json({ code }, { status });
    for (const [code, err] of [['wrong_secret', 7], ['sign_in_disabled', 21], ['rate_limited', 1000], ['else', 8]] as const) {
      [told, answer] = [[], refuse(401, code)];
      call('Login', 'demo', MD5, 'Ann', 'ann', '', 2);
      await settled();
      expect(told).toEqual([['LoginFail', err, 2]]);
    }
    [told, answer] = [[], () => Response.json({ token: tokenOf('ann', 9e9) })];
    call('Login', 'demo', MD5.toUpperCase(), 'Ann', 'ann', '', 3);
    await settled();
    expect(told).toEqual([['LoginSuccess', 'ann', 3]]);
    expect(asked.at(-1)).toEqual({
      url: 'http://127.0.0.1:2726/v1/sign-in',
      body: { app: 'demo', account: 'ann', secret_md5: MD5 },
    });
    expect(client().options.url).toBe('http://127.0.0.1:2726');
    told = [];
    call('UpdateToken', tokenOf('ann', 9e9));
    await settled();
    expect(told).toEqual([['UpdateTokenRslt', 22]]);
  });

  test('a token that ends: told 30 s before, renewed, and off when it is not', async () => {
    vi.useFakeTimers();
    await call('Init');
    const now = Math.floor(Date.now() / 1000);
    call('LoginByToken', tokenOf('ann', now + 60), 'Ann', 'ann', '', '');
    await vi.advanceTimersByTimeAsync(29_000);
    expect(told).toEqual([['LoginSuccess', 'ann', '']]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told.at(-1)).toEqual(['NotifyTokenWillExpire']);
    const fresh = tokenOf('ann', now + 120);
    call('UpdateToken', fresh);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(client().tokens).toEqual([fresh]);
    expect(told).not.toContainEqual(['LineOff', 18]);
    call('EnterMeeting3', 1, '');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.slice(-3)).toEqual([['NotifyTokenWillExpire'], ['LineOff', 18], ['MeetingDropped']]);
    expect(client().closed).toBe(true);
  });

  test('a connection that comes back is no event, one that stays away for 20 s is', async () => {
    await enter();
    vi.useFakeTimers();
    told = [];
    const error = new LianmaiError('connection_lost', '');
    const lose = () => client().emit('disconnected', { code: 1006, reason: '', final: false, error });
    lose();
    await vi.advanceTimersByTimeAsync(15_000);
    client().emit('connected', { session: 's', resumed: true });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(told).toEqual([]);
    lose();
    await vi.advanceTimersByTimeAsync(20_001);
    expect(told).toEqual([['LineOff', 204], ['MeetingDropped']]);
    expect(client().closed).toBe(true);
  });

  test('another device: kicked', async () => {
    await enter();
    const error = new LianmaiError('session_replaced', '');
    client().emit('disconnected', { code: 4002, reason: '', final: true, error });
    await settled();
    expect(told.slice(-2)).toEqual([['LineOff', 10], ['MeetingDropped']]);
  });
});

describe('rooms', () => {
  test('made with either call, entered with any, everybody an admin', async () => {
    await logIn();
    call('CreateMeeting2', 'c');
    call('CreateMeeting', { meetSubject: 'talk', needPswd: true }, 'd');
    await settled();
    const made = client().asked.filter(({ op }) => op === 'create_room').map(({ fields }) => fields);
    expect(made[0]).toMatchObject({ permissions: { self_role: 'admin' }, lifetime: { type: 'persistent' } });
    const [first, second] = told.filter(([name]) => name === 'CreateMeetingSuccess') as [string, Record<string, unknown>, string][];
    expect(first).toEqual(['CreateMeetingSuccess', { ID: Number(made[0]?.['id']), pswd: '', subject: '', pubMeetUrl: '' }, 'c']);
    expect(second?.[1]).toMatchObject({ subject: 'talk', pswd: made[1]?.['password'] });
    call('EnterMeeting2', 12345678, 'pass', 'e');
    await settled();
    expect(told.at(-1)).toEqual(['EnterMeetingRslt', 0, 'e']);
    expect(client().asked.at(-1)?.fields).toMatchObject({ room: '12345678', password: 'pass', role: 'admin' });
  });

  test('what is refused', async () => {
    await logIn();
    const refuse = (code: string) => () => {
      throw new LianmaiError(code, code, { status: 400 });
    };
    for (const [code, err] of [['no_such_room', 800], ['wrong_password', 801], ['room_full_talkers', 802]] as const) {
      client().answers['join'] = refuse(code);
      call('EnterMeeting3', 5, code);
      await settled();
      expect(told.at(-1)).toEqual(['EnterMeetingRslt', err, code]);
    }
    client().answers['destroy_room'] = refuse('no_such_room');
    call('DestroyMeeting', 5, 'x');
    call('SendMeetingCustomMsg', 'hello', 'y');
    await settled();
    expect(told.slice(-2)).toEqual([['SendMeetingCustomMsgRslt', 800, 'y'], ['DestroyMeetingRslt', 800, 'x']]);
  });

  test('it ends, or one is put out', async () => {
    await enter();
    const left = { event: 'left', room: '1', at: 0, by: null, error: null };
    client().room.emit('left', { ...left, reason: 'room_ended' });
    expect(told.at(-1)).toEqual(['MeetingStopped']);
    call('EnterMeeting3', 1, 'again');
    await settled();
    client().room.emit('left', { ...left, reason: 'kicked' });
    expect(told.at(-1)).toEqual(['MeetingDropped']);
  });

  test('devices of others: scripts are asked, other clients are muted', async () => {
    await logIn();
    client().room = new FakeRoom('ann', 'bob', 'eve');
    const eve = client().room.members.get('m-eve');
    if (eve) eve.ext = '';
    call('EnterMeeting3', 1, '');
    await settled();
    for (const uid of ['bob', 'eve', 'nobody']) {
      call('OpenMic', uid);
      call('CloseVideo', uid);
    }
    const said = client().room.done.filter(([name]) => name !== 'setLevels');
    expect(said).toEqual([
      ['send', seal({ do: 'device', which: 'mic', on: true }), 'm-bob'],
      ['send', seal({ do: 'device', which: 'camera', on: false }), 'm-bob'],
      ['unmute', 'm-eve', 'audio'],
      ['mute', 'm-eve', 'video'],
    ]);
    expect(call('GetAllMembers')).toHaveLength(3);
    expect([call('IsUserInMeeting', 'eve'), call('GetAudioStatus', 'eve'), call('GetAudioStatus', 'nobody')]).toEqual([true, 2, 0]);
  });

  test('promises', async () => {
    await enter();
    await expect(call('Kickout', 'bob')).rejects.toMatchObject({ errCode: 1102 });
    await expect(call('SetNickName', 'ann', 'Anna')).resolves.toEqual({ errCode: 0, userID: 'ann', newname: 'Anna' });
    await expect(call('SwitchToPage', 4, 'b')).resolves.toEqual({ errCode: 0 });
    expect(call('GetCurrentMainPage')).toBe(4);
    expect(call('GetCurrentSubPage')).toBe('b');
    await expect(call('UpdateCloudMixerContent', 'none', {})).rejects.toMatchObject({ errCode: 5 });
  });
});

describe('calls', () => {
  test('codes of a call that is not there, and of nobody to call', async () => {
    await logIn();
    for (const verb of ['AcceptCall', 'RejectCall', 'HangupCall']) {
      call(verb, 'c0', ...(verb === 'AcceptCall' ? [{}] : []), '', 'k');
      await settled();
      expect(told.at(-1)).toEqual([`${verb}Fail`, 'c0', 600, 'k']);
    }
    call('Call', '', {}, '', 'k');
    await settled();
    expect(told.at(-1)).toEqual(['CallFail', '', 605, 'k']);
  });

  test('users: changes are told where they are wanted', async () => {
    await logIn();
    vi.useFakeTimers();
    let online = ['ann'];
    client().answers['presence'] = () => ({ online });
    call('GetOneUserStatus', 'bob', 'k');
    call('StartUserStatusNotify', 's');
    await vi.advanceTimersByTimeAsync(5_001);
    expect(told.at(-1)?.[0]).not.toBe('NotifyUserStatus');
    online = ['ann', 'bob'];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told.at(-1)).toEqual(['NotifyUserStatus', { UID: 'bob', userID: 'bob', userStatus: 1, DNDType: 0 }]);
    call('StopUserStatusNotify', 't');
    online = [];
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told.at(-1)).toEqual(['StopUserStatusNotifyRslt', 0, 't']);
    call('Logout');
  });

  test('users: online or not, in the room', async () => {
    await logIn();
    client().answers['presence'] = () => ({ online: ['bob'] });
    call('GetOneUserStatus', 'bob', 'k');
    call('GetOneUserStatus', 'eve', 'k');
    await settled();
    const status = (UID: string, userStatus: number) => ({ UID, userID: UID, userStatus, DNDType: 0 });
    expect(told.slice(-2)).toEqual([
      ['GetUserStatusSuccess', [status('bob', 1)], 'k'],
      ['GetUserStatusSuccess', [status('eve', 0)], 'k'],
    ]);
  });
});
