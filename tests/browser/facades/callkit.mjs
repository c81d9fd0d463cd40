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
      rtc.setupAppKey({ appKey: 'demo', neRtcServerAddresses: { gateway: url } });
      for (const event of events) {
        const note = (...args) => window.told.push([event, ...args]);
        if (older) rtc.on(event, note);
        else rtc.addDelegate(event, note);
      }
      document.body.innerHTML += '<div id="local"></div><div id="remote"></div>';
      await rtc.login({ account, token, onmsg: ({ type, flow, attach }) => window.told.push(['onmsg', type, flow, attach?.status, attach]) });
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
};

await play('callkit', 'NERTCCalling', scenarios);
