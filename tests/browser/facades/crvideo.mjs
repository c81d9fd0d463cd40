// What apps written for CloudRoom's `CRVideo_*` do, on our script. See stage.mjs.
import { createHmac } from 'node:crypto';
import { play } from './stage.mjs';

/** A token as an app's server signs it (docs/api.md). */
function sign({ app, secret }, account, seconds) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const text = `${part({ alg: 'HS256' })}.${part({ iss: app, sub: account, exp })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** A page that notes all notices. */
async function enter(stage, name) {
  const person = await stage.person(name);
  await person.run(() => {
    for (const [name, notice] of Object.entries(window)) {
      if (!name.startsWith('CRVideo_') || !('callback' in notice)) continue;
      notice.callback = (...args) => {
        const plain = args.map((arg) => (arg instanceof MediaStream || arg instanceof ArrayBuffer ? arg.constructor.name : arg));
        window.told.push([name.slice('CRVideo_'.length), ...plain]);
      };
    }
    window.cr = (name, ...args) => window[`CRVideo_${name}`](...args);
  });
  return person;
}

const call = (person, ...args) => person.run((all) => window.cr(...all), args);

async function logIn(person, { host, app, md5, tokens }, how) {
  await call(person, 'Init', { isHttp: true });
  await call(person, 'SetServerAddr', host);
  // Small pictures: two cores send and show those of several pages.
  await call(person, 'SetVideoCfg', { size: 1, fps: 15 });
  if (how === 'secret') await call(person, 'Login', app, md5, person.name, person.name, '', 'in');
  else await call(person, 'LoginByToken', tokens[person.name], person.name, person.name, '', 'in');
  await person.told('LoginSuccess', person.name, 'in');
}

/** Puts an object that shows a member's camera or screen on the page, as `#id`. */
const show = (person, make, uid, id) =>
  person.run(
    ([make, uid, id]) => {
      const made = window.cr(make, { style: { objectFit: 'cover' } });
      made.id(id);
      made.width(320);
      made.height(180);
      made.setVideo(uid);
      document.body.append(made.handler());
      (window.objects ??= {})[id] = made;
    },
    [make, uid, id],
  );

/** Two in a room that ann made. */
async function together(stage, given, how = 'token') {
  const [ann, bob] = await Promise.all([enter(stage, 'ann'), enter(stage, 'bob')]);
  await Promise.all([logIn(ann, given, how), logIn(bob, given)]);
  await call(ann, 'CreateMeeting2', 'made');
  const [, meet] = await ann.told('CreateMeetingSuccess', null, 'made');
  for (const person of [ann, bob]) {
    await call(person, 'EnterMeeting3', meet.ID, 'e');
    await person.told('EnterMeetingRslt', 0, 'e');
  }
  await ann.told('UserEnterMeeting', 'bob');
  return { ann, bob, meet };
}

const scenarios = {
  /** Devices, pictures, sound; another member's microphone; a screen. */
  async media(stage, given) {
    const { ann, bob } = await together(stage, given, 'secret');
    await call(ann, 'OpenMic', 'ann');
    await call(ann, 'OpenVideo', 'ann');
    await ann.told('AudioStatusChanged', 'ann', 2, 4);
    await ann.told('AudioStatusChanged', 'ann', 4, 3);
    await ann.told('VideoStatusChanged', 'ann', 4, 3);
    await bob.told('AudioStatusChanged', 'ann', 2, 3);
    await bob.told('VideoStatusChanged', 'ann', 2, 3);
    await show(ann, 'CreatVideoObj', 'ann', 'own');
    await show(bob, 'CreatVideoObj', 'ann', 'ann');
    await Promise.all([ann.shows('#own video'), bob.shows('#ann video'), bob.seesAndHears()]);
    const looks = await bob.run(() => ({
      isPicEmpty: window.objects.ann.isPicEmpty(),
      png: window.objects.ann.savePicToBase64('png').slice(0, 22),
      members: window.cr('GetAllMembers'),
    }));
    // Hidden pictures do not come; shown again, they do.
    await bob.run(() => window.objects.ann.hide());
    const still = async () => {
      const { frames } = await window.inbound();
      await new Promise((done) => setTimeout(done, 300));
      return (await window.inbound()).frames - frames;
    };
    await bob.until('still', still, (more) => more === 0);
    await bob.run(() => window.objects.ann.show());
    await bob.until('moving', still, (more) => more > 2);
    await call(ann, 'OpenMic', 'bob');
    await bob.told('AudioStatusChanged', 'bob', 4, 3);
    await ann.told('AudioStatusChanged', 'bob', 2, 3);
    await ann.seesAndHears({ pictures: false });
    await call(bob, 'StartScreenShare');
    await bob.told('StartScreenShareRslt', 0);
    await ann.told('NotifyScreenShareStarted', 'bob');
    await show(ann, 'CreatScreenShareObj', 'bob', 'screen');
    await ann.shows('#screen video');
    await call(bob, 'StopScreenShare');
    await ann.told('NotifyScreenShareStopped', 'bob');
    await call(ann, 'CloseVideo', 'ann');
    await bob.told('VideoStatusChanged', 'ann', 3, 2);
    return looks;
  },

  /** Messages, commands, files, attributes, names, pages, kicking, the room's end. */
  async talk(stage, given) {
    const { ann, bob, meet } = await together(stage, given);
    await call(ann, 'SendMeetingCustomMsg', 'hello 连麦', 'm');
    await ann.told('SendMeetingCustomMsgRslt', 0, 'm');
    await bob.told('NotifyMeetingCustomMsg', 'ann', 'hello 连麦');
    const task = await call(bob, 'SendCmd', 'ann', '{"a":1}', 'c');
    await bob.told('SendCmdRslt', task, 0, 'c');
    await ann.told('NotifyCmdData', 'bob', '{"a":1}');
    await bob.run(() => window.cr('SendFile', 'ann', new File([new Uint8Array(100_000)], 'a.bin'), 'f'));
    await bob.told('SendFileRslt', null, 0, 'f');
    await ann.told('NotifyFileData', 'bob', 'ArrayBuffer', 'a.bin');
    await call(ann, 'SetMeetingAttrs', '{"title":"talk"}', '{"notifyAll":1}', 'a');
    await ann.told('SetMeetingAttrsRslt', 0, 'a');
    const [, adds] = await bob.told('NotifyMeetingAttrsChanged');
    await call(bob, 'AddOrUpdateUserAttrs', 'bob', { seat: '3' }, '', 'u');
    await ann.told('NotifyUserAttrsChanged', 'bob');
    await call(ann, 'GetUserAttrs', ['bob'], [], 'g');
    const [, users] = await ann.told('GetUserAttrsSuccess', null, 'g');
    await call(ann, 'SetNickName', 'bob', 'Bobby');
    await ann.told('NotifyNickNameChanged', 'bob', 'bob', 'Bobby');
    await call(bob, 'SetMainVideo', 'ann');
    await ann.told('NotifyMainVideoChanged', 'ann');
    const refused = await bob.run(() => window.cr('Creatboard', 'b', 1, 1, 1).catch(({ errCode }) => errCode));
    await call(ann, 'Kickout', 'bob');
    await bob.told('MeetingDropped');
    await ann.told('UserLeftMeeting', 'bob');
    await call(bob, 'EnterMeeting3', meet.ID, 'again');
    await bob.told('EnterMeetingRslt', 0, 'again');
    await call(ann, 'DestroyMeeting', meet.ID, 'd');
    await ann.told('DestroyMeetingRslt', 0, 'd');
    await bob.told('MeetingStopped');
    await call(bob, 'EnterMeeting3', meet.ID, 'late');
    await bob.told('EnterMeetingRslt', 800, 'late');
    return { adds, users, refused };
  },

  /** A token that ends is told of and renewed; one that is not renewed ends everything. */
  async token(stage, given) {
    const [ann, bob] = await Promise.all([enter(stage, 'ann'), enter(stage, 'bob')]);
    for (const [person, seconds] of [[ann, 34], [bob, 6]]) {
      await logIn(person, { ...given, tokens: { [person.name]: sign(given, person.name, seconds) } });
      await call(person, 'EnterMeeting3', given.room, 'e');
      await person.told('EnterMeetingRslt', 0, 'e');
    }
    await ann.told('NotifyTokenWillExpire');
    await call(ann, 'UpdateToken', sign(given, 'ann', 600));
    await ann.told('UpdateTokenRslt', 0);
    await bob.told('LineOff', 18);
    await bob.told('MeetingDropped');
    await ann.told('UserLeftMeeting', 'bob');
    await call(ann, 'SendMeetingCustomMsg', 'still here', 's');
    await ann.told('SendMeetingCustomMsgRslt', 0, 's');
    return {};
  },

  /** Calling into a room: taken, refused, not disturbed. */
  async call(stage, given) {
    const [ann, bob] = await Promise.all([enter(stage, 'ann'), enter(stage, 'bob')]);
    await Promise.all([logIn(ann, given), logIn(bob, given)]);
    await call(ann, 'CreateMeeting2', 'made');
    const [, meet] = await ann.told('CreateMeetingSuccess', null, 'made');
    // Outside of rooms.
    await call(ann, 'GetOneUserStatus', 'bob', 's');
    const [, [status]] = await ann.told('GetUserStatusSuccess', null, 's');
    await call(ann, 'SendCmd', 'bob', '"连麦" '.repeat(1000), 'x');
    await ann.told('SendCmdRslt', null, 0, 'x');
    await bob.told('NotifyCmdData', 'ann', '"连麦" '.repeat(1000));
    await call(ann, 'SendCmd', 'eve', 'x', 'z');
    await ann.told('SendCmdRslt', null, 1102, 'z');
    const invite = await call(ann, 'Invite', 'bob', 'join?', 'i');
    await ann.told('InviteSuccess', invite, 'i');
    await bob.told('NotifyInviteIn', invite, 'ann', 'join?');
    await call(bob, 'AcceptInvite', invite, 'ok', 'j');
    await ann.told('NotifyInviteAccepted', invite, 'ok');
    await call(ann, 'Call', 'eve', meet, '', 'nobody');
    await ann.told('CallFail', null, 603, 'nobody');
    await call(ann, 'Call', 'bob', meet, 'please', 'c');
    const [, id] = await ann.told('CallSuccess', null, 'c');
    const [, , asked] = await bob.told('NotifyCallIn', id, null, 'ann', 'please');
    await call(bob, 'AcceptCall', id, asked, 'yes', 'y');
    await bob.told('AcceptCallSuccess', id, 'y');
    await ann.told('NotifyCallAccepted', id, meet, 'yes');
    for (const person of [ann, bob]) {
      await call(person, 'EnterMeeting3', asked.ID, 'e');
      await person.told('EnterMeetingRslt', 0, 'e');
    }
    await call(bob, 'HangupCall', id, 'bye', 'h');
    await bob.told('HangupCallSuccess', id, 'h');
    await ann.told('NotifyCallHangup', id, 'bye');
    await call(ann, 'Call', 'bob', meet, '', 'r');
    const [, second] = await bob.told('NotifyCallIn');
    await call(bob, 'RejectCall', second, 'no', 'n');
    await ann.told('NotifyCallRejected', second, 606, 'no');
    await call(bob, 'SetDNDStatus', 1, 'd');
    await bob.told('SetDNDStatusSuccess', 'd');
    await call(ann, 'Call', 'bob', meet, '', 'b');
    await ann.told('NotifyCallRejected', null, 602);
    return { status };
  },

  /** A cloud mixer that is recorded: everybody sees how it stands. */
  async mixer(stage, given) {
    const { ann, bob } = await together(stage, given);
    await call(ann, 'OpenVideo', 'ann');
    await ann.told('VideoStatusChanged', 'ann', 4, 3);
    const content = [{ type: 0, left: 0, top: 0, width: 320, height: 180, param: { camid: 'ann.-1' } }];
    const video = { svrPathName: '/talk.mp4', vWidth: 320, vHeight: 180, vFps: 12, layoutConfig: content };
    const id = await call(ann, 'CreateCloudMixer', { mode: 0, videoFileCfg: video });
    await bob.told('CloudMixerStateChanged', id, 1, null, 'ann');
    await bob.told('CloudMixerStateChanged', id, 2, null, 'ann');
    const seen = await call(bob, 'GetCloudMixerInfo', id);
    const text = { type: 7, left: 10, top: 10, param: { text: 'live' } };
    await call(ann, 'UpdateCloudMixerContent', id, { videoFileCfg: { ...video, layoutConfig: [...content, text] } });
    await bob.told('CloudMixerInfoChanged', id);
    const second = await call(bob, 'CreateCloudMixer', { mode: 0, videoFileCfg: video });
    await bob.told('CreateCloudMixerFailed', second, 906);
    await call(bob, 'DestroyCloudMixer', id);
    await bob.told('CloudMixerStateChanged', id, 0, null, 'ann');
    const file = await ann.until('a file', () => window.told.filter(([name]) => name === 'CloudMixerOutputInfoChanged'), (all) => all.some(([, , info]) => info.state === 2));
    return { seen, states: (await ann.heard('CloudMixerStateChanged')).map(([, , state]) => state), outputs: file.map(([, , info]) => info) };
  },

  /** One among members of other SDKs: until all of `others` are seen and heard; then until the room ends. */
  async among(stage, given) {
    const person = await enter(stage, given.account);
    await logIn(person, given);
    await call(person, 'EnterMeeting3', Number(given.room), 'e');
    await person.told('EnterMeetingRslt', 0, 'e');
    await call(person, 'OpenMic', given.account);
    await call(person, 'OpenVideo', given.account);
    const members = () => window.cr('GetAllMembers').map(({ UID, videoStatus }) => [UID, videoStatus]);
    const everybody = (all) => given.others.every((other) => all.some(([uid, video]) => uid === other && video === 3));
    await person.until('everybody there with a camera', members, everybody);
    const seen = {};
    for (const other of given.others) {
      await show(person, 'CreatVideoObj', other, other);
      seen[other] = (await person.shows(`#${other} video`)).frames > 5;
    }
    await person.seesAndHears();
    console.log(JSON.stringify({ seen }));
    await person.told('MeetingStopped');
    return { seen };
  },
};

await play('crvideo', 'CRVideo', scenarios);
