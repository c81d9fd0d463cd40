//! What happened in calls, and whom to tell.

use serde::Serialize;

use super::{Data, Kind, Reason, Record, Standing, Status};
use crate::{AccountId, Device, SessionId, Timestamp};

/// Whom an event is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addressee {
    /// All devices of an account, but perhaps one.
    Account {
        /// Whose.
        account: AccountId,
        /// Not this one.
        except: Option<SessionId>,
    },
    /// One device.
    Session {
        /// Whose.
        account: AccountId,
        /// Which.
        session: SessionId,
    },
}

impl Addressee {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        match self {
            Self::Account { account, .. } | Self::Session { account, .. } => account,
        }
    }

    /// Whether this session of the account is meant.
    #[must_use]
    pub fn means(&self, session: &SessionId) -> bool {
        match self {
            Self::Account { except, .. } => except.as_ref() != Some(session),
            Self::Session { session: only, .. } => only == session,
        }
    }
}

/// How somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// On its own.
    Normal,
    /// Its session was gone for longer than the grace.
    Disconnected,
    /// Removed from the room, or its session was ended by another.
    Kicked,
}

/// Something that happened in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Number inside the call: 1, 2, 3 …
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
    /// Whom to tell.
    #[serde(skip)]
    pub to: Vec<Addressee>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
pub enum EventKind {
    /// To the one who is called.
    #[serde(rename = "call_invited")]
    Invited {
        /// What for.
        #[serde(rename = "type")]
        kind: Kind,
        /// Whether more than two may take part.
        group: bool,
        /// Who calls.
        caller: AccountId,
        /// Who invites.
        invited_by: AccountId,
        /// Everybody.
        members: Vec<Standing>,
        /// What comes with it.
        attachment: Option<Data>,
        /// When the call began.
        started_at: Timestamp,
        /// When it stops ringing.
        expires_at: Timestamp,
        /// Told before, to this or another session.
        again: bool,
    },
    /// More were invited.
    #[serde(rename = "call_members_added")]
    MembersAdded {
        /// Who did it.
        by: AccountId,
        /// Everybody now.
        members: Vec<Standing>,
    },
    /// One who was offline rings now.
    #[serde(rename = "call_ringing")]
    Ringing {
        /// Who.
        account: AccountId,
    },
    /// Somebody answered.
    #[serde(rename = "call_accepted")]
    Accepted {
        /// Who.
        account: AccountId,
        /// What it said.
        ext: Option<Data>,
        /// What the call is for.
        #[serde(rename = "type")]
        kind: Kind,
        /// Everybody now.
        members: Vec<Standing>,
    },
    /// Somebody refused.
    #[serde(rename = "call_rejected")]
    Rejected {
        /// Who.
        account: AccountId,
        /// Why.
        reason: Reason,
        /// What it said.
        ext: Option<Data>,
    },
    /// Somebody is in another call.
    #[serde(rename = "call_busy")]
    Busy {
        /// Who.
        account: AccountId,
        /// Said by the gateway.
        automatic: bool,
        /// Why.
        reason: Reason,
        /// What it said.
        ext: Option<Data>,
    },
    /// Somebody did not answer.
    #[serde(rename = "call_timed_out")]
    TimedOut {
        /// Who.
        account: AccountId,
    },
    /// An invitation was taken back.
    #[serde(rename = "call_cancelled")]
    Cancelled {
        /// Whose.
        account: AccountId,
        /// By whom; `None`: by the gateway, because nobody is left.
        by: Option<AccountId>,
        /// Why.
        reason: Reason,
    },
    /// Somebody went.
    #[serde(rename = "call_left")]
    Left {
        /// Who.
        account: AccountId,
        /// How.
        reason: LeaveReason,
    },
    /// Another device of the account answered.
    #[serde(rename = "call_accepted_elsewhere")]
    AcceptedElsewhere {
        /// What that runs on.
        device: Device,
    },
    /// Another device of the account refused.
    #[serde(rename = "call_rejected_elsewhere")]
    RejectedElsewhere {
        /// What that runs on.
        device: Device,
        /// Said busy.
        busy: bool,
    },
    /// Another device of the account has the call now.
    #[serde(rename = "call_taken_over")]
    TakenOver {
        /// What that runs on.
        device: Device,
    },
    /// The other one wants another type.
    #[serde(rename = "call_type_requested")]
    KindRequested {
        /// Who.
        by: AccountId,
        /// Which.
        #[serde(rename = "type")]
        kind: Kind,
    },
    /// The other one does not.
    #[serde(rename = "call_type_declined")]
    KindDeclined {
        /// Who.
        by: AccountId,
        /// Which.
        #[serde(rename = "type")]
        kind: Kind,
    },
    /// The call has another type.
    #[serde(rename = "call_type_changed")]
    KindChanged {
        /// Who wanted it.
        by: AccountId,
        /// Which.
        #[serde(rename = "type")]
        kind: Kind,
    },
    /// A message.
    #[serde(rename = "call_control")]
    Control {
        /// From whom.
        from: AccountId,
        /// To whom; `None`: all.
        to: Option<AccountId>,
        /// What.
        data: Data,
    },
    /// The call is over: always its last event.
    #[serde(rename = "call_ended")]
    Ended {
        /// How.
        status: Status,
        /// By whom.
        by: Option<AccountId>,
        /// Why.
        reason: Reason,
        /// What stays of it.
        record: Box<Record>,
    },
}
