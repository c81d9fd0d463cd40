//! Why a connection is closed, as the client sees it (RFC 6455 §7.4: 4000 and up are ours).

use axum::extract::ws::CloseFrame;

/// Why the gateway closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client said goodbye.
    Normal,
    /// A message that is no text.
    Unsupported,
    /// The gateway stops or restarts: come back soon, with the session id.
    Restart,
    /// The gateway cannot do it now.
    TryAgain,
    /// The token is not valid, or no longer: come back with another.
    Auth,
    /// A newer connection took this one's place: do not come back by yourself.
    Replaced,
    /// Nothing came for too long.
    Gone,
    /// The client does not keep up: come back with the session id and the sequences seen.
    Slow,
    /// A limit of sessions is reached.
    Limit,
}

impl CloseReason {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Unsupported => 1003,
            Self::Restart => 1012,
            Self::TryAgain => 1013,
            Self::Auth => 4001,
            Self::Replaced => 4002,
            Self::Gone => 4004,
            Self::Slow => 4008,
            Self::Limit => 4029,
        }
    }

    /// A word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Unsupported => "unsupported",
            Self::Restart => "restart",
            Self::TryAgain => "try_again",
            Self::Auth => "auth",
            Self::Replaced => "replaced",
            Self::Gone => "gone",
            Self::Slow => "slow",
            Self::Limit => "limit",
        }
    }

    /// The close frame; `detail` is a stable code that says more.
    pub(crate) fn frame(self, detail: &str) -> CloseFrame {
        CloseFrame {
            code: self.code(),
            reason: detail.into(),
        }
    }
}
