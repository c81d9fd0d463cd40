/** Every documented call of the vendor's script, without the prefix `CRVideo_`. */

/** `works`: as documented, with what the migration page says; `refused`: exists, does nothing, and says so with 8004. */
export type Status = 'works' | 'refused';
/** What comes back at once. */
export type Answer = 'nothing' | 'value' | 'promise';

export interface Call {
  group: string;
  status: Status;
  returns: Answer;
  /** Names of the parameters. */
  takes: string[];
  /** Notices that answer it. */
  answeredBy: string[];
}

const call = (group: string, status: Status, returns: Answer, takes = '', answeredBy = ''): Call => ({
  group,
  status,
  returns,
  takes: words(takes),
  answeredBy: words(answeredBy),
});

function words(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

export const CALLS = {
  GetSDKVersion: call('basic', 'works', 'value'),
  WriteLog: call('basic', 'works', 'nothing', 'strLog'),
  SetSDKParams: call('basic', 'works', 'nothing', 'SDKParams'),
  Init: call('init', 'works', 'promise', 'SDKParams'),
  Uninit: call('init', 'works', 'nothing'),
  SetServerAddr: call('login', 'works', 'nothing', 'ServerAddr'),
  Login: call('login', 'works', 'nothing', 'appID appSecret nickname UID userAuthCode cookie', 'LoginSuccess LoginFail'),
  LoginByToken: call('login', 'works', 'nothing', 'Token nickname UID userAuthCode cookie', 'LoginSuccess LoginFail'),
  UpdateToken: call('login', 'works', 'nothing', 'Token'),
  Logout: call('login', 'works', 'nothing'),
  InitQueueDat: call('queue', 'refused', 'nothing', 'cookie', 'InitQueueDatRslt'),
  GetAllQueueInfo: call('queue', 'refused', 'value'),
  RefreshAllQueueStatus: call('queue', 'refused', 'nothing', 'nolog'),
  GetQueueStatus: call('queue', 'refused', 'nothing', 'queID cookie', 'GetQueueStatusRslt'),
  GetQueuingInfo: call('queue', 'refused', 'value'),
  GetServingQueues: call('queue', 'refused', 'value'),
  GetSessionInfo: call('queue', 'refused', 'value'),
  StartQueuing: call('queue', 'refused', 'nothing', 'queID usrExtDat cookie', 'StartQueuingRslt'),
  StopQueuing: call('queue', 'refused', 'nothing', 'cookie', 'StopQueuingRslt'),
  StartService: call('queue', 'refused', 'nothing', 'queID priority cookie', 'StartServiceRslt'),
  StopService: call('queue', 'refused', 'nothing', 'queID cookie', 'StopServiceRslt'),
  ReqAssignUser: call('queue', 'refused', 'nothing', 'cookie', 'ReqAssignUserRslt'),
  AcceptAssignUser: call('queue', 'refused', 'nothing', 'queID UID cookie', 'ResponseAssignUserRslt'),
  RejectAssignUser: call('queue', 'refused', 'nothing', 'queID UID cookie', 'ResponseAssignUserRslt'),
  Call: call('call', 'works', 'nothing', 'calledUID MeetInfoObj userExtDat cookie', 'CallSuccess CallFail'),
  AcceptCall: call('call', 'works', 'nothing', 'callID MeetInfoObj userExtDat cookie', 'AcceptCallSuccess AcceptCallFail'),
  RejectCall: call('call', 'works', 'nothing', 'callID userExtDat cookie', 'RejectCallSuccess RejectCallFail'),
  HangupCall: call('call', 'works', 'nothing', 'callID userExtDat cookie', 'HangupCallSuccess HangupCallFail'),
  SetDNDStatus: call('call', 'works', 'nothing', 'DNDStatus cookie', 'SetDNDStatusSuccess SetDNDStatusFail'),
  GetUserStatus: call('call', 'works', 'nothing', 'cookie', 'GetUserStatusSuccess GetUserStatusFail'),
  GetOneUserStatus: call('call', 'works', 'nothing', 'UID cookie', 'GetUserStatusSuccess GetUserStatusFail'),
  StartUserStatusNotify: call('call', 'works', 'nothing', 'cookie', 'StartUserStatusNotifyRslt'),
  StopUserStatusNotify: call('call', 'works', 'nothing', 'cookie', 'StopUserStatusNotifyRslt'),
  Invite: call('invite', 'works', 'value', 'invitedUserID userExtDat cookie', 'InviteSuccess InviteFail'),
  AcceptInvite: call('invite', 'works', 'nothing', 'inviteID userExtDat cookie', 'AcceptInviteSuccess AcceptInviteFail'),
  RejectInvite: call('invite', 'works', 'nothing', 'inviteID userExtDat cookie', 'RejectInviteSuccess RejectInviteFail AcceptInviteFail'),
  CancelInvite: call('invite', 'works', 'nothing', 'inviteID userExtDat cookie', 'CancelInviteSuccess CancelInviteFail AcceptInviteFail'),
  CreateMeeting2: call('room', 'works', 'nothing', 'cookie', 'CreateMeetingSuccess CreateMeetingFail'),
  DestroyMeeting: call('room', 'works', 'nothing', 'meetID cookie', 'DestroyMeetingRslt'),
  EnterMeeting3: call('room_in_out', 'works', 'nothing', 'meetID cookie', 'EnterMeetingRslt'),
  ExitMeeting: call('room_in_out', 'works', 'nothing'),
  Kickout: call('room_in_out', 'works', 'promise', 'UID'),
  GetMainVideo: call('room_basic_msg', 'works', 'value'),
  SetMainVideo: call('room_basic_msg', 'works', 'nothing', 'UID'),
  SetMainVideoMode: call('room_basic_msg', 'works', 'nothing', 'mode UID'),
  GetMainVideoMode: call('room_basic_msg', 'works', 'value'),
  SwitchToPage: call('room_basic_msg', 'works', 'promise', 'mainPage subPage'),
  GetCurrentMainPage: call('room_basic_msg', 'works', 'value'),
  GetCurrentSubPage: call('room_basic_msg', 'works', 'value'),
  GetMeetingAttrs: call('room_attr', 'works', 'nothing', 'keys cookie', 'GetMeetingAttrsSuccess GetMeetingAttrsFail'),
  GetMeetingAllAttrs: call('room_attr', 'works', 'nothing', 'cookie', 'GetMeetingAllAttrsSuccess GetMeetingAllAttrsFail'),
  SetMeetingAttrs: call('room_attr', 'works', 'nothing', 'attrs options cookie', 'SetMeetingAttrsRslt'),
  AddOrUpdateMeetingAttrs: call('room_attr', 'works', 'nothing', 'attrs options cookie', 'AddOrUpdateMeetingAttrsRslt'),
  DelMeetingAttrs: call('room_attr', 'works', 'nothing', 'keys options cookie', 'DelMeetingAttrsRslt'),
  ClearMeetingAttrs: call('room_attr', 'works', 'nothing', 'options cookie', 'ClearMeetingAttrsRslt'),
  GetUserAttrs: call('room_attr', 'works', 'nothing', 'uids keys cookie', 'GetUserAttrsSuccess GetUserAttrsFail'),
  SetUserAttrs: call('room_attr', 'works', 'nothing', 'UID attrs options cookie', 'SetUserAttrsRslt'),
  AddOrUpdateUserAttrs: call('room_attr', 'works', 'nothing', 'UID attrs options cookie', 'AddOrUpdateUserAttrsRslt'),
  DelUserAttrs: call('room_attr', 'works', 'nothing', 'UID keys options cookie', 'DelUserAttrsRslt'),
  ClearUserAttrs: call('room_attr', 'works', 'nothing', 'uids options cookie', 'ClearUserAttrsRslt'),
  ClearAllUserAttrs: call('room_attr', 'works', 'nothing', 'options cookie', 'ClearAllUserAttrsRslt'),
  GetAllMembers: call('room_members', 'works', 'value'),
  GetMemberInfo: call('room_members', 'works', 'value', 'UID'),
  GetMemberNickName: call('room_members', 'works', 'value', 'UID'),
  IsUserInMeeting: call('room_members', 'works', 'value', 'UID'),
  SetNickName: call('room_members', 'works', 'promise', 'UID newName'),
  GetAudioMicNames: call('audio_set', 'works', 'value'),
  GetAudioSpkNames: call('audio_set', 'works', 'value'),
  SetAudioCfg: call('audio_set', 'works', 'nothing', 'AudioCfg'),
  GetAudioCfg: call('audio_set', 'works', 'value'),
  GetMicEnergy: call('audio_set', 'works', 'value', 'UID'),
  OpenMic: call('audio_set', 'works', 'nothing', 'UID'),
  CloseMic: call('audio_set', 'works', 'nothing', 'UID'),
  GetAudioStatus: call('audio_set', 'works', 'value', 'UID'),
  SetAllAudioClose: call('audio_set', 'works', 'nothing'),
  PauseSpeaker: call('audio_set', 'works', 'nothing'),
  PlaySpeaker: call('audio_set', 'works', 'nothing'),
  StartGetAudioPCM: call('audio_set', 'refused', 'value', 'aSide getType jsonParam', 'NotifyAudioPCMDat'),
  StopGetAudioPCM: call('audio_set', 'refused', 'nothing', 'aSide'),
  CreatVideoObj: call('video_set', 'works', 'value', 'CreateUIParams'),
  GetVideoCfg: call('video_set', 'works', 'value'),
  SetVideoCfg: call('video_set', 'works', 'nothing', 'VideoCfg'),
  GetVideoStatus: call('video_set', 'works', 'value', 'UID'),
  GetDefaultVideo: call('video_set', 'works', 'value', 'UID'),
  SetDefaultVideo: call('video_set', 'works', 'nothing', 'UID videoID'),
  GetAllVideoInfo: call('video_set', 'works', 'value', 'UID'),
  GetOpenedVideoIDs: call('video_set', 'works', 'value', 'UID'),
  OpenVideo: call('video_set', 'works', 'nothing', 'UID'),
  CloseVideo: call('video_set', 'works', 'nothing', 'UID'),
  SetEnableMutiVideo: call('video_set', 'works', 'nothing', 'UID bool'),
  GetEnableMutiVideo: call('video_set', 'works', 'value', 'UID bool'),
  AddStreamCam: call('video_set', 'works', 'value', 'videoStream videoName'),
  RemoveStreamVideo: call('video_set', 'works', 'nothing', 'videoID'),
  AddCanvasVCam: call('video_set', 'works', 'value', 'canvas videoName options'),
  RemoveCanvasVCam: call('video_set', 'works', 'nothing', 'videoID'),
  SetVirtualBackground: call('video_set', 'refused', 'promise', 'jsonCfg'),
  CreatScreenShareObj: call('screenShare', 'works', 'value', 'CreatParams'),
  SetScreenShareCfg: call('screenShare', 'works', 'nothing', 'ScreenCfgObj'),
  StartScreenShare: call('screenShare', 'works', 'nothing', '', 'StartScreenShareRslt'),
  StopScreenShare: call('screenShare', 'works', 'nothing', '', 'StopScreenShareRslt'),
  StartScreenMark: call('screenShare', 'refused', 'nothing', '', 'StartScreenMarkRslt'),
  StopScreenMark: call('screenShare', 'refused', 'nothing', '', 'StopScreenMarkRslt'),
  CreatMediaObj: call('mediaShare', 'works', 'value', 'CreatParams'),
  StartPlayMedia: call('mediaShare', 'refused', 'value', 'mediaObj file locPlay bPauseWhenFinished'),
  PausePlayMedia: call('mediaShare', 'refused', 'nothing', 'bPause'),
  StopPlayMedia: call('mediaShare', 'refused', 'nothing'),
  SetMediaplaypos: call('mediaShare', 'refused', 'nothing', 'setPTS'),
  SetMediaVolume: call('mediaShare', 'refused', 'nothing', 'level'),
  Getmediainfo: call('mediaShare', 'refused', 'value', 'UID'),
  Getmediaimg: call('mediaShare', 'refused', 'value', 'UID format'),
  Creatboard: call('board', 'refused', 'promise', 'title width height pageCount'),
  Closeboard: call('board', 'refused', 'promise', 'boardID'),
  SetBoardCurPageNo: call('board', 'refused', 'promise', 'boardID pageNo'),
  CreateBoardUIObj: call('board', 'works', 'value', 'jsonParams'),
  CreateCloudMixer: call('svrRecorder', 'works', 'value', 'cfg'),
  UpdateCloudMixerContent: call('svrRecorder', 'works', 'promise', 'mixerID cfg'),
  DestroyCloudMixer: call('svrRecorder', 'works', 'promise', 'mixerID'),
  GetAllCloudMixerInfo: call('svrRecorder', 'works', 'value'),
  GetCloudMixerInfo: call('svrRecorder', 'works', 'value', 'mixerID'),
  SendCmd: call('cmd', 'works', 'value', 'UID data cookie', 'SendCmdRslt'),
  SendBuffer: call('cmd', 'works', 'value', 'UID data cookie', 'SendBufferRslt'),
  SendFile: call('cmd', 'works', 'value', 'UID File cookie', 'SendFileRslt'),
  CancelSend: call('cmd', 'works', 'nothing', 'taskID'),
  SendMeetingCustomMsg: call('msg', 'works', 'nothing', 'stringMsg cookie', 'SendMeetingCustomMsgRslt'),
} satisfies Record<string, Call>;

export type CallName = keyof typeof CALLS;

/** Spelled so in older scripts and in guides; each does what the documented call of its second name does. */
export const OLDER_CALLS = {
  CreateMeeting: 'CreateMeeting2',
  EnterMeeting: 'EnterMeeting3',
  EnterMeeting2: 'EnterMeeting3',
} satisfies Record<string, CallName>;

/** Never documented; shipped scripts have them, or notices that would answer them. They do nothing. */
export const UNDOCUMENTED_CALLS = ['UploadLog', 'StopMeeting', 'GetQueueUsers'];
