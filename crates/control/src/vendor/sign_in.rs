//! Tokens for pages that hold the digest of their app's secret, as `CRVideo_Login` wants it.
//!
//! Whoever knows the digest can be any account of the app, so it is only done where the configuration says so. The
//! token is an account's, never the app's own. An unknown app and a wrong digest look and take alike.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use lianmai_rooms::{AccountId, AppId};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Body;
use crate::http::jwt::{self, Claims};
use crate::http::rate::{Rates, caller_key, whole_seconds};
use crate::http::{Failures, HttpState, Problem, Rate, peer_address};

/// How long a token is valid, in seconds; pages ask again before it ends.
const TOKEN_SECS: u64 = 3600;
/// How often one address may ask: many people behind one address may arrive together.
const RATE: Rate = Rate::new(5, 100);

/// How often addresses have asked.
#[derive(Debug)]
pub(crate) struct SignIns(Rates<IpAddr>);

impl Default for SignIns {
    fn default() -> Self {
        Self(Rates::new(RATE))
    }
}

/// Who wants a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The app whose secret it is.
    #[schema(value_type = String, example = "demo")]
    app: AppId,
    /// As whom.
    #[schema(value_type = String, example = "ann")]
    account: AccountId,
    /// MD5 of the app's secret, in hexadecimal digits.
    #[schema(min_length = 32, max_length = 32, write_only)]
    secret_md5: String,
}

/// A token of an account.
#[derive(Serialize, ToSchema)]
struct SignedIn {
    /// For `Authorization: Bearer`, and the WebSocket.
    token: String,
    /// When it ends, in milliseconds since the Unix epoch.
    #[schema(example = 1_790_000_000_000_u64)]
    expires_at: u64,
}

/// The route, which needs no token.
pub(crate) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default().routes(routes!(sign_in))
}

/// Get an account's token for an hour, with the MD5 of the app's secret; only where `vendor.secret_sign_in` is set.
#[utoipa::path(post, path = "/v1/sign-in", tag = "app", security(()), request_body = SignIn,
    responses((status = 200, description = "The token", body = SignedIn), Failures))]
async fn sign_in(State(state): State<HttpState>, request: Request) -> Result<Response, Problem> {
    if !state.service().config().vendor.secret_sign_in {
        let text = "signing in with an app's secret is not enabled here";
        return Err(Problem::new(StatusCode::FORBIDDEN, "sign_in_disabled", text));
    }
    let address = caller_key(peer_address(&state, &request));
    if let Err(wait) = state.sign_ins().0.check(&address) {
        count("rate_limited");
        return Err(Problem::rate_limited(whole_seconds(wait)));
    }
    let Body(body) = Body::<SignIn>::from_request(request, &state).await?;
    let secret = state.service().app_secret(&body.app);
    let expected = secret
        .as_ref()
        .map_or_else(String::new, |secret| digest(secret.expose()));
    let shown = body.secret_md5.to_ascii_lowercase();
    // Of different lengths they differ at once, but the length of a digest is no secret.
    let is_right = bool::from(expected.as_bytes().ct_eq(shown.as_bytes()));
    let Some(secret) = secret.filter(|_| is_right) else {
        count("refused");
        let text = "the app does not exist, or its secret is another";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_secret", text));
    };
    let now = state.service().clock().now();
    let expires_at_secs = now.as_secs().saturating_add(TOKEN_SECS);
    let token = jwt::sign(&Claims::new(body.app, body.account, expires_at_secs), &secret)?;
    count("granted");
    let answer = SignedIn {
        token,
        expires_at: expires_at_secs.saturating_mul(1000),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn digest(secret: &[u8]) -> String {
    Md5::digest(secret)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn count(outcome: &'static str) {
    metrics::counter!("lianmai_sign_ins_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_digest_is_as_md5_tools_write_it() {
        assert_eq!(digest(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
    }
}
