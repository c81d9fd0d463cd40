// What apps written for NetEase's calling component do, on our script. See stage.mjs.
import { play } from './stage.mjs';

const EVENTS = [
  'onInvited', 'onUserAccept', 'onUserEnter', 'onUserReject', 'onUserBusy', 'onUserCancel', 'onUserLeave', 'onUserDisconnect',
  'onCallingTimeOut', 'onCallEnd', 'onCameraAvailable', 'onAudioAvailable', 'onVideoMuted', 'onAudioMuted', 'onCallTypeChange',
  'onDisconnect', 'onOtherClientAccept', 'onOtherClientReject', 'onMessageSent', 'onJoinChannel', 'onError',
];

/** A page on which somebody is logged in, with places for both pictures. */
async function enter(stage, { url, tokens }, account, name = account, older = false) {
  const person = await stage.person(name);
  await person.run(
    async ([url, account, token, events, older]) => {
      const Kit = older ? window.NRTCCalling.RTCCalling : window.NERTCCalling.default;
      const rtc = Kit.getInstance({ debug: true });
      window.rtc = rtc;
      // Small pictures: two cores send and show those of several pages.
      rtc.setupAppKey({ appKey: 'demo', resolution: 2, neRtcServerAddresses: { gateway: url } });
      for (const event of events) {
        const note = (...args) => window.told.push([event, ...args]);
        if (older) rtc.on(event, note);
        else rtc.addDelegate(event, note);
      }
      document.body.innerHTML += '<div id="local"></div><div id="remote"></div>';
      const ondisconnect = (why) => window.told.push(['ondisconnect', why]);
      await rtc.login({ account, token, ondisconnect, onmsg: ({ type, flow, attach }) => window.told.push(['onmsg', type, flow, attach?.status, attach]) });
      rtc.setupLocalView(document.querySelector('#local'));
    },
    [url, account, tokens[account], EVENTS, older],
  );
  return person;
}

const kit = (person, method, ...args) => person.run(([method, args]) => window.rtc[method](...args), [method, args]);
const code = (person, method, ...args) =>
  person.run(([method, args]) => window.rtc[method](...args).then(() => 0, ({ code }) => code), [method, args]);
const view = (person, other) => person.run((account) => window.rtc.setupRemoteView(account, document.querySelector('#remote')), other);

async function both(stage, given) {
  return Promise.all([enter(stage, given, 'ann', 'ann', true), enter(stage, given, 'bob')]);
}

/** They talk. */
async function connect(ann, bob, type = 2) {
  await kit(ann, 'call', { userId: 'bob', type, attachment: 'hi' });
  const [, invited] = await bob.told('onInvited');
  await view(ann, 'bob');
  await view(bob, 'ann');
  await kit(bob, 'accept');
  await ann.told('onUserAccept', 'bob');
  await Promise.all([ann.told('onUserEnter', 'bob'), bob.told('onUserEnter', 'ann')]);
  return invited;
}

const scenarios = {
  /** A call with pictures and sound: muting, cameras, to sound alone, hanging up, the record. */
  async call(stage, given) {
    const [ann, bob] = await both(stage, given);
    const invited = await connect(ann, bob);
    const shown = ['#local video', '#remote video'].flatMap((where) => [ann.shows(where), bob.shows(where)]);
    await Promise.all([...shown, ann.seesAndHears(), bob.seesAndHears()]);
    await ann.told('onCameraAvailable');
    const codes = [await code(ann, 'call', { userId: 'eve', type: 1 }), await code(ann, 'accept'), await code(bob, 'cancel')];
    await kit(bob, 'muteLocalVideo', true);
    await ann.told('onVideoMuted', { userId: 'bob', muted: true });
    await kit(bob, 'enableLocalVideo', false);
    const [, off] = await ann.told('onCameraAvailable', null);
    const info = await kit(ann, 'getRoomInfo');
    await kit(ann, 'switchCallType', 1);
    await bob.told('onCallTypeChange', 1);
    await kit(ann, 'hangup');
    await Promise.all([ann.told('onCallEnd'), bob.told('onCallEnd')]);
    const [, , , , record] = await bob.told('onmsg', 'g2', null, 1);
    const later = await code(ann, 'hangup');
    return { invited, codes, off, info, record, later };
  },

  /** Calls that do not come about: refused, taken back, busy, not answered. */
  async missed(stage, given) {
    const [ann, bob] = await both(stage, given);
    await kit(ann, 'call', { userId: 'bob', type: 1 });
    await bob.told('onInvited');
    const codes = [await code(ann, 'call', { userId: 'bob', type: 1 }), await code(ann, 'accept'), await code(bob, 'cancel')];
    await kit(bob, 'reject');
    await ann.told('onUserReject', 'bob');
    await ann.told('onMessageSent', 'bob');
    await bob.told('onmsg', 'g2', 'in', 3);

    await kit(ann, 'call', { userId: 'bob', type: 1 });
    await bob.told('onInvited');
    await kit(ann, 'cancel');
    await bob.told('onUserCancel', 'ann');
    await bob.told('onmsg', 'g2', 'in', 2);

    await kit(ann, 'setCallTimeout', 1000);
    await kit(ann, 'call', { userId: 'bob', type: 1 });
    await bob.told('onInvited');
    await Promise.all([ann.told('onCallingTimeOut', 'callTimeOut'), bob.told('onCallingTimeOut', 'beCallTimeOut')]);
    await bob.told('onmsg', 'g2', 'in', 4);

    const eve = await enter(stage, given, 'eve');
    await connect(ann, bob, 1);
    await kit(eve, 'call', { userId: 'bob', type: 1 });
    await eve.told('onUserBusy', 'bob');
    await eve.told('onMessageSent', 'eve');
    await bob.told('onmsg', 'g2', 'in', 5);
    const disturbed = await bob.heard('onInvited');
    await Promise.all([ann.seesAndHears({ pictures: false }), bob.seesAndHears({ pictures: false })]);
    await kit(bob, 'hangup');
    await ann.told('onCallEnd');
    return { codes, disturbed };
  },

  /** Several devices of one account, and one that comes too late to ring at once. */
  async devices(stage, given) {
    const ann = await enter(stage, given, 'ann');
    await kit(ann, 'call', { userId: 'bob', type: 1 });
    const bob = await enter(stage, given, 'bob');
    await bob.told('onInvited');
    await kit(bob, 'reject');
    await ann.told('onUserReject', 'bob');
    const tablet = await enter(stage, given, 'bob', 'tablet');
    await kit(ann, 'call', { userId: 'bob', type: 1 });
    await Promise.all([bob.told('onInvited'), tablet.told('onInvited')]);
    await kit(tablet, 'accept');
    await bob.told('onOtherClientAccept');
    await ann.told('onUserEnter', 'bob');
    await ann.seesAndHears({ pictures: false });
    await kit(tablet, 'leave');
    await ann.told('onCallEnd');
    await kit(ann, 'call', { userId: 'bob', type: 1 });
    await Promise.all([bob.told('onInvited'), tablet.told('onInvited')]);
    await kit(bob, 'reject');
    await tablet.told('onOtherClientReject');
    await ann.told('onUserReject', 'bob');
    return {};
  },

  /** One device per account: the newer one puts the older out, and can be called. */
  async single(stage, given) {
    const [ann, bob] = await both(stage, given);
    const tablet = await enter(stage, given, 'bob', 'tablet');
    await bob.told('ondisconnect', { code: 'kicked' });
    await bob.told('onError');
    await kit(ann, 'call', { userId: 'bob', type: 1 });
    await tablet.told('onInvited');
    const rang = await bob.heard('onInvited');
    const late = await code(bob, 'call', { userId: 'ann', type: 1 });
    return { rang, late };
  },

  /** Three in a call, one of them called in later; who leaves leaves the others. */
  async group(stage, given) {
    const [ann, bob, eve] = [await enter(stage, given, 'ann'), await enter(stage, given, 'bob'), await enter(stage, given, 'eve')];
    await kit(ann, 'groupCall', { userIds: ['bob'], type: 1, groupId: 'team', attachment: 'all' });
    const [, invited] = await bob.told('onInvited');
    await kit(bob, 'accept');
    await ann.told('onUserEnter', 'bob');
    await kit(bob, 'groupInvite', { userIds: ['eve'], groupId: 'team' });
    await eve.told('onInvited');
    await kit(eve, 'accept');
    await Promise.all([ann.told('onUserEnter', 'eve'), bob.told('onUserEnter', 'eve')]);
    await Promise.all([ann.told('onUserAccept', 'eve'), eve.seesAndHears({ pictures: false })]);
    await kit(bob, 'leave');
    await Promise.all([ann.told('onUserLeave', 'bob'), eve.told('onUserLeave', 'bob')]);
    const ended = await ann.heard('onCallEnd');
    await kit(ann, 'hangup');
    await Promise.all([ann.told('onCallEnd'), eve.told('onCallEnd')]);
    return { invited, ended };
  },

  /** What lies below the component: messages, a channel of the app's own. */
  async below(stage, given) {
    const [ann, bob] = await both(stage, given);
    await ann.run(() => window.rtc.getSdkInstance().signal.sendText({ scene: 'p2p', to: 'bob', text: 'hello' }));
    await bob.told('onmsg', 'text', 'in');
    const join = (person, room, publishes) =>
      person.run(
        async ([room, publishes]) => {
          const { WebRTC2 } = window.rtc.getSdkInstance();
          const client = WebRTC2.createClient({ appkey: 'x' });
          client.on('peer-online', ({ uid }) => window.told.push(['peer-online', typeof uid]));
          client.on('stream-added', ({ stream }) => client.subscribe(stream));
          client.on('stream-subscribed', ({ stream }) => void stream.play(document.querySelector('#remote')));
          client.on('peer-leave', ({ reason }) => window.told.push(['peer-leave', reason]));
          await client.join({ channelName: room, uid: 1 });
          window.client = client;
          if (!publishes) return null;
          const stream = WebRTC2.createStream({ uid: 1, audio: true, video: true });
          stream.setVideoProfile({ resolution: 2, frameRate: 3 });
          await stream.init();
          await client.publish(stream);
          return (await WebRTC2.getDevices()).video.length;
        },
        [room, publishes],
      );
    await join(bob, given.room, false);
    const cameras = await join(ann, given.room, true);
    await bob.told('peer-online', 'number');
    await Promise.all([bob.shows('#remote video'), bob.seesAndHears()]);
    await ann.run(() => window.client.leave());
    await bob.told('peer-leave', '0');
    return { cameras };
  },
};

await play('callkit', 'NERTCCalling', scenarios);
