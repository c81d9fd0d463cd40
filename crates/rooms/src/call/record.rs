//! What stays of a call that has ended.

use serde::{Deserialize, Serialize};

use super::{Call, CallId, Kind, Member, MemberState, Reason, Status};
use crate::{AccountId, RoomId, Timestamp};

/// How it went for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was inside.
    Accepted,
    /// It refused.
    Rejected,
    /// It was in another call.
    Busy,
    /// It did not answer.
    TimedOut,
    /// Its invitation was taken back.
    Cancelled,
}

/// An account in a call record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordMember {
    /// Who.
    pub account: AccountId,
    /// How it went.
    pub outcome: Outcome,
    /// Who invited it; `None`: it is the caller.
    pub invited_by: Option<AccountId>,
    /// When it was invited, last.
    pub invited_at: Timestamp,
    /// When it came in first.
    pub joined_at: Option<Timestamp>,
    /// When it went out last.
    pub left_at: Option<Timestamp>,
    /// Its time in the call while somebody had answered, in whole seconds.
    pub seconds: u64,
}

/// A call that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Id.
    pub call: CallId,
    /// What it was for, at last.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether more than two could take part.
    pub group: bool,
    /// How it ended.
    pub status: Status,
    /// Who called.
    pub caller: AccountId,
    /// Who was called, in order of the first invitation.
    pub callees: Vec<AccountId>,
    /// Its room; `None`: nobody answered.
    pub room: Option<RoomId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// From the first answer to the end, in milliseconds.
    pub duration_ms: u64,
    /// Who ended it.
    pub ended_by: Option<AccountId>,
    /// Why.
    pub reason: Reason,
    /// Everybody, the caller first.
    pub members: Vec<RecordMember>,
}

impl Record {
    /// Of a call that ends now; all members have gone.
    pub(super) fn of(
        call: &Call,
        status: Status,
        ended_by: Option<AccountId>,
        reason: Reason,
        now: Timestamp,
    ) -> Self {
        let callees = call.members().filter(|member| member.account != *call.caller());
        Self {
            call: call.id().clone(),
            kind: call.kind(),
            group: call.is_group(),
            status,
            caller: call.caller().clone(),
            callees: callees.map(|member| member.account.clone()).collect(),
            room: call.is_active().then(|| call.room().clone()),
            started_at: call.started_at(),
            answered_at: call.answered_at(),
            ended_at: now,
            duration_ms: call.answered_at().map_or(0, |at| now.millis_since(at)),
            ended_by,
            reason,
            members: call.members().map(|member| of_member(member, now)).collect(),
        }
    }
}

fn of_member(member: &Member, now: Timestamp) -> RecordMember {
    RecordMember {
        account: member.account.clone(),
        outcome: match member.state {
            _ if member.joined_at.is_some() => Outcome::Accepted,
            MemberState::Rejected => Outcome::Rejected,
            MemberState::Busy => Outcome::Busy,
            MemberState::TimedOut => Outcome::TimedOut,
            _ => Outcome::Cancelled,
        },
        invited_by: member.invited_by.clone(),
        invited_at: member.invited_at,
        joined_at: member.joined_at,
        left_at: member.left_at,
        seconds: member.talked_ms(now) / 1000,
    }
}
