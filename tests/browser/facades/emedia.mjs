// What apps written for the web form of Easemob's `emedia` do, on our script. See stage.mjs.
import { play } from './stage.mjs';

const KEY = 'org#app';
const CALLBACKS = [
  'onMemberJoined',
  'onMemberExited',
  'onStreamAdded',
  'onStreamRemoved',
  'onStreamUpdated',
  'onRoleChanged',
  'onAdminChanged',
  'onConferenceExit',
  'onConfrAttrsUpdated',
  'onConfrStateUpdated',
  'onRequestToTalkerReply',
  'onMuted',
  'onUnmuted',
];

/** A page of this account that notes what it is told: names of members, ids of streams. */
async function enter(stage, name, { url, tokens }) {
  const person = await stage.person(name);
  await person.run(
    ([url, who, token, callbacks]) => {
      const { mgr } = window.emedia;
      window.streams = {};
      const plain = (arg) => arg?.memName?.split('_')[1].split('@')[0] ?? arg;
      for (const name of callbacks) mgr[name] = (...args) => window.told.push([name, ...args.map(plain)]);
      mgr.onStreamAdded = (member, stream) => {
        window.streams[stream.id] = { member, stream };
        window.told.push(['onStreamAdded', plain(member), stream.located(), stream.type]);
      };
      mgr.onRequestToTalker = ({ memberId }, agree) => {
        window.told.push(['onRequestToTalker', memberId]);
        agree(memberId);
      };
      window.emedia.config({ restPrefix: url });
      mgr.setIdentity(who, token);
    },
    [url, `${KEY}_${name}@easemob.com`, tokens[name], CALLBACKS],
  );
  return person;
}

/** A method of the manager; what it resolves to, or what it rejects with. */
const call = (person, method, ...args) =>
  person.run(
    async ([method, args]) => {
      try {
        return JSON.parse(JSON.stringify((await window.emedia.mgr[method](...args)) ?? null));
      } catch (error) {
        return { rejected: error };
      }
    },
    [method, args],
  );

/** Shows every stream of others that was told of, each in a `<video>` with the publisher's name as its id. */
const watchAll = (person) =>
  person.run(async () => {
    for (const { member, stream } of Object.values(window.streams)) {
      const id = `${member.memName.split('_')[1].split('@')[0]}-${stream.type}`;
      if (stream.located() || document.getElementById(id)) continue;
      const video = Object.assign(document.createElement('video'), { id, autoplay: true, playsInline: true });
      document.body.append(video);
      await window.emedia.mgr.subscribe(member, stream, true, true, video);
    }
  });

const publish = (person) =>
  person.run(async () => {
    const video = Object.assign(document.createElement('video'), { id: 'own', autoplay: true, playsInline: true });
    document.body.append(video);
    const stream = await window.emedia.mgr.publish({ audio: true, video: { width: { exact: 320 }, height: { exact: 240 } } }, video);
    window.own = stream;
    return stream.located();
  });

const scenarios = {
  /** Two in a room by its name: pictures and sound both ways, switches, a screen, muting, roles, attributes. */
  async room(stage, given) {
    const [ann, bob] = await Promise.all([enter(stage, 'ann', given), enter(stage, 'bob', given)]);
    const room = { roomName: 'standup', password: 'tea', role: 3, config: { nickName: 'Ann' } };
    const made = await call(ann, 'joinRoom', room);
    const wrong = await call(bob, 'joinRoom', { ...room, password: 'coffee' });
    const joined = await call(bob, 'joinRoom', room);
    await ann.told('onMemberJoined', 'bob');
    await bob.told('onMemberJoined', 'ann');
    const located = await publish(ann);
    await ann.told('onStreamAdded', 'ann', true, 0);
    await bob.told('onStreamAdded', 'ann', false, 0);
    await publish(bob);
    await ann.told('onStreamAdded', 'bob', false, 0);
    await Promise.all([watchAll(ann), watchAll(bob)]);
    await Promise.all([ann.shows('#bob-0'), bob.shows('#ann-0'), ann.shows('#own'), ann.seesAndHears(), bob.seesAndHears()]);

    await ann.run(() => window.emedia.mgr.pauseVideo(window.own));
    await bob.told('onStreamUpdated', 'ann', null);
    await ann.run(() => window.emedia.mgr.resumeVideo(window.own));
    await bob.told('onStreamUpdated', 'ann', null);
    await bob.seesAndHears();

    const shared = await call(bob, 'shareDesktopWithAudio', { confrId: made.confrId, audio: false });
    await ann.told('onStreamAdded', 'bob', false, 1);
    await watchAll(ann);
    await ann.shows('#bob-1');
    await call(bob, 'unpublish', shared.id);
    await ann.told('onStreamRemoved', 'bob', null);

    await call(ann, 'muteBymemberId', made.confrId, joined.joinId);
    await bob.told('onMuted', null);
    await call(ann, 'unmuteBymemberId', made.confrId, joined.joinId);
    await bob.told('onUnmuted', null);
    const forbidden = await call(bob, 'muteAll', made.confrId);
    await call(ann, 'degradeRole', made.confrId, [`${KEY}_bob@easemob.com`], 1);
    await bob.told('onRoleChanged', 1, made.confrId);
    await call(bob, 'requestToTalker', made.confrId);
    await ann.told('onRequestToTalker', joined.joinId);
    await bob.told('onRequestToTalkerReply', { result: 0 });
    await bob.told('onRoleChanged', 3, made.confrId);

    await ann.run(() => new Promise((success, error) => window.emedia.mgr.setConferenceAttrs({ key: 'topic', val: 'tea', success, error })));
    await bob.told('onConfrAttrsUpdated', [{ key: 'topic', val: 'tea', op: 'UPDATE' }]);
    const noAdmin = await bob.run(() =>
      window.emedia.mgr.addLive(undefined, { cdn: 'rtmp://127.0.0.1/live/x', layoutStyle: 'GRID' }).then(
        () => 'allowed',
        (error) => String(error),
      ),
    );
    await call(ann, 'kickMembersById', made.confrId, [joined.joinId]);
    await bob.told('onConferenceExit', 11, null);
    await ann.told('onMemberExited', 'bob', 11);
    await call(ann, 'exitConference');
    await ann.told('onConferenceExit', 0, null);
    return { made, wrong, joined, located, forbidden, noAdmin };
  },

  /** One among members of other SDKs: until all of `others` are seen and heard; then until the room ends. */
  async among(stage, given) {
    const person = await enter(stage, given.account, given);
    await call(person, 'joinConference', given.room);
    await publish(person);
    const seen = {};
    for (const other of given.others) {
      await person.told('onMemberJoined', other);
      await person.told('onStreamAdded', other, false, 0);
    }
    await watchAll(person);
    for (const other of given.others) seen[other] = (await person.shows(`#${other}-0`)).frames > 5;
    await person.seesAndHears();
    console.log(JSON.stringify({ seen }));
    await person.told('onConferenceExit', null);
    return { seen };
  },
};

await play('emedia', 'emedia', scenarios);
