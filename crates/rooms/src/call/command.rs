//! What can be asked of calls. Who asks is proven by the caller of this crate.

use super::{CallId, Data, Kind, Reason};
use crate::{AccountId, Delay, Device, RoomId, SessionId};

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// Account.
    pub account: AccountId,
    /// Whether a device of it is connected.
    pub online: bool,
}

/// A new call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its id, chosen by the caller of this crate.
    pub call: CallId,
    /// The room it will open.
    pub room: RoomId,
    /// Who calls.
    pub account: AccountId,
    /// On which session.
    pub session: SessionId,
    /// What that runs on.
    pub device: Device,
    /// What it is for.
    pub kind: Kind,
    /// Whether more than two may take part.
    pub group: bool,
    /// Whom to call.
    pub callees: Vec<Invitee>,
    /// How long it rings.
    pub ring: Delay,
    /// What comes with the invitation.
    pub attachment: Option<Data>,
}

/// A request, or something that happened to sessions, rooms or the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Begins a call.
    Start(Box<Start>),
    /// Invites more accounts to a group call.
    Invite {
        /// Call.
        call: CallId,
        /// Who invites.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// Whom.
        callees: Vec<Invitee>,
        /// How long it rings.
        ring: Delay,
        /// What comes with it; `None`: what the call began with.
        attachment: Option<Data>,
    },
    /// Takes invitations back.
    Cancel {
        /// Call.
        call: CallId,
        /// Who does it.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// Whose; `None`: of all whom it may.
        callees: Option<Vec<AccountId>>,
        /// Why.
        reason: Reason,
    },
    /// Answers.
    Accept {
        /// Call.
        call: CallId,
        /// Who answers.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// What that runs on.
        device: Device,
        /// Told to the others.
        ext: Option<Data>,
    },
    /// Refuses.
    Reject {
        /// Call.
        call: CallId,
        /// Who refuses.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// What that runs on.
        device: Device,
        /// Says that it is in another call.
        busy: bool,
        /// Why.
        reason: Reason,
        /// Told to the others.
        ext: Option<Data>,
    },
    /// Ends the call for all.
    HangUp {
        /// Call.
        call: CallId,
        /// Who does it.
        account: AccountId,
        /// Why.
        reason: Reason,
    },
    /// Goes; the others go on.
    Leave {
        /// Call.
        call: CallId,
        /// Who goes.
        account: AccountId,
        /// On which session it was said.
        session: Option<SessionId>,
        /// Removed by somebody.
        kicked: bool,
    },
    /// Sets how long it rings, counted from the invitation.
    SetRing {
        /// Call.
        call: CallId,
        /// Who sets it.
        account: AccountId,
        /// How long.
        ring: Delay,
    },
    /// Makes an audio call a video call or the other way round, or asks for it.
    SwitchKind {
        /// Call.
        call: CallId,
        /// Who does it.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// To what.
        kind: Kind,
        /// The other one is asked first.
        ask: bool,
    },
    /// Answers such a question.
    AnswerKind {
        /// Call.
        call: CallId,
        /// Who answers.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// What was asked for, so that a late answer hits no other question.
        kind: Kind,
        /// Yes or no.
        accept: bool,
    },
    /// Passes a message on.
    Control {
        /// Call.
        call: CallId,
        /// Who sends it.
        account: AccountId,
        /// On which session.
        session: SessionId,
        /// To whom; `None`: all others inside.
        to: Option<AccountId>,
        /// What.
        data: Data,
    },
    /// Takes the call to another session of the account.
    TakeOver {
        /// Call.
        call: CallId,
        /// Who does it.
        account: AccountId,
        /// To which session.
        session: SessionId,
        /// What that runs on.
        device: Device,
    },
    /// A session began or is connected again.
    SessionBack {
        /// Whose.
        account: AccountId,
        /// Which.
        session: SessionId,
    },
    /// A session lost its connection.
    SessionGone {
        /// Whose.
        account: AccountId,
        /// Which.
        session: SessionId,
    },
    /// A session is over.
    SessionEnded {
        /// Whose.
        account: AccountId,
        /// Which.
        session: SessionId,
        /// Ended by another session of the account.
        kicked: bool,
    },
    /// The room of a call has ended.
    RoomEnded {
        /// Which.
        room: RoomId,
    },
}
