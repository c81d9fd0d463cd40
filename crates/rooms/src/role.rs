//! Roles of members, with the numbers vendors use on the wire.

use serde::{Deserialize, Serialize};

/// What a member may do. Ordered: audience < talker < admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches; cannot publish.
    Audience,
    /// Publishes and watches.
    Talker,
    /// A talker who also manages the room.
    Admin,
}

impl Role {
    /// The vendors' number: admin 7, talker 3, audience 1.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Audience => 1,
            Self::Talker => 3,
            Self::Admin => 7,
        }
    }

    /// The role with this vendor number.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Audience),
            3 => Some(Self::Talker),
            7 => Some(Self::Admin),
            _ => None,
        }
    }

    /// Whether the role counts against the talkers limit and may publish.
    #[must_use]
    pub const fn may_publish(self) -> bool {
        matches!(self, Self::Talker | Self::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_order() {
        for role in [Role::Audience, Role::Talker, Role::Admin] {
            assert_eq!(Role::from_code(role.code()), Some(role));
        }
        assert_eq!(Role::from_code(9), None);
        assert!(Role::Audience < Role::Talker && Role::Talker < Role::Admin);
    }
}
