//! What belongs to an app as a whole: call records, webhooks, the events of a room.

use lianmai_rooms::{AccountId, MemberId, Nick, Role, RoomId, RoomName, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::schema;
use crate::store;

/// Which call records to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallRecordQuery {
    /// Only of this room.
    #[param(value_type = Option<String>)]
    pub room: Option<RoomId>,
    /// Only those in which this account was a member.
    #[param(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// Only rooms that ended at this time or later, in milliseconds since the Unix epoch.
    pub from: Option<u64>,
    /// Only rooms that ended before this time.
    pub until: Option<u64>,
    /// Go on after this `position`, that of the last record of the page before.
    pub after: Option<i64>,
    /// Most records to return: 1 to 500, left out 50.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// A room that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallRecord {
    /// Unique id.
    pub id: String,
    /// Place in the list, for paging.
    pub position: i64,
    /// Room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Its name.
    #[schema(value_type = Option<String>)]
    pub name: Option<RoomName>,
    /// Its type.
    #[schema(example = "communication")]
    pub kind: String,
    /// When it was created, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = u64)]
    pub ended_at: Timestamp,
    /// How long it was, in milliseconds.
    pub duration_ms: u64,
    /// How it ended: `{"type": "empty"}` or `{"type": "destroyed", "by": …}`.
    #[schema(value_type = Object)]
    pub reason: lianmai_rooms::EndReason,
    /// Stays in order of joining.
    pub members: Vec<CallMember>,
}

/// One stay of an account in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallMember {
    /// As which member.
    #[schema(value_type = String)]
    pub member: MemberId,
    /// Who.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// Last display name.
    #[schema(value_type = String)]
    pub nick: Nick,
    /// Last role.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// From, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub joined_at: Timestamp,
    /// Until.
    #[schema(value_type = u64)]
    pub left_at: Timestamp,
    /// How long, in milliseconds.
    pub duration_ms: u64,
    /// How the stay ended: `normal`, `timeout`, `kicked` or `room_ended`.
    #[schema(value_type = String, example = "normal")]
    pub reason: lianmai_rooms::LeaveReason,
}

impl From<store::CallRecord> for CallRecord {
    fn from(record: store::CallRecord) -> Self {
        let members = record.members.into_iter().map(|member| CallMember {
            member: member.member,
            account: member.account,
            nick: member.nick,
            role: member.role,
            joined_at: member.joined_at,
            left_at: member.left_at,
            duration_ms: member.duration_ms,
            reason: member.reason,
        });
        Self {
            members: members.collect(),
            id: record.id,
            position: record.position,
            room: record.room,
            name: record.name,
            kind: record.kind,
            started_at: record.started_at,
            ended_at: record.ended_at,
            duration_ms: record.duration_ms,
            reason: record.reason,
        }
    }
}

/// Call records, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallRecordList {
    /// The records.
    pub records: Vec<CallRecord>,
}

/// Which events of a room to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The events after this sequence; left out: from the first that is kept.
    pub after: u64,
    /// Most events to return: 1 to 500, left out 100.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// Events of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventList {
    /// The events, oldest first.
    #[schema(value_type = Vec<schema::Event>)]
    pub events: Vec<Map<String, Value>>,
    /// Ask again with `after` set to this.
    pub next_after: u64,
}

/// Where the events of an app are posted to. The URLs replace those there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetWebhooks {
    /// At most four `http` or `https` URLs without credentials.
    #[schema(max_items = 4, example = json!(["https://app.example.com/lianmai"]))]
    pub webhooks: Vec<String>,
    /// Asked before every publish and play; `null`: nobody is asked.
    #[serde(default)]
    #[schema(example = "https://app.example.com/may-publish")]
    pub access_hook: Option<String>,
}

/// Where the events of an app are posted to. The secret that signs them is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhooks {
    /// Targets and what waits for them.
    pub webhooks: Vec<WebhookTarget>,
    /// Asked before every publish and play.
    pub access_hook: Option<String>,
}

/// One target of webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookTarget {
    /// Its URL.
    pub url: String,
    /// Events that wait.
    pub queued: u64,
    /// Events given up.
    pub dead: u64,
}
