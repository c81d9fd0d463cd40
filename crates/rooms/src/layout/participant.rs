//! Who may be in the picture.

use crate::{AccountId, MemberId, MuteFlags, Nick, Role, StreamId, StreamKind, Timestamp};

/// One published stream with what arranging has to know about its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The stream. Scenes name inputs by it.
    pub stream: StreamId,
    /// Whose.
    pub member: MemberId,
    /// Whose.
    pub account: AccountId,
    /// Display name; may be empty.
    pub nick: Nick,
    /// What the owner may do.
    pub role: Role,
    /// Camera or screen; a mix is not arranged.
    pub kind: StreamKind,
    /// When the owner joined.
    pub joined_at: Timestamp,
    /// Its owner switched the picture off.
    pub voff: bool,
    /// Its owner switched the sound off.
    pub aoff: bool,
    /// Media flows.
    pub on_air: bool,
    /// Its owner speaks.
    pub speaking: bool,
    /// Muted by the room's management.
    pub muted: MuteFlags,
}

impl Participant {
    /// Whether there is no picture by intention.
    #[must_use]
    pub const fn is_dark(&self) -> bool {
        self.voff || self.muted.video
    }

    /// Whether there is no sound by intention.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.aoff || self.muted.audio
    }
}
