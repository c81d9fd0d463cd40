//! Rooms, members, roles and streams as a pure state machine.
//!
//! No I/O, no clock, no randomness: commands, identifiers and the present time come in; events, rejections and
//! the next deadline go out. [`Room::apply`] is the only way a room changes.
//!
//! - [`Room`], [`Rooms`]: one room, and all rooms of a gateway with their name index.
//! - [`Command`], [`Event`], [`Rejection`]: what can be asked, what happened, why not.
//! - [`layout`]: how the streams of a room become one picture and one sound; [`Push`]: where else they go.
//! - [`call`]: ringing, answers and what stays of a call, which opens a room for its media.
//! - [`RoomSnapshot`] persists a room with its verifier; [`RoomView`] shows it without secrets.
//! - [`StreamToken`], [`Ticket`], [`Secret`]: signed push and pull rights, signed rights to join.

mod attributes;
mod bypass;
pub mod call;
mod command;
mod credential;
mod event;
mod ids;
pub mod layout;
mod limits;
mod member;
mod mute;
mod password;
mod push;
mod rejection;
mod request;
mod role;
mod room;
mod rooms;
mod secret;
mod settings;
mod snapshot;
mod state;
mod stream;
mod text;
mod ticket;
mod time;
mod token;
mod view;

pub use attributes::{AttributeKey, AttributeValue, Attributes, MAX_ATTRIBUTES, MAX_ATTRIBUTES_BYTES};
pub use bypass::BypassPart;
pub use command::{Actor, Command, Join, Publish, Recipient, SettingsChange};
pub use credential::Credential;
pub use event::{EndReason, Event, EventKind, LeaveReason, Recipients, StreamEndReason};
pub use ids::{AccountId, AppId, MemberId, PushId, RoomId, SessionId, StreamId, TicketId};
pub use limits::{Limits, LimitsError};
pub use member::{MAX_SESSIONS, Member, Session};
pub use mute::{MemberMute, MuteFlags, MuteKind};
pub use password::{PasswordCheck, PasswordHash};
pub use push::{MAX_PUSHES, NewPush, Push, PushEndReason, PushUrl, PushUrlError, PushView};
pub use rejection::{Rejection, RejectionKind};
pub use request::{Request, RequestOutcome};
pub use role::Role;
pub use room::{NewRoom, Room};
pub use rooms::{RoomEvents, Rooms};
pub use secret::{Secret, SecretError};
pub use settings::{Lifetime, Permissions, RoomKind, Settings, Timing};
pub use snapshot::{RestoreError, RoomSnapshot, SNAPSHOT_VERSION};
pub use stream::{Air, RetiredUrl, Stream, StreamKind, Transport, UrlVersions};
pub use text::{ClientRef, CustomInfo, Device, Ext, Nick, Payload, RoomName, TextError};
pub use ticket::{MAX_TICKET_LEN, Ticket, TicketClaims, TicketError, VerifiedTicket};
pub use time::{Delay, DelayError, Timestamp};
pub use token::{MAX_TOKEN_LEN, StreamAction, StreamClaims, StreamToken, TokenError};
pub use view::{MemberView, RoomView, SettingsView, StreamView};
