//! The parts of addresses that name something.

use lianmai_rooms::{AttributeKey, MemberId, MuteKind, PushId, RoomId, StreamId};
use serde::Deserialize;
use utoipa::IntoParams;

/// `/v1/rooms/{room}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RoomPath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
}

/// `/v1/rooms/{room}/members/{member}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MemberPath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// Member id.
    #[param(value_type = String, max_length = 96)]
    pub(crate) member: MemberId,
}

/// `/v1/rooms/{room}/streams/{stream}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct StreamPath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// Stream id.
    #[param(value_type = String, max_length = 128)]
    pub(crate) stream: StreamId,
}

/// `/v1/rooms/{room}/pushes/{push}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PushPath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// Push id.
    #[param(value_type = String, max_length = 64)]
    pub(crate) push: PushId,
}

/// `/v1/rooms/{room}/mix/pictures/{name}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PicturePath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// What layouts call the picture, `[A-Za-z0-9._-]`.
    #[param(max_length = 64, example = "logo")]
    pub(crate) name: String,
}

/// `/v1/rooms/{room}/attributes/{key}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AttributePath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// Name of the attribute, one line.
    #[param(value_type = String, max_length = 64, example = "topic")]
    pub(crate) key: AttributeKey,
}

/// `/v1/rooms/{room}/mute-all/{kind}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MuteAllPath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// `audio` or `video`.
    #[param(value_type = String, example = "audio")]
    pub(crate) kind: MuteKind,
}

/// `/v1/rooms/{room}/members/{member}/mute/{kind}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MutePath {
    /// Room id.
    #[param(value_type = String, max_length = 64, example = "standup")]
    pub(crate) room: RoomId,
    /// Member id.
    #[param(value_type = String, max_length = 96)]
    pub(crate) member: MemberId,
    /// `audio` or `video`.
    #[param(value_type = String, example = "audio")]
    pub(crate) kind: MuteKind,
}
