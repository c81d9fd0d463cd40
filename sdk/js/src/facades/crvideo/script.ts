/** All parts together, and what each documented call does. */
import type { MakeClient } from '../client';
import { AttributeBook } from './attributes';
import { CallDesk } from './calls';
import { Cameras } from './cameras';
import { ERR, sdkErr } from './codes';
import { merged } from './config';
import { defaults, type Desk } from './desk';
import { open, seal, type Letter } from './envelope';
import { Energy } from './energy';
import { Focus } from './focus';
import { Incoming } from './incoming';
import { Invites } from './invites';
import { Members } from './members';
import { Messages } from './messages';
import { Mixers } from './mixer';
import { CALLS, type CallName } from './names/calls';
import { Notices } from './notices';
import { Outgoing } from './outgoing';
import { BoardUIObj, MediaObj, ScreenShareObj, VideoObj, type Source } from './picture';
import { refuse } from './refuse';
import { Rooms } from './rooms';
import { ScreenShare } from './screen';
import { Session } from './session';
import { Users } from './users';

export const VERSION = '4.0.0-lianmai';

export type Func = (...args: never[]) => unknown;

export interface Script {
  notices: Notices;
  calls: Record<CallName, Func>;
}


export function makeScript(make: MakeClient): Script {
  const notices = new Notices();
  const settings = defaults();
  const session = new Session(
    notices,
    settings,
    make,
    (client) => {
      messages.opened(client);
      calls.opened(client);
      mixers.opened(client);
    },
    (dropped) => {
      rooms.ended(dropped);
      calls.ended();
      invites.ended();
      users.ended();
    },
  );
  const desk: Desk = { notices, settings, session, room: null };
  const cameras = new Cameras(notices, () => session.uid, () => outgoing.renew('video'));
  const outgoing = new Outgoing(desk, cameras);
  const members = new Members(desk, outgoing);
  const incoming = new Incoming(desk);
  const attributes = new AttributeBook(desk);
  const screen = new ScreenShare(desk);
  const focus = new Focus(desk);
  const energy = new Energy(desk);
  const mixers = new Mixers(desk);
  const calls = new CallDesk(desk);
  const invites = new Invites(desk);
  const messages: Messages = new Messages(desk, (from, letter) => heard(from, letter));
  invites.messages = messages;
  const users = new Users(desk, () => calls.dnd);
  const rooms = new Rooms(
    desk,
    (client, fields) => client.createRoom(fields),
    [members, outgoing, incoming, attributes, messages, screen, focus, energy, mixers],
  );
  const source: Source = {
    incoming,
    ownUid: () => session.uid,
    ownPicture: (kind) => (kind === 'screen' ? screen.media : outgoing.picture()),
    nickname: (uid) => members.one(uid)?.nickname ?? '',
    objects: new Set(),
  };
  const refresh = () => source.objects.forEach((object) => object.refresh());
  outgoing.onPicture = refresh;
  screen.onPicture = refresh;

  /** What other scripts ask of this one. Devices are the room's to switch, as with the vendor: its admins'. */
  const heard = (from: string, letter: Letter) => {
    if (letter.do !== 'device') return invites.received(from, letter);
    if (desk.room?.member(from)?.role !== 'admin' || (letter.which !== 'mic' && letter.which !== 'camera')) return;
    const kind = letter.which === 'mic' ? 'audio' : 'video';
    if (letter.on === true) outgoing.open(kind);
    else outgoing.close(kind);
  };

  /** One's own device, or another member's by asking its script. */
  const device = (which: 'mic' | 'camera', uid: unknown, on: boolean) => {
    const { room } = desk;
    if (!room) return;
    const kind = which === 'mic' ? 'audio' : 'video';
    if (uid === session.uid) return on ? outgoing.open(kind) : outgoing.close(kind);
    const member = room.member(String(uid));
    if (!member) return;
    const isOurs = open(member.ext) === null && member.ext.includes('"crvideo"');
    // Other kinds of clients do not know how to be asked; an admin silences them at the gateway.
    const asked = isOurs
      ? room.send(seal({ do: 'device', which, on }), member.id)
      : on ? room.unmute(member.id, kind) : room.mute(member.id, kind);
    asked.catch(() => undefined);
  };

  const does = {
    GetSDKVersion: () => VERSION,
    WriteLog: (text: unknown) => settings.sdk.isSDKConsole && console.info(String(text)),
    SetSDKParams: (params: unknown) => session.setParams(params),
    Init: async (params: unknown) => {
      await session.init(params).catch((thrown: unknown) => Promise.reject(sdkErr(thrown)));
      await cameras.refresh().catch(() => Promise.reject(ERR.deviceList));
    },
    Uninit: () => session.uninit(),

    SetServerAddr: (address: unknown) => session.setServer(address),
    Login: (...args: unknown[]) => session.login(args[0], args[1], args[2], args[3], args[4], args[5]),
    LoginByToken: (...args: unknown[]) => session.loginByToken(args[0], args[1], args[2], args[3], args[4]),
    UpdateToken: (token: unknown) => session.updateToken(token),
    Logout: () => session.logout(),

    Call: (uid: unknown, meet: unknown, ext: unknown, cookie: unknown) => calls.call(uid, meet, ext, cookie),
    AcceptCall: (id: unknown, meet: unknown, ext: unknown, cookie: unknown) => calls.accept(id, meet, ext, cookie),
    RejectCall: (id: unknown, ext: unknown, cookie: unknown) => calls.reject(id, ext, cookie),
    HangupCall: (id: unknown, ext: unknown, cookie: unknown) => calls.hangUp(id, ext, cookie),
    SetDNDStatus: (status: unknown, cookie: unknown) => calls.setDnd(status, cookie),
    GetUserStatus: (cookie: unknown) => users.ask(null, cookie),
    GetOneUserStatus: (uid: unknown, cookie: unknown) => users.ask(String(uid), cookie),
    StartUserStatusNotify: (cookie: unknown) => users.notify(true, cookie),
    StopUserStatusNotify: (cookie: unknown) => users.notify(false, cookie),

    Invite: (uid: unknown, ext: unknown, cookie: unknown) => invites.invite(uid, ext, cookie),
    AcceptInvite: (id: unknown, ext: unknown, cookie: unknown) => invites.answer(id, true, ext, cookie),
    RejectInvite: (id: unknown, ext: unknown, cookie: unknown) => invites.answer(id, false, ext, cookie),
    CancelInvite: (id: unknown, ext: unknown, cookie: unknown) => invites.cancel(id, ext, cookie),

    CreateMeeting2: (first: unknown, second: unknown) => rooms.make(first, second),
    DestroyMeeting: (id: unknown, cookie: unknown) => rooms.destroy(id, cookie),
    EnterMeeting3: (id: unknown, ...more: unknown[]) => rooms.enter(id, ...more),
    ExitMeeting: () => rooms.exit(),
    Kickout: (uid: unknown) => members.kick(String(uid)),

    GetMainVideo: () => focus.video(),
    SetMainVideo: (uid: unknown) => focus.setVideo(String(uid)),
    SetMainVideoMode: (mode: unknown, uid: unknown) => focus.setMode(Number(mode), String(uid ?? '')),
    GetMainVideoMode: () => focus.mode(),
    SwitchToPage: (main: unknown, sub: unknown) => focus.switchTo(main, sub),
    GetCurrentMainPage: () => focus.current().main,
    GetCurrentSubPage: () => focus.current().sub,

    GetMeetingAttrs: (keys: unknown, cookie: unknown) =>
      attributes.getRoom(keys, cookie, ['GetMeetingAttrsSuccess', 'GetMeetingAttrsFail']),
    GetMeetingAllAttrs: (cookie: unknown) =>
      attributes.getRoom([], cookie, ['GetMeetingAllAttrsSuccess', 'GetMeetingAllAttrsFail']),
    SetMeetingAttrs: (attrs: unknown, _options: unknown, cookie: unknown) =>
      attributes.set('', attrs, true, cookie, 'SetMeetingAttrsRslt'),
    AddOrUpdateMeetingAttrs: (attrs: unknown, _options: unknown, cookie: unknown) =>
      attributes.set('', attrs, false, cookie, 'AddOrUpdateMeetingAttrsRslt'),
    DelMeetingAttrs: (keys: unknown, _options: unknown, cookie: unknown) =>
      attributes.remove('', keys, cookie, 'DelMeetingAttrsRslt'),
    ClearMeetingAttrs: (_options: unknown, cookie: unknown) => attributes.clearRoom(cookie),
    GetUserAttrs: (uids: unknown, keys: unknown, cookie: unknown) => attributes.getUsers(uids, keys, cookie),
    SetUserAttrs: (uid: unknown, attrs: unknown, _options: unknown, cookie: unknown) =>
      attributes.set(String(uid), attrs, true, cookie, 'SetUserAttrsRslt'),
    AddOrUpdateUserAttrs: (uid: unknown, attrs: unknown, _options: unknown, cookie: unknown) =>
      attributes.set(String(uid), attrs, false, cookie, 'AddOrUpdateUserAttrsRslt'),
    DelUserAttrs: (uid: unknown, keys: unknown, _options: unknown, cookie: unknown) =>
      attributes.remove(String(uid), keys, cookie, 'DelUserAttrsRslt'),
    ClearUserAttrs: (uids: unknown, _options: unknown, cookie: unknown) =>
      attributes.clear(uids ?? '', cookie, 'ClearUserAttrsRslt'),
    ClearAllUserAttrs: (_options: unknown, cookie: unknown) => attributes.clear(null, cookie, 'ClearAllUserAttrsRslt'),

    GetAllMembers: () => members.all(),
    GetMemberInfo: (uid: unknown) => members.one(String(uid)),
    GetMemberNickName: (uid: unknown) => members.one(String(uid))?.nickname ?? '',
    IsUserInMeeting: (uid: unknown) => members.one(String(uid)) !== undefined,
    SetNickName: (uid: unknown, name: unknown) => members.rename(String(uid), String(name)),

    GetAudioMicNames: () => cameras.microphoneList(),
    GetAudioSpkNames: () => cameras.speakerList(),
    SetAudioCfg: (cfg: unknown) => {
      const { micID, speakerID } = settings.audio;
      settings.audio = merged(settings.audio, cfg);
      outgoing.setVolume(settings.audio.micVolume);
      if (settings.audio.micID !== micID) outgoing.renew('audio');
      if (settings.audio.speakerID !== speakerID) incoming.setSpeaker(settings.audio.speakerID);
    },
    GetAudioCfg: () => ({ ...settings.audio }),
    GetMicEnergy: (uid: unknown) => energy.of(String(uid)),
    OpenMic: (uid: unknown) => device('mic', uid, true),
    CloseMic: (uid: unknown) => device('mic', uid, false),
    GetAudioStatus: (uid: unknown) => members.audio(String(uid)),
    SetAllAudioClose: () => members.all().forEach(({ UID }) => device('mic', UID, false)),
    PauseSpeaker: () => incoming.setPaused(true),
    PlaySpeaker: () => incoming.setPaused(false),

    CreatVideoObj: (params: unknown) => new VideoObj(source, 'camera', params),
    GetVideoCfg: () => ({ ...settings.video, aspectRatio: 0 }),
    SetVideoCfg: (cfg: unknown) => {
      settings.video = merged(settings.video, cfg);
      outgoing.renew('video');
    },
    GetVideoStatus: (uid: unknown) => members.video(String(uid)),
    GetDefaultVideo: (uid: unknown) => (uid === session.uid ? cameras.default() : 1),
    SetDefaultVideo: (uid: unknown, id: unknown) => {
      if (uid === session.uid) cameras.choose(Number(id));
    },
    GetAllVideoInfo: (uid: unknown) =>
      uid === session.uid ? cameras.cameraList() : [{ UID: String(uid), videoID: 1, videoName: 'camera' }],
    GetOpenedVideoIDs: (uid: unknown) =>
      members.video(String(uid)) === 3 ? [uid === session.uid ? cameras.default() : 1] : [],
    OpenVideo: (uid: unknown) => device('camera', uid, true),
    CloseVideo: (uid: unknown) => device('camera', uid, false),
    SetEnableMutiVideo: (_uid: unknown, _on: unknown) => undefined,
    GetEnableMutiVideo: (_uid: unknown) => false,
    AddStreamCam: (stream: unknown, name: unknown) => addCamera(stream, name),
    RemoveStreamVideo: (id: unknown) => cameras.remove(Number(id)),
    AddCanvasVCam: (canvas: unknown, name: unknown) =>
      addCamera(canvas instanceof HTMLCanvasElement ? canvas.captureStream() : null, name),
    RemoveCanvasVCam: (id: unknown) => cameras.remove(Number(id)),

    CreatScreenShareObj: (params: unknown) => new ScreenShareObj(source, 'screen', params),
    SetScreenShareCfg: (cfg: unknown) => void (screen.cfg = merged(screen.cfg, cfg)),
    StartScreenShare: () => screen.start(),
    StopScreenShare: () => screen.stop(),

    CreatMediaObj: (params: unknown) => new MediaObj(source, 'camera', params),
    CreateBoardUIObj: () => new BoardUIObj(),

    CreateCloudMixer: (cfg: unknown) => mixers.create(cfg),
    UpdateCloudMixerContent: (id: unknown, cfg: unknown) => mixers.update(id, cfg),
    DestroyCloudMixer: (id: unknown) => mixers.destroy(id),
    GetAllCloudMixerInfo: () => mixers.all(),
    GetCloudMixerInfo: (id: unknown) => mixers.one(id),

    SendCmd: (uid: unknown, data: unknown, cookie: unknown) => messages.sendCommand(uid, data, cookie),
    SendBuffer: (uid: unknown, data: unknown, cookie: unknown) => messages.sendBuffer(uid, data, cookie),
    SendFile: (uid: unknown, file: unknown, cookie: unknown) => messages.sendFile(uid, file, cookie),
    CancelSend: (id: unknown) => messages.cancel(id),
    SendMeetingCustomMsg: (text: unknown, cookie: unknown) => messages.sendToRoom(text, cookie),
  } satisfies Partial<Record<CallName, Func>>;

  function addCamera(stream: unknown, name: unknown): number {
    const track = stream instanceof MediaStream ? stream.getVideoTracks()[0] : undefined;
    return track ? cameras.addTrack(track, String(name ?? '')) : -1;
  }

  const all = {} as Record<CallName, Func>;
  for (const name of Object.keys(CALLS) as CallName[]) {
    all[name] = CALLS[name].status === 'refused' ? refuse(name, notices) : (does as Record<string, Func>)[name] ?? missing(name);
  }
  return { notices, calls: all };
}

/** The table of names and what is done must not come apart. */
function missing(name: string): never {
  throw new Error(`CRVideo_${name} does nothing`);
}

