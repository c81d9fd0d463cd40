//! What is fixed or settable about a room. Valid by construction: every field has a checked type.

use serde::{Deserialize, Serialize};

use crate::{CustomInfo, Delay, Limits, PasswordHash, Role, RoomName};

/// The vendors' conference types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Everybody talks with everybody; members join as talkers unless they ask otherwise.
    Communication,
    /// As communication, and the gateway is expected to make a mix.
    CommunicationMix,
    /// Few talk, many watch; members join as audience unless entitled to more.
    Live,
}

impl RoomKind {
    /// Role of a member who names none.
    #[must_use]
    pub const fn default_role(self) -> Role {
        match self {
            Self::Communication | Self::CommunicationMix => Role::Talker,
            Self::Live => Role::Audience,
        }
    }
}

/// When a room ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Lifetime {
    /// Only when destroyed.
    Persistent,
    /// When nobody was inside for `delay_ms`; also counts from creation.
    EndsWhenEmpty {
        /// How long the room stays open without members.
        #[serde(rename = "delay_ms")]
        delay: Delay,
    },
    /// As soon as the last member has left; before the first one came, after `delay_ms`.
    EndsWhenLeft {
        /// How long the room waits for its first member.
        #[serde(rename = "delay_ms")]
        delay: Delay,
    },
}

/// What members may do without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// Highest role one gets by password, or by nothing in an open room.
    pub self_role: Role,
    /// Lowest role that may set and delete room attributes.
    pub attributes: Role,
    /// Lowest role that may send custom messages.
    pub messages: Role,
}

/// Time spans after which the room acts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// How long a member stays with neither a connected session nor media on air.
    #[serde(rename = "member_grace_ms")]
    pub member_grace: Delay,
    /// How long a request for a role waits for an answer.
    #[serde(rename = "request_ttl_ms")]
    pub request_ttl: Delay,
    /// How long a replaced URL stays valid (R-W1).
    #[serde(rename = "url_overlap_ms")]
    pub url_overlap: Delay,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            member_grace: Delay::from_secs(30),
            request_ttl: Delay::from_secs(60),
            url_overlap: Delay::from_secs(30),
        }
    }
}

/// All settings of a room. Holds the password verifier: show [`SettingsView`](crate::SettingsView) instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Name, unique inside the app; fixed.
    pub name: Option<RoomName>,
    /// Type; fixed.
    pub kind: RoomKind,
    /// Verifier of the password; `None` = open.
    pub password: Option<PasswordHash>,
    /// Limits.
    pub limits: Limits,
    /// Record the streams (`rec`).
    pub record: bool,
    /// Merge the recording into one file (`recMerge`).
    pub record_merge: bool,
    /// Free text for the clients.
    pub custom_info: CustomInfo,
    /// Whether mini programs, and so RTMP URLs, are supported; fixed.
    pub mini_program: bool,
    /// When the room ends by itself; fixed.
    pub lifetime: Lifetime,
    /// What members may do without asking; fixed.
    pub permissions: Permissions,
    /// Time spans; fixed.
    pub timing: Timing,
    /// Most guests of the bypass, beside its host; fixed.
    #[serde(default = "Settings::bypass_guests")]
    pub bypass_guests: u32,
}

impl Settings {
    /// As many as a grid of 16 has places for beside the host.
    pub(crate) const fn bypass_guests() -> u32 {
        15
    }

    /// Defaults for a room of this kind: no name, no password, mini programs supported, ends 120 s after it emptied.
    #[must_use]
    pub fn new(kind: RoomKind) -> Self {
        Self {
            name: None,
            kind,
            password: None,
            limits: Limits::default(),
            record: false,
            record_merge: false,
            custom_info: CustomInfo::default(),
            mini_program: true,
            lifetime: Lifetime::EndsWhenEmpty {
                delay: Delay::from_secs(120),
            },
            permissions: Permissions {
                self_role: kind.default_role(),
                attributes: Role::Talker,
                messages: Role::Audience,
            },
            timing: Timing::default(),
            bypass_guests: Self::bypass_guests(),
        }
    }
}
