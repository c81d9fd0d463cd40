//! Which pages may use the WHIP and WHEP endpoints: whoever has a URL's token may, from any page.

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What the endpoints take (RFC 9725 §4.2).
pub(super) const SDP: &str = "application/sdp";
/// What the addresses of peers take (RFC 8840 §9).
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// Adds to every answer, refusals too, what browsers want to see.
pub(super) async fn open(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After"),
    );
    response
}

fn preflight(methods: &'static str, accepts: (HeaderName, &'static str)) -> Response {
    let (name, value) = accepts;
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods)),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, Content-Type, If-Match"),
        ),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        (name, HeaderValue::from_static(value)),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `OPTIONS` of an endpoint.
pub(super) async fn endpoint_options() -> Response {
    preflight("POST, OPTIONS", (ACCEPT_POST, SDP))
}

/// `OPTIONS` of a peer.
pub(super) async fn peer_options() -> Response {
    preflight("PATCH, DELETE, OPTIONS", (ACCEPT_PATCH, FRAGMENT))
}
