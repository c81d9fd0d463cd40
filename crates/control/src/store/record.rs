//! Call records: what stays of a room that has ended.

use lianmai_rooms::{
    AccountId, AppId, EndReason, LeaveReason, MemberId, Nick, Role, RoomId, RoomName, Timestamp,
};
use serde::{Deserialize, Serialize};

/// One stay of an account in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallMember {
    /// As which member.
    pub member: MemberId,
    /// Who.
    pub account: AccountId,
    /// Last display name.
    pub nick: Nick,
    /// Last role.
    pub role: Role,
    /// From.
    pub joined_at: Timestamp,
    /// Until.
    pub left_at: Timestamp,
    /// How long, in milliseconds.
    pub duration_ms: u64,
    /// How the stay ended.
    pub reason: LeaveReason,
}

/// A room that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// Unique id.
    pub id: String,
    /// Place in the list of all records, for paging; grows.
    pub position: i64,
    /// App.
    pub app: AppId,
    /// Room.
    pub room: RoomId,
    /// Its name.
    pub name: Option<RoomName>,
    /// Its type, as in [`RoomKind`](lianmai_rooms::RoomKind).
    pub kind: String,
    /// When it was created.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it was, in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub reason: EndReason,
    /// Stays in order of joining; at most the newest 10 000.
    pub members: Vec<CallMember>,
}
