//! Refusals as the clients know them: a negative number in `error` (HTTP) or `result` (WebSocket).
//!
//! The numbers are the vendor's; several of ours share one, so `reason` tells them apart.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lianmai_rooms::layout::vendor::emedia::EmediaLayoutError;
use serde_json::{Value, json};

use super::VENDOR;
use crate::http::Problem;
use crate::service::ServiceError;
use crate::vendor::tokens::TokenRefusal;

/// The ticket, token or password is not valid.
pub(super) const INVALID_TICKET: i32 = -500;
/// It was valid once.
pub(super) const EXPIRED_TICKET: i32 = -502;
/// The session, or what a URL names, is gone.
pub(super) const LINK_INVALID: i32 = -504;
/// The operation is not accepted.
pub(super) const NOT_ACCEPTED: i32 = -507;
/// There is no such conference.
pub(super) const NO_CONFERENCE: i32 = -508;
/// A limit of the server.
pub(super) const SERVER_LIMIT: i32 = -510;
/// As many talkers as the conference takes.
pub(super) const TALKER_LIMIT: i32 = -523;

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) reason: Cow<'static, str>,
    pub(super) text: Cow<'static, str>,
    /// For the server's own calls; clients always get 200.
    pub(super) status: StatusCode,
}

impl Refusal {
    /// A field is missing or makes no sense.
    pub(super) fn field(name: &str) -> Self {
        let text = format!("{name} is missing or not valid");
        Self::new(NOT_ACCEPTED, "invalid_argument", text, StatusCode::BAD_REQUEST)
    }

    pub(super) fn new(
        code: i32,
        reason: &'static str,
        text: impl Into<Cow<'static, str>>,
        status: StatusCode,
    ) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
            text: text.into(),
            status,
        }
    }

    /// The operation does not exist here.
    pub(super) fn unsupported(text: &'static str) -> Self {
        Self::new(NOT_ACCEPTED, "unsupported", text, StatusCode::BAD_REQUEST)
    }

    /// What a token or URL names is no link to a conference.
    pub(super) fn link() -> Self {
        let text = "the link is not valid";
        Self::new(LINK_INVALID, "invalid_link", text, StatusCode::UNAUTHORIZED)
    }

    /// Counts it, as everything that is refused is.
    pub(super) fn count(&self) {
        metrics::counter!("lianmai_vendor_refused_total", "vendor" => VENDOR, "code" => self.code.to_string())
            .increment(1);
    }

    /// The answer to a client: always 200, or its `success` would not be called with it.
    pub(super) fn answer(&self) -> Response {
        self.count();
        Json(self.body()).into_response()
    }

    /// The answer to the app's own server.
    pub(super) fn answer_with_status(&self) -> Response {
        self.count();
        (self.status, Json(self.body())).into_response()
    }

    fn body(&self) -> Value {
        json!({ "error": self.code, "errorMessage": self.text, "reason": self.reason })
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            code: code_of(problem.code(), problem.status()),
            reason: problem.code().to_owned().into(),
            text: problem.detail().to_owned().into(),
            status: problem.status(),
        }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Problem::from(error).into()
    }
}

impl From<TokenRefusal> for Refusal {
    fn from(refusal: TokenRefusal) -> Self {
        let (code, reason, status) = match refusal {
            TokenRefusal::Invalid => (INVALID_TICKET, "invalid_token", StatusCode::UNAUTHORIZED),
            TokenRefusal::Unavailable => (SERVER_LIMIT, "hook_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            TokenRefusal::RateLimited => (SERVER_LIMIT, "rate_limited", StatusCode::TOO_MANY_REQUESTS),
        };
        Self::new(code, reason, refusal.to_string(), status)
    }
}

impl From<EmediaLayoutError> for Refusal {
    fn from(error: EmediaLayoutError) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self::new(error.code(), "invalid_layout", error.to_string(), status)
    }
}

fn code_of(reason: &str, status: StatusCode) -> i32 {
    match reason {
        "expired_token" | "expired_ticket" => EXPIRED_TICKET,
        "invalid_token"
        | "malformed_token"
        | "missing_token"
        | "token_not_yet_valid"
        | "token_lives_too_long"
        | "invalid_ticket"
        | "malformed_ticket"
        | "wrong_ticket"
        | "wrong_password"
        | "password_required" => INVALID_TICKET,
        "no_such_session" => LINK_INVALID,
        "no_such_room" | "room_ended" | "unknown_app" => NO_CONFERENCE,
        "room_full_talkers" => TALKER_LIMIT,
        _ if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::INTERNAL_SERVER_ERROR
        ) =>
        {
            SERVER_LIMIT
        }
        _ => NOT_ACCEPTED,
    }
}
