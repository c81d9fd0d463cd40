//! What every request passes before a route sees it: rate, size and time limits; and what every answer carries.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::HttpState;
use super::config::CorsPolicy;
use super::problem::Problem;
use super::rate::{caller_key, whole_seconds};

/// Limits of size and rate. Probes are not rate limited: a busy gateway is not a dead one.
pub(crate) async fn limits(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if target + headers > state.config().max_head {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Problem::new(
            status,
            "head_too_large",
            "the request line and headers are too large",
        )
        .into_response();
    }
    if !matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics") {
        let address = caller_key(peer_address(&state, &request));
        if let Err(wait) = state.rate_per_ip().check(&address) {
            metrics::counter!("http_rate_limited_total", "by" => "address").increment(1);
            return Problem::rate_limited(whole_seconds(wait)).into_response();
        }
    }
    next.run(request).await
}

/// Who asks: the peer, or whom a trusted proxy says it speaks for.
pub(crate) fn peer_address(state: &HttpState, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let trusted = &state.config().trusted_proxies;
    if !trusted.contains(&peer.to_canonical()) {
        return peer;
    }
    forwarded_for(request.headers(), trusted).unwrap_or(peer)
}

/// The last address in `X-Forwarded-For` that is no trusted proxy: what stands before it anyone could have written.
fn forwarded_for(headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    loop {
        let hop: IpAddr = hops.next()?.trim().parse().ok()?;
        if !trusted.contains(&hop.to_canonical()) {
            return Some(hop);
        }
    }
}

/// Ends a request whose answer does not begin in time. Endless bodies of answers are not cut.
pub(crate) async fn timeout(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.config().request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            metrics::counter!("http_timeouts_total").increment(1);
            Problem::unavailable("request_timeout", "the request took too long").into_response()
        }
    }
}

/// Counts requests by status, times and logs them. Never the query: it may hold a token.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = tokio::time::Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(%method, path, status, elapsed = ?started.elapsed(), "request");
    metrics::counter!("http_requests_total", "status" => status.to_string()).increment(1);
    metrics::histogram!("http_request_seconds").record(started.elapsed().as_secs_f64());
    response
}

/// Headers of every answer, unless its route set them: no sniffing, no leaking of URLs (they may hold tokens).
pub(crate) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults: [(HeaderName, &'static str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (HeaderName::from_static("x-frame-options"), "DENY"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A handler panicked: a problem for the client, a count and a log line for the operator.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown");
    tracing::error!(what, "a request handler panicked");
    metrics::counter!("panics_total", "where" => "http").increment(1);
    Problem::internal().into_response()
}

/// Which origins may call from a browser; `None`: only the gateway's own pages.
pub(crate) fn cors(policy: &CorsPolicy) -> Option<CorsLayer> {
    let origin = match policy {
        CorsPolicy::SameOrigin => return None,
        CorsPolicy::Any => AllowOrigin::any(),
        CorsPolicy::Origins(origins) => AllowOrigin::list(origins.iter().cloned()),
    };
    // No credentials: tokens travel in a header that a page must set itself.
    let layer = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            axum::http::header::AUTHORIZATION,
            axum::http::header::CONTENT_TYPE,
        ])
        .expose_headers([axum::http::header::RETRY_AFTER])
        .max_age(Duration::from_secs(600));
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hops_behind_trusted_proxies_count() {
        let trusted: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let find = |text: &'static str| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(text),
            )]);
            forwarded_for(&headers, &trusted).map(|address| address.to_string())
        };
        assert_eq!(find("1.2.3.4").as_deref(), Some("1.2.3.4"));
        assert_eq!(find("6.6.6.6, 1.2.3.4, 10.0.0.2").as_deref(), Some("1.2.3.4"));
        assert_eq!(find("rubbish, 10.0.0.1"), None);
        assert_eq!(find("10.0.0.1"), None);
        assert_eq!(forwarded_for(&HeaderMap::new(), &trusted), None);
    }
}
