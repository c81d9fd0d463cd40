//! What a call is called, what it is for, and how it ended.

use serde::{Deserialize, Serialize};

use crate::text::{checked_text, url_safe};

checked_text!(
    /// A call inside an app.
    CallId, 1..=64, url_safe
);

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sound only.
    Audio,
    /// Sound and picture.
    Video,
    /// Something the app knows.
    Other,
}

impl Kind {
    /// The number vendors' clients know: 1 audio, 2 video, 3 other.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Audio => 1,
            Self::Video => 2,
            Self::Other => 3,
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody answered it.
    Completed,
    /// The caller gave up before anybody answered.
    Cancelled,
    /// Refused by those who were called.
    Rejected,
    /// Nobody answered in time.
    TimedOut,
    /// Those who were called were in other calls.
    Busy,
}

impl Status {
    /// The number vendors' call records have for it, 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Completed => 1,
            Self::Cancelled => 2,
            Self::Rejected => 3,
            Self::TimedOut => 4,
            Self::Busy => 5,
        }
    }

    /// A word for metrics and filters, as it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Busy => "busy",
        }
    }
}
