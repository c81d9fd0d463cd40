//! Members of a call.

use serde::{Deserialize, Serialize};

use super::Data;
use crate::{AccountId, Device, SessionId, Timestamp};

/// Where a member of a call stands.
///
/// ```text
///             comes online             accepts                leaves, is gone, call ends
///  waiting ───────────────► ringing ───────────────► inside ─────────────────────────────► left
///     │                        │
///     └───────────┬────────────┘     (a group can invite again whoever is not inside and does not ring)
///                 └──► rejected, busy, timed_out, cancelled
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// In the call.
    Inside,
    /// Invited, and a device of it was connected since.
    Ringing,
    /// Invited while it was offline.
    Waiting,
    /// Refused.
    Rejected,
    /// Was in another call, or said so.
    Busy,
    /// Did not answer in time.
    TimedOut,
    /// The invitation was taken back.
    Cancelled,
    /// Was inside.
    Left,
}

impl MemberState {
    /// Invited without an answer.
    #[must_use]
    pub const fn rings(self) -> bool {
        matches!(self, Self::Ringing | Self::Waiting)
    }

    /// In the call, or perhaps soon.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Inside | Self::Ringing | Self::Waiting)
    }

    /// Takes the account up: it is busy for other calls.
    #[must_use]
    pub const fn engages(self) -> bool {
        matches!(self, Self::Inside | Self::Ringing)
    }
}

/// An account of a call and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Account.
    pub account: AccountId,
    /// Where it stands.
    pub state: MemberState,
}

/// An account of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Account.
    pub account: AccountId,
    /// Where it stands.
    pub state: MemberState,
    /// Who invited it; `None`: it is the caller.
    pub invited_by: Option<AccountId>,
    /// When it was invited, last.
    pub invited_at: Timestamp,
    /// When it stops ringing.
    pub rings_until: Timestamp,
    /// What came with the invitation.
    pub attachment: Option<Data>,
    /// The session that has the call, or answered it.
    pub session: Option<SessionId>,
    /// What that session runs on.
    pub device: Device,
    /// Since when that session has no connection.
    pub absent_since: Option<Timestamp>,
    /// When it came in first.
    pub joined_at: Option<Timestamp>,
    /// When it went out last.
    pub left_at: Option<Timestamp>,
    /// Since when its time in the call counts.
    pub since: Option<Timestamp>,
    /// Its time in the call before that, in milliseconds.
    pub talked_ms: u64,
}

impl Member {
    /// Whether this session has the call.
    #[must_use]
    pub fn has(&self, session: &SessionId) -> bool {
        self.state == MemberState::Inside && self.session.as_ref() == Some(session)
    }

    /// Its time in the call so far, in milliseconds.
    #[must_use]
    pub fn talked_ms(&self, now: Timestamp) -> u64 {
        let present = self.since.map_or(0, |since| now.millis_since(since));
        self.talked_ms.saturating_add(present)
    }

    /// Goes out.
    pub(super) fn go(&mut self, now: Timestamp) {
        self.talked_ms = self.talked_ms(now);
        self.since = None;
        self.absent_since = None;
        self.left_at = Some(now);
        self.state = MemberState::Left;
    }
}
