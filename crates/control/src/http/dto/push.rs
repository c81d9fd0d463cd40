//! Pushes of streams to other servers.

use lianmai_rooms::{Actor, MemberId, PushId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::PushInfo;

/// Push a stream to another server.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPush {
    /// Where to: `rtmp://host[:port]/app/stream[?query]` or `rtmps://…`, with the stream key in it. Never shown again.
    #[schema(
        max_length = 2048,
        write_only,
        example = "rtmp://live.example.com/app/stream-key"
    )]
    pub url: String,
    /// Which stream; left out: the room's mix, whenever there is one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub stream: Option<StreamId>,
}

impl std::fmt::Debug for AddPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddPush")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// Push the room's mix, whenever there is one, to another server.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MixPush {
    /// Where to: `rtmp://host[:port]/app/stream[?query]` or `rtmps://…`, with the stream key in it. Never shown again.
    #[serde(skip_serializing)]
    #[schema(
        max_length = 2048,
        write_only,
        example = "rtmp://live.example.com/app/stream-key"
    )]
    pub url: String,
}

impl std::fmt::Debug for MixPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MixPush(..)")
    }
}

/// What a target of a push does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// For the stream to come on air.
    Waiting,
    /// Reaching the target, or waiting for the first key frame.
    Connecting,
    /// The target takes media.
    Live,
    /// Waiting to try again.
    BackOff,
    /// Not tried again.
    Failed,
}

impl From<crate::bypass::PushState> for PushState {
    fn from(state: crate::bypass::PushState) -> Self {
        match state {
            crate::bypass::PushState::Waiting => Self::Waiting,
            crate::bypass::PushState::Connecting => Self::Connecting,
            crate::bypass::PushState::Live => Self::Live,
            crate::bypass::PushState::BackOff => Self::BackOff,
            crate::bypass::PushState::Failed => Self::Failed,
        }
    }
}

/// A stream pushed to another server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Push {
    /// Id.
    #[schema(value_type = String)]
    pub id: PushId,
    /// Which stream; `null`: the room's mix, whenever there is one.
    #[schema(value_type = Option<String>)]
    pub stream: Option<StreamId>,
    /// Where to, without the stream key.
    #[schema(example = "rtmp://live.example.com/app")]
    pub target: String,
    /// The member that added it; `null`: the app.
    #[schema(value_type = Option<String>)]
    pub added_by: Option<MemberId>,
    /// When it was added, in milliseconds since the Unix epoch.
    #[schema(value_type = u64, example = 1_790_000_000_000_u64)]
    pub added_at: Timestamp,
    /// What the target does.
    pub state: PushState,
    /// Why it last failed: a stable code, perhaps with the target's status code behind a colon; `null` while it is live.
    #[schema(example = "refused: NetStream.Publish.BadName")]
    pub reason: Option<String>,
    /// Since when the target does so.
    #[schema(value_type = u64)]
    pub since_at: Timestamp,
    /// When it is tried again.
    #[schema(value_type = Option<u64>)]
    pub retry_at: Option<Timestamp>,
    /// Connections tried after the first one.
    pub retries: u32,
    /// Bytes the target has taken.
    pub bytes: u64,
    /// Kilobits per second the target takes.
    #[schema(example = 2_100)]
    pub kbps: u32,
    /// Frames the target lost by being too slow.
    pub dropped: u64,
}

impl From<PushInfo> for Push {
    fn from(info: PushInfo) -> Self {
        let PushInfo { view, status } = info;
        Self {
            id: view.id,
            stream: view.stream,
            target: view.target,
            added_by: match view.by {
                Actor::App => None,
                Actor::Member(member) => Some(member),
            },
            added_at: view.added_at,
            state: status.state.into(),
            reason: status.reason,
            since_at: status.since,
            retry_at: status.retry_at,
            retries: status.retries,
            bytes: status.bytes,
            kbps: status.kbps,
            dropped: status.dropped,
        }
    }
}

/// Pushes of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PushList {
    /// The pushes.
    pub pushes: Vec<Push>,
}
