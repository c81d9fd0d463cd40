//! Reading requests: JSON bodies, path parts and queries, each with problems instead of bare text.
//!
//! A body is read at most to its limit and parsed once; a value of the wrong type or an unknown field is answered with
//! the path of the field. What was sent is never echoed.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A JSON body. An empty body without a content type counts as `{}`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = content_type(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(body_problem)?;
        match (typed, bytes.is_empty()) {
            (false, false) => Err(unsupported()),
            (_, true) => parse(b"{}").map(Self),
            (true, false) => parse(&bytes).map(Self),
        }
    }
}

/// Whether the body is declared as JSON; anything else that is declared is refused.
fn content_type(headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(false);
    };
    let value = value.to_str().unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(true)
    } else {
        Err(unsupported())
    }
}

fn unsupported() -> Problem {
    let text = "the body must be application/json";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text)
}

pub(crate) fn body_problem(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "the body is too large",
        );
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "incomplete_body",
        "the body could not be read",
    )
}

/// Parses JSON into a request; the problem names the field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A struct could also be written as an array of its fields; that is nobody's intention here.
    let begin = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if begin != Some(&b'{') {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|_| malformed())?;
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_argument",
            "the body must be an object",
        ));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(json_problem)?;
    reader.end().map_err(|_| malformed())?;
    Ok(value)
}

/// Turns a parsed JSON value into a request; the problem names the field.
pub(crate) fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(json_problem)
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        "the text is not well-formed JSON",
    )
}

fn json_problem(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    if !error.inner().is_data() {
        return malformed();
    }
    let path = error.path().to_string();
    // The path ends in "." or "?" where there is no field to name.
    let named = !path.is_empty() && path != "." && !path.contains('?') && path.len() <= 256;
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_argument", reason(error.inner()));
    if named { problem.field(path) } else { problem }
}

/// What the parser says, without position and bounded in length (it may quote the name of an unknown field).
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(head, _)| head);
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Path parts, decoded and checked. A part that cannot be an id names nothing: 404.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::no_such_route()),
        }
    }
}

/// Query parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(_) => {
                let text = "the query has an unknown parameter or a wrong value";
                Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_query", text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Inner,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        n: u8,
    }

    fn fault(text: &str) -> (String, Option<String>) {
        let json = serde_json::to_value(parse::<Outer>(text.as_bytes()).unwrap_err().body()).unwrap();
        (
            json["code"].as_str().unwrap().to_owned(),
            json["field"].as_str().map(str::to_owned),
        )
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(
            parse::<Outer>(br#"{"inner":{"n":3}}"#),
            Ok(Outer {
                inner: Inner { n: 3 }
            })
        );
        for bad in [
            "",
            "{",
            "nul",
            "{\"inner\":{\"n\":3}} x",
            "\u{0}",
            "{\"inner\":{\"n\":3}",
        ] {
            assert_eq!(fault(bad).0, "malformed_json", "{bad:?}");
        }
        let field = |text: &str| Some(text.to_owned());
        assert_eq!(
            fault(r#"{"inner":{"n":300}}"#),
            ("invalid_argument".into(), field("inner.n"))
        );
        assert_eq!(
            fault(r#"{"inner":{"n":"x"}}"#),
            ("invalid_argument".into(), field("inner.n"))
        );
        assert_eq!(
            fault(r#"{"inner":{"n":1,"m":2}}"#),
            ("invalid_argument".into(), field("inner.m"))
        );
        assert_eq!(fault("[]"), ("invalid_argument".into(), None));
    }

    /// Nesting is bounded by the parser: no stack overflow.
    #[test]
    fn deep_nesting_is_refused() {
        let deep = "[".repeat(60_000);
        assert_eq!(
            parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(),
            "malformed_json"
        );
    }
}
