//! Why the service refused, with a stable code for machines and a sentence for people.

use lianmai_rooms::call;
use lianmai_rooms::{Rejection, RejectionKind, RoomId, TicketError};
use thiserror::Error;

use crate::store::StoreError;

/// Family of a refusal; each maps to one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request makes no sense: 400.
    Invalid,
    /// Who asks may not: 403.
    Forbidden,
    /// What is named does not exist: 404.
    NotFound,
    /// It collides with what is there: 409.
    Conflict,
    /// It was there and is gone: 410.
    Gone,
    /// A limit of the app or the room is reached: 429.
    Limit,
    /// The gateway cannot do it now; trying again later may help: 503.
    Unavailable,
}

/// A refusal. `message` holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// Stable machine-readable code in `snake_case`.
    pub code: &'static str,
    /// Family.
    pub kind: ErrorKind,
    /// A sentence for people.
    pub message: String,
    /// With `name_conflict`: the room that has the name. Vendors' clients simply join it.
    pub room: Option<RoomId>,
}

impl ServiceError {
    /// A refusal with this code.
    #[must_use]
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            kind,
            message: message.into(),
            room: None,
        }
    }

    /// The argument `field` makes no sense.
    #[must_use]
    pub fn invalid(field: &str) -> Self {
        Self::new(ErrorKind::Invalid, "invalid_argument", format!("invalid {field}"))
    }

    pub(crate) fn limit(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, code, message)
    }

    pub(crate) fn unknown_app() -> Self {
        Self::new(ErrorKind::NotFound, "unknown_app", "there is no such app")
    }

    pub(crate) fn no_such_session() -> Self {
        Self::new(
            ErrorKind::NotFound,
            "no_such_session",
            "there is no such session, or it has expired",
        )
    }
}

impl From<Rejection> for ServiceError {
    fn from(rejection: Rejection) -> Self {
        let kind = ErrorKind::from(rejection.kind());
        let mut error = Self::new(kind, rejection.code(), rejection.to_string());
        if let Rejection::NameConflict { room, .. } = rejection {
            error.room = Some(room);
        }
        error
    }
}

impl From<RejectionKind> for ErrorKind {
    fn from(kind: RejectionKind) -> Self {
        match kind {
            RejectionKind::Invalid => Self::Invalid,
            RejectionKind::Denied => Self::Forbidden,
            RejectionKind::NotFound => Self::NotFound,
            RejectionKind::Conflict => Self::Conflict,
            RejectionKind::Gone => Self::Gone,
            RejectionKind::Full => Self::Limit,
        }
    }
}

impl From<call::Rejection> for ServiceError {
    fn from(rejection: call::Rejection) -> Self {
        Self::new(rejection.kind().into(), rejection.code(), rejection.to_string())
    }
}

impl From<TicketError> for ServiceError {
    fn from(error: TicketError) -> Self {
        Self::new(ErrorKind::Forbidden, error.code(), error.to_string())
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(
            ErrorKind::Unavailable,
            "store_unavailable",
            "the change could not be stored; it may or may not have taken effect",
        )
    }
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::RoomName;

    use super::*;

    #[test]
    fn a_name_conflict_names_the_room() {
        let rejection = Rejection::NameConflict {
            name: RoomName::parse("standup").unwrap(),
            room: RoomId::parse("r1").unwrap(),
        };
        let error = ServiceError::from(rejection);
        assert_eq!((error.code, error.kind), ("name_conflict", ErrorKind::Conflict));
        assert_eq!(error.room.unwrap().as_str(), "r1");
    }
}
