//! Members of a room and the sessions through which they are connected.

use serde::{Deserialize, Serialize};

use crate::{AccountId, BypassPart, Device, Ext, MemberId, MemberMute, Nick, Role, SessionId, Timestamp};

/// How many sessions one member has at most; a further one replaces the oldest.
pub const MAX_SESSIONS: usize = 4;

/// One device of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id. Whoever knows it can resume, so it appears in no view.
    pub id: SessionId,
    /// What it runs on.
    pub device: Device,
    /// Whether its connection is up.
    pub connected: bool,
    /// When it joined.
    pub since: Timestamp,
}

/// One stay of an account in a room.
///
/// ```text
///          Join                    last session gone and no media on air
///  (none) ──────► present ───────────────────────────────────────────────► absent
///                    ▲──────SessionBack, Join again, MediaStarted─────────────┤
///                    │                                                        │ member_grace passed (Tick)
///                    │ Leave, Kick, room end                                  ▼
///                    └──────────────► left (normal, kicked, room ended)     left (timeout)
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Whose stay it is.
    pub account: AccountId,
    /// What it may do at present.
    pub role: Role,
    /// The role it may return to without asking, after it lowered its role itself.
    pub entitled: Role,
    /// Display name.
    pub nick: Nick,
    /// Free text of the client.
    pub ext: Ext,
    /// When it joined.
    pub joined_at: Timestamp,
    /// Muted by the room's management.
    pub mute: MemberMute,
    /// Its devices, oldest first, at most [`MAX_SESSIONS`].
    pub sessions: Vec<Session>,
    /// Since when it has neither a connected session nor media on air; `None` = present.
    pub absent_since: Option<Timestamp>,
    /// What it said on joining to be in the bypass.
    #[serde(default)]
    pub bypass: Option<BypassPart>,
}

impl Member {
    /// Whether at least one session is connected.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.sessions.iter().any(|session| session.connected)
    }

    /// The session with this id.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == *id)
    }
}
