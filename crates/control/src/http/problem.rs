//! Answers that say what went wrong (RFC 9457, `application/problem+json`).
//!
//! Every failure of the native API is one of these, with a stable `code`; no bare text ever leaves. Details never
//! contain secrets or the text of what was sent.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use lianmai_hub::Denial;
use lianmai_rooms::{RoomId, TextError};
use serde::Serialize;
use utoipa::ToSchema;

use super::jwt::JwtError;
use crate::service::{ErrorKind, ServiceError};

/// Media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    field: Option<Box<str>>,
    room: Option<RoomId>,
    retry_after_secs: Option<u32>,
    vendor_code: Option<i32>,
    vendor_state: Option<u16>,
    /// Hundredths of a core. Boxed, because problems are returned everywhere and this one is rare.
    shortage: Option<Box<(u32, u32)>>,
}

/// A problem as it is sent (RFC 9457 §3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Identifies the kind of problem; `urn:lianmai:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:lianmai:problem:wrong_password")]
    kind: String,
    /// Short text of the HTTP status.
    #[schema(example = "Forbidden")]
    title: &'static str,
    /// HTTP status.
    #[schema(example = 403)]
    status: u16,
    /// What happened, for people.
    #[schema(example = "wrong password")]
    detail: &'a str,
    /// Stable machine-readable code.
    #[schema(example = "wrong_password")]
    code: &'a str,
    /// Which field of the request is at fault, as a path such as `limits.talkers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// With `name_conflict`: the room that has the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    /// What was asked in a vendor's words: the vendor's own number for the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_code: Option<i32>,
    /// With `vendor_code`: the vendor's number for the state of the mix after it, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_state: Option<u16>,
    /// With `no_capacity` of workers: the cores that are needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.02)]
    need: Option<f64>,
    /// With `no_capacity` of workers: the most cores that are free on one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.0)]
    free: Option<f64>,
}

impl Problem {
    /// A problem with this status, code and text.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            field: None,
            room: None,
            retry_after_secs: None,
            vendor_code: None,
            vendor_state: None,
            shortage: None,
        }
    }

    /// The request makes no sense: 400 `invalid_argument`, naming the field.
    pub fn invalid(field: impl Into<Box<str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_argument", detail).field(field)
    }

    /// No token was shown: 401.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "missing_token",
            "a bearer token is required",
        )
    }

    /// There is nothing at this path: 404.
    #[must_use]
    pub fn no_such_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is nothing at this address",
        )
    }

    /// Somebody asks too often: 429.
    #[must_use]
    pub fn rate_limited(retry_after_secs: u64) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests");
        problem.retry_after_secs = Some(u32::try_from(retry_after_secs.max(1)).unwrap_or(u32::MAX));
        problem
    }

    /// The gateway cannot do it now: 503.
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        problem.retry_after_secs = Some(1);
        problem
    }

    /// Something failed that should not: 500. What it was is in the log, not in the answer.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the gateway failed; see its log",
        )
    }

    /// Names the field at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<Box<str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds a vendor's own number for the refusal.
    #[must_use]
    pub const fn vendor_code(mut self, code: i32) -> Self {
        self.vendor_code = Some(code);
        self
    }

    /// Adds a vendor's number for the state after the refusal.
    #[must_use]
    pub const fn vendor_state(mut self, state: u16) -> Self {
        self.vendor_state = Some(state);
        self
    }

    /// Adds how many cores are needed, and how many are free.
    #[must_use]
    pub fn shortage(mut self, need: f64, free: f64) -> Self {
        let hundredths = |cores: f64| (cores * 100.0).round() as u32;
        self.shortage = Some(Box::new((hundredths(need), hundredths(free))));
        self
    }

    /// HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Stable machine-readable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is wrong, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The problem as it is sent.
    #[must_use]
    pub fn body(&self) -> ProblemBody<'_> {
        ProblemBody {
            kind: format!("urn:lianmai:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: &self.code,
            field: self.field.as_deref(),
            room: self.room.as_ref().map(RoomId::as_str),
            vendor_code: self.vendor_code,
            vendor_state: self.vendor_state,
            need: self.shortage.as_deref().map(|(need, _)| f64::from(*need) / 100.0),
            free: self.shortage.as_deref().map(|(_, free)| f64::from(*free) / 100.0),
        }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let status = match error.kind {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Gone => StatusCode::GONE,
            ErrorKind::Limit => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let field = field_of(&error);
        let mut problem = Self::new(status, error.code, error.message);
        problem.field = field.map(String::into_boxed_str);
        problem.room = error.room;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            problem.retry_after_secs = Some(1);
        }
        problem
    }
}

/// The field an `invalid_argument` names: its message is `invalid <field>`, perhaps followed by a reason.
fn field_of(error: &ServiceError) -> Option<String> {
    if error.code != "invalid_argument" {
        return None;
    }
    let field = error.message.strip_prefix("invalid ")?.split([':', ' ']).next()?;
    (!field.is_empty()).then(|| field.to_owned())
}

impl From<Denial> for Problem {
    /// A refusal of the authoriser, the same for all protocols over HTTP.
    fn from(denial: Denial) -> Self {
        let status = match denial.code {
            "token_missing" | "token_malformed" | "token_expired" | "token_signature" => {
                StatusCode::UNAUTHORIZED
            }
            "unknown_app" | "unknown_stream" => StatusCode::NOT_FOUND,
            "hook_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            code if code.starts_with("app_limit") || code.starts_with("too_many") => {
                StatusCode::TOO_MANY_REQUESTS
            }
            _ => StatusCode::FORBIDDEN,
        };
        Self::new(status, denial.code, denial.description)
    }
}

impl From<TextError> for Problem {
    fn from(error: TextError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_argument", error.to_string())
    }
}

impl From<JwtError> for Problem {
    fn from(error: JwtError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_secs {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::{Rejection, RoomName};

    use super::*;

    #[test]
    fn a_rejection_keeps_its_code_and_field() {
        let problem = Problem::from(ServiceError::from(Rejection::InvalidArgument { field: "limits" }));
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (400, "invalid_argument")
        );
        let json = serde_json::to_value(problem.body()).unwrap();
        assert_eq!(json["field"], "limits");
        assert_eq!(json["type"], "urn:lianmai:problem:invalid_argument");
        assert_eq!(json["title"], "Bad Request");
        assert!(json.get("room").is_none());
    }

    #[test]
    fn a_name_conflict_names_the_room() {
        let rejection = Rejection::NameConflict {
            name: RoomName::parse("n").unwrap(),
            room: RoomId::parse("r7").unwrap(),
        };
        let problem = Problem::from(ServiceError::from(rejection));
        assert_eq!(problem.status(), StatusCode::CONFLICT);
        assert_eq!(serde_json::to_value(problem.body()).unwrap()["room"], "r7");
    }

    #[test]
    fn retry_after_is_at_least_a_second() {
        let response = Problem::rate_limited(0).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
    }
}
