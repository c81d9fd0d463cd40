//! The JSON of the native API. Requests refuse unknown fields; answers show no secret but the ones asked for.
//!
//! Points in time are integers: milliseconds since the Unix epoch, in fields ending in `_at`. Spans are integers in
//! milliseconds, in fields ending in `_ms`. Texts are bounded; the bounds are in the OpenAPI document.

mod account;
mod app;
mod call;
pub mod layout;
mod member;
mod mix;
mod push;
mod recording;
mod room;
pub mod schema;
mod settings;
mod stream;
mod webrtc;

pub(crate) use account::{AskPresence, Delivered, MessageAccount, Presence};
pub use app::{
    CallMember, CallRecord, CallRecordList, CallRecordQuery, EventList, EventQuery, SetWebhooks,
    WebhookTarget, Webhooks,
};
pub(crate) use call::{
    AcceptCall, AnswerCallType, Asked, CancelCall, ControlCall, HangUpCall, InviteToCall, PresentCall,
    RejectCall, SetCallTimeout, StartCall, SwitchCallType,
};
pub use call::{EndedCall, EndedCallList, EndedCallMember, EndedCallQuery, Policy};
pub use member::{
    AnswerRequest, Join, Joined, Leave, Member, MemberList, MemberMute, MemberUpdate, RoleRequest, SetRole,
};
pub use mix::{
    MainPicture, Mix, MixGain, MixPicture, MixPictureList, MixPullUrl, MixRequest, MixSound, NimLayout,
};
pub use push::{AddPush, MixPush, Push, PushList, PushState};
pub use recording::{
    Recording, RecordingChoice, RecordingFile, RecordingList, RecordingMember, RecordingPart, RecordingQuery,
    StartRecording,
};
pub use room::{
    CreateRoom, IssueTicket, Message, MuteFlags, RequestView, Room, RoomList, RoomQuery, RoomSummary,
    Sequence, SetAttribute, Ticket,
};
pub use settings::{Limits, LimitsUpdate, Permissions, Settings, SettingsUpdate, Timing};
pub use stream::{
    AudioStats, Nothing, Publish, Published, PullUrl, PullUrls, PushUrl, Reissued, Stream, StreamList,
    StreamStats, StreamUpdate, VideoStats,
};
pub(crate) use webrtc::{
    ChooseLayer, IceServer, IceServers, Layer, NegotiatedPeer, Peer, PublishLine, PublishOffer,
    SubscribeLine, SubscribeOffer, Trickle, Trickled,
};
