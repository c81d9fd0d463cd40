//! Whose picture a region shows, in terms of the room.

use serde::{Deserialize, Serialize};

use crate::{AccountId, MemberId, Role, StreamId};

/// Whose picture. Members are counted from 0, in order of joining; only those who publish count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// One stream.
    Stream {
        /// Which.
        id: StreamId,
    },
    /// A member's camera, else its screen.
    Member {
        /// Whose.
        id: MemberId,
    },
    /// An account's camera, else its screen, also after it left and came back.
    Account {
        /// Whose.
        id: AccountId,
    },
    /// The nth member of a role.
    Role {
        /// Of this role.
        role: Role,
        /// Which of them.
        #[serde(default)]
        nth: u16,
    },
    /// The nth member.
    Joined {
        /// Which of them.
        nth: u16,
    },
    /// The nth shared screen.
    Screen {
        /// Which of them.
        #[serde(default)]
        nth: u16,
    },
    /// Who speaks; when nobody does, who spoke last.
    Speaker,
    /// The layout's main picture.
    Main,
    /// The nth of all pictures but the main one. Who has a place keeps it: others move only into a place that is free.
    Other {
        /// Which of them.
        nth: u16,
    },
}

impl Source {
    /// Whether it can be the main picture itself.
    #[must_use]
    pub const fn can_be_main(&self) -> bool {
        !matches!(self, Self::Main | Self::Other { .. })
    }
}
