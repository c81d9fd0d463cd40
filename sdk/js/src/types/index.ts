/** The public types. Data of the gateway has the API's own names and shapes (docs/openapi.json). */
export type {
  Call,
  CallEnd,
  CallEvents,
  CallMember,
  CallMemberState,
  CallMessage,
  Calls,
  CallsEvents,
  CallState,
  CallStatus,
  CallType,
  CallView,
  EndedCall,
  InviteOptions,
} from './calls';
export type { ClientEvents, ClientOptions, ConnectionState, TokenProvider } from './client';
export type { CaptureOptions, Device, Devices } from './devices';
export type { Events, Listener } from './emitter';
export { LianmaiError } from './errors';
export type { ErrorCode, ErrorDetails, LocalCode } from './errors';
export type {
  Actor,
  LeaveReason,
  LeftReason,
  Level,
  Recipient,
  RequestOutcome,
  RoomChanges,
  RoomEndReason,
  RoomEvent,
  RoomEvents,
  RoomLifecycle,
  RoomSignals,
  StreamEndReason,
} from './events';
export type {
  Layer,
  MediaState,
  Publication,
  PublicationEvents,
  PublishOptions,
  Quality,
  ReceiveAudioStats,
  ReceiveStats,
  ReceiveVideoStats,
  SendAudioStats,
  SendStats,
  SendVideoStats,
  SubscribeOptions,
  Subscription,
  SubscriptionEvents,
  VideoProfile,
} from './media';
export type { HttpRequest, HttpResponse, Platform, Socket, SocketHandlers, Timer, Wake, WebMedia } from './platform';
export type { JoinOptions, MuteKind, Room, RoomMix, RoomPushes, RoomRecordings } from './room';
export type { CommandName, Commands } from '../wire/commands';
export type * as api from '../wire/openapi';
export type { CreateRoom, Member, Role, RoomKind, Stream, StreamKind, Transport } from '../wire/openapi';
