//! Muting by the room's management, apart from what members switch off themselves (`aoff`/`voff` of a stream).

use serde::{Deserialize, Serialize};

use crate::Role;

/// What is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MuteKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// One flag per kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct MuteFlags {
    /// Sound.
    pub audio: bool,
    /// Picture.
    pub video: bool,
}

impl MuteFlags {
    /// Whether the flag of `kind` is set.
    #[must_use]
    pub const fn has(self, kind: MuteKind) -> bool {
        match kind {
            MuteKind::Audio => self.audio,
            MuteKind::Video => self.video,
        }
    }

    /// The same flags with that of `kind` set to `on`.
    #[must_use]
    pub const fn with(self, kind: MuteKind, on: bool) -> Self {
        match kind {
            MuteKind::Audio => Self { audio: on, ..self },
            MuteKind::Video => Self { video: on, ..self },
        }
    }
}

/// Mute state of one member.
///
/// ```text
///            Mute(member)                 MuteAll (not admins)
///   free ───────────────────► muted    free ─────────────────► muted ──Unmute(member)──► excused
///     ▲──────Unmute(member)─────┘        ▲──────UnmuteAll────────┘                          │
///                                        └──────────────UnmuteAll, or MuteAll again ◄───────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct MemberMute {
    /// Muted individually.
    pub own: MuteFlags,
    /// Unmuted individually while everybody is muted.
    pub excused: MuteFlags,
}

impl MemberMute {
    /// What is muted in effect for a member of this role while `all` is muted for everybody.
    #[must_use]
    pub fn effective(self, role: Role, all: MuteFlags) -> MuteFlags {
        let by_all = |kind| role != Role::Admin && all.has(kind) && !self.excused.has(kind);
        MuteFlags {
            audio: self.own.audio || by_all(MuteKind::Audio),
            video: self.own.video || by_all(MuteKind::Video),
        }
    }
}
