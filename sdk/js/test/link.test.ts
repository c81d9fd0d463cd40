/** The connection: heartbeats, pauses, resumption, commands, tokens. All in the test's own time. */
import { describe, expect, it } from 'vitest';
import { BaseClient } from '../src/client/client';
import { noDevices } from '../src/devices/none';
import type { ClientOptions } from '../src/types/client';
import { FakePlatform, member, roomState, settled, stream } from './fake';

function clientOf(options: Partial<ClientOptions> = {}) {
  const platform = new FakePlatform();
  const client = new BaseClient({ url: 'https://live.example.com/', token: 't', device: 'd', platform, ...options }, { platform: () => platform, makeDevices: noDevices });
  const told: [string, unknown][] = [];
  client.on('*', (name, event) => told.push([name, event]));
  return { platform, client, told, names: () => told.map(([name]) => name) };
}

async function connected(options: Partial<ClientOptions> = {}) {
  const made = clientOf(options);
  const connecting = made.client.connect();
  await settled();
  made.platform.socket.hello();
  await connecting;
  return made;
}

async function inRoom() {
  const made = await connected();
  const joining = made.client.join('r', { nick: 'Ann', role: 'talker' });
  await settled();
  made.platform.socket.answer('join', { member: 'm1', again: false, room: roomState() });
  const room = await joining;
  const events: string[] = [];
  room.on('*', (name) => events.push(name));
  return { ...made, room, events };
}

/** A token that ends then. */
const token = (exp: number) => `x.${Buffer.from(JSON.stringify({ iss: 'demo', sub: 'ann', exp })).toString('base64url')}.y`;

describe('connecting', () => {
  it('opens the gateway’s socket with token and device', async () => {
    const { platform, client, names } = await connected();
    expect(platform.socket.url).toBe('wss://live.example.com/v1/ws?access_token=t&device=d');
    expect([client.state, client.account, client.session]).toEqual(['connected', 'ann', 's1']);
    expect(names()).toContain('connected');
  });

  it('tries again, later and later, shortened by chance', async () => {
    const { platform, client, told } = clientOf({ backoff: { minMs: 1_000, maxMs: 4_000 }, timeoutMs: 60_000 });
    client.connect().catch(() => undefined);
    await settled();
    for (let n = 0; n < 5; n += 1) {
      platform.chance = n === 4 ? 1 : 0;
      platform.socket.end(1006);
      await platform.pass(4_000);
    }
    const pauses = told.filter(([name]) => name === 'reconnecting').map(([, event]) => (event as { delayMs: number }).delayMs);
    expect(pauses).toEqual([1_000, 2_000, 4_000, 4_000, 2_000]);
    expect(platform.sockets).toHaveLength(6);
  });

  it('gives up when connecting takes too long', async () => {
    const { platform, client } = clientOf();
    const connecting = client.connect().catch((error: unknown) => error);
    await platform.pass(20_001);
    expect(await connecting).toMatchObject({ code: 'timeout' });
    expect(client.state).toBe('idle');
  });

  it('does not come back when another connection took over', async () => {
    const { platform, client, told } = await connected();
    platform.socket.end(4002, 'session_replaced');
    await platform.pass(60_000);
    expect(client.state).toBe('lost');
    expect(told.find(([name]) => name === 'disconnected')?.[1]).toMatchObject({ code: 4002, final: true });
    expect(platform.sockets).toHaveLength(1);
  });
});

describe('heartbeats', () => {
  it('asks for a sign of life, and leaves a connection that gives none', async () => {
    const { platform, client } = await connected();
    const first = platform.socket;
    await platform.pass(10_000);
    expect(first.command('ping')).toBeDefined();
    first.answer('ping', { server_time: 1 });
    await platform.pass(19_000);
    expect(client.state).toBe('connected');
    await platform.pass(2_000);
    expect(first.closed).not.toBeNull();
    expect(platform.sockets).toHaveLength(2);
    platform.socket.hello({ resumed: true });
    await settled();
    expect(client.state).toBe('connected');
  });

  it('looks after the connection at once when the network changed', async () => {
    const { platform } = await connected();
    await platform.pass(500);
    platform.wake();
    expect(platform.socket.command('ping')).toBeDefined();
    await platform.pass(4_600);
    expect(platform.sockets).toHaveLength(2);
    // Nor does a pause between attempts keep it.
    platform.socket.end(1006);
    platform.wake();
    await settled();
    expect(platform.sockets).toHaveLength(3);
  });
});

describe('commands', () => {
  it('fail with the gateway’s code, or when there is no answer', async () => {
    const { platform, client } = await connected();
    const refused = client.command('show_room', { room: 'x' }).catch((error: unknown) => error);
    platform.socket.refuse('show_room', 'no_such_room', 404);
    expect(await refused).toMatchObject({ code: 'no_such_room', status: 404, isTransient: false });
    const late = client.command('show_room', { room: 'x' }).catch((error: unknown) => error);
    await platform.pass(10_000);
    expect(await late).toMatchObject({ code: 'timeout', status: 0, isTransient: true });
  });

  it('under way when the connection breaks fail; those that wait are sent by the next', async () => {
    const { platform, client } = await connected();
    const sent = client.command('show_room', { room: 'x' }).catch((error: unknown) => error);
    platform.socket.end(1006);
    expect(await sent).toMatchObject({ code: 'connection_lost' });
    const waiting = client.command('show_room', { room: 'y' });
    await platform.pass(1_000);
    expect(platform.socket.command('show_room')).toBeUndefined();
    platform.socket.hello({ resumed: true });
    await settled();
    platform.socket.answer('show_room', roomState());
    expect(await waiting).toMatchObject({ id: 'r' });
  });

  it('are refused without a connection that was asked for', async () => {
    const { client } = clientOf();
    await expect(client.command('show_room', { room: 'x' })).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('tokens', () => {
  it('are fetched again shortly before they end, and said to end where they cannot be', async () => {
    const tokens = [token(1_100), token(9_999)];
    const { platform } = await connected({ token: undefined, tokenProvider: () => tokens.shift() ?? 'none left' });
    expect(tokens).toHaveLength(1);
    // The gateway's clock says 0.
    await platform.pass(1_070_001);
    expect(tokens).toHaveLength(0);
    const fixed = await connected({ token: token(1_100) });
    await fixed.platform.pass(1_070_001);
    expect(fixed.names()).toContain('token_expiring');
  });

  it('that are refused are replaced, or end it', async () => {
    let asked = 0;
    const { platform, client } = await connected({ token: undefined, tokenProvider: async () => `t${(asked += 1)}` });
    platform.socket.end(4001, 'expired_token');
    await platform.pass(1_000);
    expect(platform.socket.query.get('access_token')).toBe('t2');
    expect(client.state).toBe('reconnecting');
    const fixed = await connected();
    fixed.client.setToken('u');
    fixed.platform.socket.end(4001, 'expired_token');
    await fixed.platform.pass(1_000);
    expect(fixed.platform.socket.query.get('access_token')).toBe('u');
    fixed.platform.socket.end(4001, 'expired_token');
    expect(fixed.client.state).toBe('lost');
  });

  it('are replaced for a request that was refused', async () => {
    let asked = 0;
    const { platform, client } = clientOf({ token: undefined, tokenProvider: () => `t${(asked += 1)}` });
    platform.answers = [{ status: 401, body: { code: 'expired_token', detail: 'ended' } }, { body: roomState() }];
    expect(await client.showRoom('r')).toMatchObject({ id: 'r' });
    expect(platform.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer t1', 'Bearer t2']);
  });
});

describe('rooms', () => {
  it('are resumed where they stood', async () => {
    const { platform, room, events } = await inRoom();
    platform.socket.say({ event: 'member_joined', room: 'r', sequence: 7, at: 1, member: member('m2', 'bob') });
    platform.socket.end(1006);
    await platform.pass(1_000);
    expect(platform.socket.query.get('session')).toBe('s1');
    expect(platform.socket.query.get('after')).toBe('r:7');
    platform.socket.hello({ resumed: true, rooms: [{ room: 'r', member: 'm1' }] });
    await settled();
    platform.socket.say({ event: 'member_left', room: 'r', sequence: 8, at: 1, member: 'm2', account: 'bob', role: 'talker', reason: 'normal', by: null });
    expect(events).toEqual(['member_joined', 'suspended', 'resumed', 'member_left']);
    expect(room.members.size).toBe(1);
  });

  it('are entered again when the session is over, and URLs are made anew', async () => {
    const { platform, room, events } = await inRoom();
    const publishing = room.publish();
    await settled();
    const push = (url: string) => ({ url, expires_at: 9e12, version: 1 });
    platform.socket.answer('publish_stream', { stream: stream('s1', 'm1'), push: push('rtmp://a'), sequence: 6 });
    const publication = await publishing;
    const urls: string[] = [];
    publication.on('url', (url) => urls.push(url));
    platform.socket.end(1006);
    await platform.pass(1_000);
    platform.socket.hello({ session: 's2' });
    await settled();
    expect(platform.socket.command('join')).toMatchObject({ room: 'r', nick: 'ann', role: 'talker' });
    const anew = roomState({ members: [member('m9', 'ann'), member('m2', 'bob')] });
    platform.socket.answer('join', { member: 'm9', again: false, room: anew });
    await settled();
    platform.socket.answer('publish_stream', { stream: stream('s9', 'm9'), push: push('rtmp://b'), sequence: 9 });
    await settled();
    expect(urls).toEqual(['rtmp://b']);
    expect([publication.stream, room.me.id, room.phase]).toEqual(['s9', 'm9', 'inside']);
    expect([...room.publications.keys()]).toEqual(['s9']);
    expect(events).toEqual(['suspended', 'member_left', 'member_joined', 'member_joined', 'resumed']);
  });

  it('that are refused are left', async () => {
    const { platform, client, room, told } = await inRoom();
    const left: unknown[] = [];
    room.on('left', (event) => left.push(event));
    platform.socket.end(1006);
    await platform.pass(1_000);
    platform.socket.hello({ session: 's2' });
    await settled();
    platform.socket.refuse('join', 'no_such_room', 404);
    await settled();
    expect(left).toMatchObject([{ reason: 'refused', error: { code: 'no_such_room' } }]);
    expect(client.rooms.size).toBe(0);
    expect(told.map(([name]) => name)).toContain('connected');
  });

  it('tell what was missed as events', async () => {
    const { platform, room, events } = await inRoom();
    const view = roomState({ sequence: 90, members: [member('m1', 'ann', { role: 'admin' }), member('m2', 'bob')], streams: [stream('s2', 'm2')] });
    platform.socket.say({ event: 'resync', room: 'r', sequence: 90, view });
    expect(events).toEqual(['member_joined', 'role_changed', 'stream_added', 'resync']);
    expect(room.state.sequence).toBe(90);
  });

  it('give a player another URL when it gave up, not too often', async () => {
    const { platform, room } = await inRoom();
    platform.socket.say({ event: 'member_joined', room: 'r', sequence: 6, at: 1, member: member('m2', 'bob') });
    platform.socket.say({ event: 'stream_added', room: 'r', sequence: 7, at: 1, stream: stream('s2', 'm2') });
    const subscribing = room.subscribe('s2', { only: 'audio' });
    await settled();
    platform.socket.answer('pull_url', { rtmp: 'rtmp://x?t=1', expires_at: 1, version: 1 });
    const subscription = await subscribing;
    expect(subscription.url).toBe('rtmp://x?t=1&only=audio');
    const urls: string[] = [];
    subscription.on('url', (url) => urls.push(url));
    subscription.report(-2301);
    subscription.report(-2301);
    await platform.pass(500);
    platform.socket.answer('pull_url', { rtmp: 'rtmp://x?t=2', expires_at: 1, version: 1 });
    await settled();
    expect(urls).toEqual(['rtmp://x?t=2&only=audio']);
    let ended = '';
    subscription.on('ended', ({ reason }) => (ended = reason));
    platform.socket.say({ event: 'stream_removed', room: 'r', sequence: 8, at: 1, stream: 's2', owner: 'm2', reason: 'unpublished' });
    expect([ended, room.subscriptions.size]).toEqual(['unpublished', 0]);
  });
});
