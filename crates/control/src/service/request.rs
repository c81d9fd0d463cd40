//! What the service is asked for, where a room's own [`Command`](lianmai_rooms::Command) does not suffice.

use std::time::Duration;

use lianmai_rooms::{
    AccountId, BypassPart, ClientRef, Device, Ext, MemberId, Nick, Role, RoomId, SessionId, Settings,
    StreamKind, Timestamp, Transport,
};

use crate::service::Password;

/// A room to make.
#[derive(Debug, Clone)]
pub struct CreateRoom {
    /// Id chosen by the app; `None`: generated.
    pub id: Option<RoomId>,
    /// Settings; their `password` is ignored in favour of the field below.
    pub settings: Settings,
    /// Password; hashed before it is stored.
    pub password: Option<Password>,
    /// Who becomes admin on joining.
    pub creator: Option<AccountId>,
}

/// What entitles to enter, as the client showed it.
#[derive(Debug, Clone)]
pub enum JoinCredential {
    /// Nothing.
    None,
    /// A password.
    Password(Password),
    /// The text of a ticket.
    Ticket(String),
    /// The connection's signed token names this room and role; the caller has verified it.
    Token {
        /// Highest role the token allows.
        role: Role,
    },
    /// The app's own server asks.
    App,
}

/// Somebody enters a room.
#[derive(Debug, Clone)]
pub struct JoinRequest {
    /// Who, proven by the caller.
    pub account: AccountId,
    /// Role asked for; `None`: the room's default.
    pub role: Option<Role>,
    /// What entitles.
    pub credential: JoinCredential,
    /// Display name.
    pub nick: Nick,
    /// Free text.
    pub ext: Ext,
    /// A session opened with [`Service::open_session`](crate::service::Service::open_session), if there is one.
    pub session: Option<SessionId>,
    /// What it runs on; for a session, its own device counts.
    pub device: Device,
    /// What it is in the bypass; `None`: it does not mind.
    pub bypass: Option<BypassPart>,
}

/// A member publishes a camera or screen.
#[derive(Debug, Clone)]
pub struct PublishRequest {
    /// Who.
    pub member: MemberId,
    /// Camera or screen.
    pub kind: StreamKind,
    /// How the media will come.
    pub via: Transport,
    /// Video is switched off.
    pub voff: bool,
    /// Audio is switched off.
    pub aoff: bool,
    /// The client's own name for it.
    pub client_ref: Option<ClientRef>,
    /// Free text.
    pub ext: Ext,
}

/// A ticket to sign.
#[derive(Debug, Clone)]
pub struct TicketRequest {
    /// Who may use it; `None`: whoever holds it.
    pub account: Option<AccountId>,
    /// Highest role it entitles to.
    pub role: Role,
    /// How long it is valid; `None`: the configured default. Cut to the configured maximum.
    pub ttl: Option<Duration>,
}

/// Which call records to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct CallRecordFilter {
    /// Only of this room.
    pub room: Option<RoomId>,
    /// Only those in which this account was a member.
    pub account: Option<AccountId>,
    /// Only rooms that ended at this time or later.
    pub from: Option<Timestamp>,
    /// Only rooms that ended before this time.
    pub until: Option<Timestamp>,
    /// Goes on after this position, which is [`CallRecord::position`](crate::store::CallRecord::position) of the
    /// last record of the page before.
    pub after: Option<i64>,
    /// Most records to return; cut to 500.
    pub limit: usize,
}
