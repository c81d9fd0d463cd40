//! Requests of members for a higher role.

use serde::{Deserialize, Serialize};

use crate::{MemberId, Role, Timestamp};

/// A member waits for an answer. One per member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who asks.
    pub member: MemberId,
    /// Which role: talker or admin.
    pub role: Role,
    /// First moment at which it no longer counts.
    pub expires_at: Timestamp,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// Answered yes.
    Accepted,
    /// Answered no.
    Refused,
    /// Nobody answered in time.
    Expired,
    /// The member took it back or left.
    Withdrawn,
    /// The member got the role, or a higher one, another way.
    Obsolete,
}
