//! Who asks: proven by a signed token, or not answered at all.

use std::net::SocketAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lianmai_rooms::{AccountId, AppId, Role, RoomId, SessionId};

use super::HttpState;
use super::jwt::{self, Claims, JwtError, Scope};
use super::problem::Problem;
use super::rate::whole_seconds;

/// Somebody who has proven who they are.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// App.
    pub(crate) app: AppId,
    /// Account inside it.
    pub(crate) account: AccountId,
    /// Whether it is the app's own server.
    pub(crate) is_app: bool,
    /// The one room the token is for.
    pub(crate) room: Option<RoomId>,
    /// Highest role in that room.
    pub(crate) role: Option<Role>,
    /// The signalling session this comes through.
    pub(crate) session: Option<SessionId>,
    /// From where, on a connection that lasts.
    pub(crate) address: Option<SocketAddr>,
    /// First Unix second at which the token is refused.
    pub(crate) expires_at_secs: u64,
}

impl From<Claims> for Caller {
    fn from(claims: Claims) -> Self {
        Self {
            app: claims.app,
            account: claims.account,
            is_app: claims.scope == Scope::App,
            room: claims.room,
            role: claims.role,
            session: None,
            address: None,
            expires_at_secs: claims.expires_at_secs,
        }
    }
}

/// Lets nobody through without a valid token.
pub(crate) async fn require(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let Some(token) = bearer(request.headers()) else {
        return Problem::unauthenticated().into_response();
    };
    match prove(&state, token) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &axum::http::HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Checks a token and the rate of its app.
pub(crate) fn prove(state: &HttpState, token: &str) -> Result<Caller, Problem> {
    let app = jwt::app_of(token)?;
    // An app that does not exist and a signature that does not fit look alike.
    let secret = state.service().app_secret(&app).ok_or(JwtError::BadSignature)?;
    let claims = jwt::verify(token, &secret, state.config().jwt, state.service().clock().now())?;
    if let Err(wait) = state.rate_per_app().check(&claims.app) {
        metrics::counter!("http_rate_limited_total", "by" => "app").increment(1);
        return Err(Problem::rate_limited(whole_seconds(wait)));
    }
    Ok(Caller::from(claims))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // Present wherever `require` guards the route; elsewhere nobody is anybody.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthenticated)
    }
}
