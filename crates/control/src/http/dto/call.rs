//! Calls: what sessions ask, and what stays of them.

use lianmai_rooms::call::{CallId, Kind, Outcome, Reason, Status};
use lianmai_rooms::{AccountId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::calls;

/// Begin a call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartCall {
    pub(crate) callees: Vec<AccountId>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) group: bool,
    #[serde(default)]
    pub(crate) timeout_ms: Option<u64>,
    #[serde(default)]
    pub(crate) attachment: Option<Value>,
}

/// Invite more.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteToCall {
    pub(crate) callees: Vec<AccountId>,
    #[serde(default)]
    pub(crate) timeout_ms: Option<u64>,
    #[serde(default)]
    pub(crate) attachment: Option<Value>,
}

/// Take invitations back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CancelCall {
    pub(crate) callees: Option<Vec<AccountId>>,
    pub(crate) reason: Reason,
}

/// Answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AcceptCall {
    pub(crate) ext: Option<Value>,
}

/// Refuse.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RejectCall {
    pub(crate) busy: bool,
    pub(crate) reason: Reason,
    pub(crate) ext: Option<Value>,
}

/// End it for all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HangUpCall {
    pub(crate) reason: Reason,
}

/// How long it rings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetCallTimeout {
    pub(crate) timeout_ms: u64,
}

/// Another type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchCallType {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) ask: Option<bool>,
}

/// Whether another type was only asked for.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Asked {
    pub(crate) asked: bool,
}

/// Answer to another type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerCallType {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) accept: bool,
}

/// A message inside a call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlCall {
    #[serde(default)]
    pub(crate) to: Option<AccountId>,
    pub(crate) data: Value,
}

/// The account's call.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PresentCall {
    pub(crate) call: Option<calls::CallView>,
}

/// Which calls that have ended to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndedCallQuery {
    /// Only those with this account.
    #[param(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// Only those that ended so: `completed`, `cancelled`, `rejected`, `timed_out` or `busy`.
    #[param(value_type = Option<String>)]
    pub status: Option<Status>,
    /// Only those that ended at this time or later, in milliseconds since the Unix epoch.
    pub from: Option<u64>,
    /// Only those that ended before this time.
    pub until: Option<u64>,
    /// Go on after this `position`, that of the last record of the page before.
    pub after: Option<i64>,
    /// Most records to return: 1 to 500, left out 50.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// A call that has ended, answered or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndedCall {
    /// Its id.
    #[schema(value_type = String, example = "cq4k7t2x")]
    pub call: CallId,
    /// Place in the list, for paging.
    pub position: i64,
    /// What it was for, at last: `audio`, `video` or `other`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "video")]
    pub kind: Kind,
    /// Whether more than two could take part.
    pub group: bool,
    /// How it ended: `completed`, `cancelled`, `rejected`, `timed_out` or `busy`.
    #[schema(value_type = String, example = "completed")]
    pub status: Status,
    /// Who called.
    #[schema(value_type = String, example = "ann")]
    pub caller: AccountId,
    /// Who was called.
    #[schema(value_type = Vec<String>)]
    pub callees: Vec<AccountId>,
    /// Its room; `null`: nobody answered.
    #[schema(value_type = Option<String>)]
    pub room: Option<RoomId>,
    /// When it began, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub started_at: Timestamp,
    /// When somebody answered.
    #[schema(value_type = Option<u64>)]
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = u64)]
    pub ended_at: Timestamp,
    /// From the first answer to the end, in milliseconds.
    pub duration_ms: u64,
    /// Who ended it.
    #[schema(value_type = Option<String>)]
    pub ended_by: Option<AccountId>,
    /// Why, as a client said it.
    #[schema(value_type = String)]
    pub reason: Reason,
    /// Everybody, the caller first.
    pub members: Vec<EndedCallMember>,
}

/// An account in a call that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndedCallMember {
    /// Who.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// How it went: `accepted` (was inside), `rejected`, `busy`, `timed_out` or `cancelled`.
    #[schema(value_type = String, example = "accepted")]
    pub outcome: Outcome,
    /// Who invited it; `null`: it is the caller.
    #[schema(value_type = Option<String>)]
    pub invited_by: Option<AccountId>,
    /// When it was invited, last.
    #[schema(value_type = u64)]
    pub invited_at: Timestamp,
    /// When it came in first.
    #[schema(value_type = Option<u64>)]
    pub joined_at: Option<Timestamp>,
    /// When it went out last.
    #[schema(value_type = Option<u64>)]
    pub left_at: Option<Timestamp>,
    /// Its time in the call after the first answer, in whole seconds.
    pub seconds: u64,
}

impl From<calls::EndedCall> for EndedCall {
    fn from(ended: calls::EndedCall) -> Self {
        let calls::EndedCall { position, record } = ended;
        let members = record.members.into_iter().map(|member| EndedCallMember {
            account: member.account,
            outcome: member.outcome,
            invited_by: member.invited_by,
            invited_at: member.invited_at,
            joined_at: member.joined_at,
            left_at: member.left_at,
            seconds: member.seconds,
        });
        Self {
            members: members.collect(),
            call: record.call,
            position,
            kind: record.kind,
            group: record.group,
            status: record.status,
            caller: record.caller,
            callees: record.callees,
            room: record.room,
            started_at: record.started_at,
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            duration_ms: record.duration_ms,
            ended_by: record.ended_by,
            reason: record.reason,
        }
    }
}

/// Calls that have ended, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndedCallList {
    /// The records.
    pub records: Vec<EndedCall>,
}

/// What is decided for an app as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether an account has one session at a time: a newer one ends the others.
    pub single_device: bool,
}
