//! Why something is refused, in the vendor's numbers.
//!
//! 417, 418 and 403 make clients give up at once. With any other number they log in again eight times.

use lianmai_rooms::layout::vendor::nim::NimLayoutError;

use crate::service::{ErrorKind, ServiceError};
use crate::vendor::tokens::TokenRefusal;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The vendor's number.
    pub(super) code: u16,
    /// A word for people and counters; no secret, and nothing of what was sent.
    pub(super) why: &'static str,
}

impl Refusal {
    pub(super) const fn new(code: u16, why: &'static str) -> Self {
        Self { code, why }
    }

    /// The request makes no sense; `what` is at fault. Also: not the channel's mode, or no such app.
    pub(super) const fn invalid(what: &'static str) -> Self {
        Self::new(414, what)
    }

    /// Who asks may not, or the room takes no more.
    pub(super) const fn forbidden(why: &'static str) -> Self {
        Self::new(403, why)
    }

    /// The channel has ended.
    pub(super) const fn ended() -> Self {
        Self::new(417, "channel_ended")
    }

    /// Nothing is encrypted for clients' keys here.
    pub(super) const fn encrypted() -> Self {
        Self::new(418, "no_encryption")
    }

    /// A third one in a room of two.
    pub(super) const fn third() -> Self {
        Self::new(600, "two_are_inside")
    }

    /// More than a connection may ask.
    pub(super) const fn too_often() -> Self {
        Self::new(416, "too_often")
    }

    /// It cannot be done now.
    pub(super) const fn unavailable(why: &'static str) -> Self {
        Self::new(500, why)
    }

    /// Whether clients would try again although it will always be the same: they are told by a command of its own.
    pub(super) const fn is_tried_in_vain(&self) -> bool {
        !matches!(self.code, 403 | 417 | 418 | 416 | 500)
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let code = match (error.code, error.kind) {
            ("bypass_mismatch", _) => 103,
            ("bypass_guests_full", _) => 104,
            ("bypass_host_taken", _) => 105,
            ("bypass_not_hosted", _) => 106,
            ("invalid_layout", _) => 208,
            ("no_such_room" | "room_ended", _) => 417,
            (_, ErrorKind::Invalid) => 414,
            (_, ErrorKind::Unavailable) => 500,
            _ => 403,
        };
        Self::new(code, error.code)
    }
}

impl From<NimLayoutError> for Refusal {
    fn from(error: NimLayoutError) -> Self {
        Self::new(error.code(), "invalid_layout")
    }
}

impl From<TokenRefusal> for Refusal {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Invalid => Self::forbidden("invalid_token"),
            TokenRefusal::Unavailable => Self::unavailable("token_not_checked"),
            TokenRefusal::RateLimited => Self::too_often(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::Rejection;

    use super::*;

    #[test]
    fn rejections_have_the_vendors_numbers() {
        let code = |rejection: Rejection| Refusal::from(ServiceError::from(rejection)).code;
        for rejection in [
            Rejection::BypassMismatch,
            Rejection::BypassGuestsFull,
            Rejection::BypassHostTaken,
            Rejection::BypassNotHosted,
        ] {
            assert_eq!(Some(code(rejection.clone())), rejection.nim_code());
        }
        assert_eq!(code(Rejection::NoSuchRoom), 417);
        assert_eq!(code(Rejection::PasswordRequired), 403);
        assert_eq!(code(Rejection::RoomFullTalkers), 403);
        assert_eq!(code(Rejection::InvalidArgument { field: "x" }), 414);
    }
}
