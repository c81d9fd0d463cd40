// The SDK in Node: everything of rooms that needs no picture, with real sockets.
//
//   node node.mjs '{"gateway", "tokens": {"ann", "bob", "cat"}, "only": "rooms"|"restart"|"calls"}'
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ask, given, run, until } from './steps.mjs';

const require = createRequire(import.meta.url);
const { Client, LianmaiError, nodePlatform } = require('../../sdk/js/dist/lianmai.node.cjs');
const { WebSocket } = createRequire(new URL('../mini-program/', import.meta.url))('ws');

const sockets = [];

/** A client whose sockets can be cut. */
function clientOf(account, more = {}) {
  class Kept extends WebSocket {
    constructor(url) {
      super(url);
      sockets.push({ account, socket: this });
    }
  }
  const platform = nodePlatform({ WebSocket: Kept });
  return new Client({ url: given.gateway, token: given.tokens[account], platform, backoff: { minMs: 50, maxMs: 500 }, ...more });
}

function cut(account) {
  for (const one of sockets.splice(0)) {
    if (one.account === account) one.socket.terminate();
    else sockets.push(one);
  }
}

/** The next event of this name. */
const next = (from, name, ms = 10_000) =>
  new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`no ${name}`)), ms);
    from.once(name, (event) => {
      clearTimeout(timer);
      done(event);
    });
  });

const refused = async (doing, code) => {
  const error = await doing.then(
    () => assert.fail(`not refused: ${code}`),
    (thrown) => thrown,
  );
  assert.ok(error instanceof LianmaiError, error.stack);
  assert.equal(error.code, code);
};

async function rooms() {
  const [a, b, c] = ['ann', 'bob', 'cat'].map((account) => clientOf(account));
  const { id } = await a.createRoom({ name: 'node', kind: 'live', creator: 'ann', password: 'secret' });
  const ann = await a.join(id, { nick: 'Ann', ext: 'e', password: 'secret' });
  assert.deepEqual([ann.me.role, ann.me.nick, ann.again], ['admin', 'Ann', false]);
  await refused(b.join(id), 'password_required');
  await refused(b.join(id, { password: 'wrong' }), 'wrong_password');
  const joined = next(ann, 'member_joined');
  const { ticket } = await ann.issueTicket('audience', { account: 'bob' });
  const bob = await b.join(id, { ticket, role: 'audience', nick: 'Bob' });
  assert.equal((await joined).member.account, 'bob');
  assert.equal(ann.members.size, 2);

  // A request to speak.
  const opened = next(ann, 'request_opened');
  await bob.requestRole('talker');
  const { request } = await opened;
  const changed = next(bob, 'role_changed');
  await ann.answerRequest(request.member, request.role, true);
  assert.equal((await changed).role, 'talker');
  assert.equal(bob.me.role, 'talker');

  // Attributes and messages.
  const set = next(bob, 'attribute_set');
  await ann.setAttribute('topic', 'x');
  await set;
  assert.equal(bob.attributes.topic, 'x');
  const message = next(ann, 'custom_message');
  await bob.send('hello', ann.me.id);
  assert.deepEqual((await message).to, { type: 'member', id: ann.me.id });

  // Muting: the state in effect is worked out as the gateway does.
  await ann.muteAll('audio');
  await until('muted', () => bob.member('bob')?.muted?.audio === true && bob.member('ann').muted?.audio !== true);
  await ann.unmute(bob.me.id, 'audio');
  await until('excused', () => bob.me.muted?.audio === false);

  // URLs.
  const publication = await bob.publish({ clientRef: 'mine' });
  assert.match(publication.url, /^rtmp:\/\//);
  const subscription = await ann.subscribe(publication.stream, { only: 'video', gop: false });
  assert.match(subscription.url, /&only=video&gop=0$/);
  assert.equal(await ann.subscribe(publication.stream), subscription);
  const fresh = await publication.renew();
  assert.notEqual(fresh, '');
  const ended = next(subscription, 'ended');
  await publication.unpublish();
  await ended;

  // A cut connection: what happened meanwhile is told.
  const back = next(bob, 'resumed');
  const missed = next(bob, 'attribute_set');
  cut('bob');
  await next(bob, 'suspended');
  await ann.setAttribute('meanwhile', '1');
  assert.equal((await back).rejoined, false);
  assert.equal((await missed).key, 'meanwhile');
  // A command waits for the connection.
  cut('bob');
  await next(bob, 'suspended');
  await bob.send('late');

  // Kicked, and the last word.
  const left = next(bob, 'left');
  await ann.kick(bob.me.id);
  assert.equal((await left).reason, 'kicked');
  await refused(bob.publish(), 'left_room');
  const over = next(ann, 'left');
  await ann.destroy();
  assert.equal((await over).reason, 'room_ended');

  // A token that is refused is replaced without a word.
  let asked = 0;
  const renewing = clientOf('cat', { token: undefined, tokenProvider: () => (asked++ === 0 ? 'a.b.c' : given.tokens.cat) });
  await renewing.connect();
  assert.deepEqual([asked, renewing.state, renewing.account], [2, 'connected', 'cat']);
  // One that is no token is refused for good.
  await refused(clientOf('cat', { token: 'nonsense' }).connect(), 'malformed_token');
  for (const client of [a, b, c, renewing]) client.close();
}

/** The gateway is killed: both are back as they were, with commands that waited. */
async function restart() {
  const [a, b] = ['ann', 'bob'].map((account) => clientOf(account, { timeoutMs: 20_000 }));
  const { id } = await a.createRoom({ name: 'killed' });
  const ann = await a.join(id, { role: 'talker' });
  const bob = await b.join(id, { role: 'talker' });
  const member = bob.me.id;
  // Listened for before it can happen.
  const lost = next(bob, 'suspended', 20_000);
  await ask('kill');
  await lost;
  const waiting = bob.send('I waited');
  const heard = next(ann, 'custom_message', 20_000);
  const backs = [next(ann, 'resumed', 20_000), next(bob, 'resumed', 20_000)];
  await ask('restart');
  await Promise.all(backs);
  await waiting;
  assert.equal((await heard).payload, 'I waited');
  assert.equal(bob.me.id, member);
  a.close();
  b.close();
}

/** Rings, answers, talks, hangs up; a second device; busy. */
async function calls() {
  const [a, b, b2, c] = [clientOf('ann'), clientOf('bob'), clientOf('bob'), clientOf('cat')];
  await Promise.all([a, b, b2, c].map((client) => client.connect()));
  const [rings, rings2] = [next(b.calls, 'invited'), next(b2.calls, 'invited')];
  const outgoing = await a.calls.invite({ to: ['bob'], type: 'video', attachment: { topic: 1 } });
  const [incoming, second] = await Promise.all([rings, rings2]);
  assert.deepEqual([incoming.caller, incoming.type, incoming.attachment, incoming.direction], ['ann', 'video', { topic: 1 }, 'incoming']);
  const accepted = next(outgoing, 'accepted');
  const elsewhere = next(second, 'elsewhere');
  await incoming.accept();
  await accepted;
  assert.equal((await elsewhere).what, 'accepted');
  const room = await outgoing.join();
  assert.equal(room.id, incoming.room.id);
  assert.equal(a.calls.current, outgoing);
  // Who is in a call is busy.
  const third = await c.calls.invite({ to: ['ann'] });
  const { status } = await next(third, 'ended');
  assert.equal(status, 'busy');
  const control = next(incoming, 'control');
  await outgoing.control({ hold: true });
  assert.deepEqual((await control).data, { hold: true });
  // The session of whoever calls is lost, and found again.
  const back = next(room, 'resumed');
  cut('ann');
  await back;
  assert.equal(outgoing.state, 'active');
  const [end, message] = [next(incoming, 'ended'), next(b.calls, 'message')];
  await outgoing.hangUp();
  assert.equal((await end).status, 'completed');
  assert.equal((await message).attach.status, 1);
  await until('no call', () => a.calls.active.size + b.calls.active.size === 0);
  const [record] = await a.calls.ended({ limit: 1 });
  assert.equal(record.call, outgoing.id);
  // Taken back while it rings.
  const ring = next(b.calls, 'invited');
  const short = await a.calls.invite({ to: ['bob'] });
  const over = next(await ring, 'ended');
  await short.cancel();
  assert.equal((await over).status, 'cancelled');
  for (const client of [a, b, b2, c]) client.close();
}

await run({ rooms, restart, calls }[given.only]);
