//! Schemas of enumerations and tagged values of rooms. They only describe: values travel as the rooms' own types.

use serde::Serialize;
use utoipa::ToSchema;

/// What a member may do; audience < talker < admin.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches.
    Audience,
    /// Publishes and watches.
    Talker,
    /// A talker who also manages the room.
    Admin,
}

/// Type of a room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Everybody talks with everybody.
    Communication,
    /// As communication, with a mixed stream.
    CommunicationMix,
    /// Few talk, many watch.
    Live,
}

/// What a stream shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Camera and microphone.
    Camera,
    /// Screen.
    Screen,
    /// The room's mix, made by the gateway.
    Mix,
}

/// How media travels between client and gateway.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// RTMP, HTTP-FLV, WS-FLV.
    Rtmp,
    /// WebRTC.
    Webrtc,
}

/// What a member is in a room that is pushed on behalf of one member.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BypassPart {
    /// It wants a room that is not.
    Off,
    /// The room is pushed on its behalf. One at a time.
    Host,
    /// In the picture beside the host.
    Guest,
}

/// When a room ends by itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Lifetime {
    /// Only when destroyed.
    Persistent,
    /// When nobody was inside for a while; also counts from creation.
    EndsWhenEmpty {
        /// For how long, in milliseconds.
        #[schema(example = 120_000)]
        delay_ms: u64,
    },
    /// As soon as the last member has left; before the first one came, after a while.
    EndsWhenLeft {
        /// After how long, in milliseconds.
        #[schema(example = 120_000)]
        delay_ms: u64,
    },
}

/// One change in a room. Fields beside these depend on `event`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// What happened, such as `member_joined`.
    #[schema(example = "member_joined")]
    pub event: String,
    /// Room.
    #[schema(example = "standup")]
    pub room: String,
    /// Number inside the room: 1, 2, 3 … without holes. Events that are not for the caller are left out.
    #[schema(example = 7)]
    pub sequence: u64,
    /// When, in milliseconds since the Unix epoch.
    #[schema(example = 1_790_000_000_000_u64)]
    pub at: u64,
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::to_value;

    use super::*;

    fn same(schema: &impl Serialize, value: &impl Serialize) {
        assert_eq!(to_value(schema).unwrap(), to_value(value).unwrap());
    }

    #[test]
    fn schemas_describe_what_is_sent() {
        use lianmai_rooms as rooms;
        same(
            &[Role::Audience, Role::Talker, Role::Admin],
            &[rooms::Role::Audience, rooms::Role::Talker, rooms::Role::Admin],
        );
        same(
            &[
                RoomKind::Communication,
                RoomKind::CommunicationMix,
                RoomKind::Live,
            ],
            &[
                rooms::RoomKind::Communication,
                rooms::RoomKind::CommunicationMix,
                rooms::RoomKind::Live,
            ],
        );
        same(
            &[StreamKind::Camera, StreamKind::Screen, StreamKind::Mix],
            &[
                rooms::StreamKind::Camera,
                rooms::StreamKind::Screen,
                rooms::StreamKind::Mix,
            ],
        );
        same(
            &[Transport::Rtmp, Transport::Webrtc],
            &[rooms::Transport::Rtmp, rooms::Transport::Webrtc],
        );
        same(
            &[BypassPart::Off, BypassPart::Host, BypassPart::Guest],
            &[
                rooms::BypassPart::Off,
                rooms::BypassPart::Host,
                rooms::BypassPart::Guest,
            ],
        );
        same(&Lifetime::Persistent, &rooms::Lifetime::Persistent);
        same(
            &Lifetime::EndsWhenEmpty { delay_ms: 7000 },
            &rooms::Lifetime::EndsWhenEmpty {
                delay: rooms::Delay::from_secs(7),
            },
        );
        same(
            &Lifetime::EndsWhenLeft { delay_ms: 7000 },
            &rooms::Lifetime::EndsWhenLeft {
                delay: rooms::Delay::from_secs(7),
            },
        );
    }
}
