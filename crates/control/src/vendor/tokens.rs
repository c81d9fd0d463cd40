//! Whether a vendor's client is who it says: the one policy for all vendors' protocols.
//!
//! A hook gets the token and answers 2xx for yes. 4xx is no; anything else, and silence for more than the access
//! hook's time (3 s), is no as well: what cannot be asked is not allowed.

use lianmai_rooms::AccountId;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::config::{TokenPolicy, VendorApp};
use crate::http::{Caller, HttpState, prove};
use crate::service::random;
use crate::webhook::{EgressError, signed};

/// Questions to apps' servers under way at the same time; more are refused at once.
const MAX_QUESTIONS: usize = 256;
/// Longest token that is looked at.
const MAX_TOKEN: usize = 4096;

/// Turns for questions to apps' servers.
#[derive(Debug)]
pub(crate) struct Questions(Semaphore);

impl Default for Questions {
    fn default() -> Self {
        Self(Semaphore::new(MAX_QUESTIONS))
    }
}

/// Why a client is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenRefusal {
    /// The token is not valid, or of somebody else.
    #[error("the token is not valid")]
    Invalid,
    /// The app's server could not be asked, or gave no answer.
    #[error("the token could not be checked")]
    Unavailable,
    /// The app asks too often.
    #[error("too many requests")]
    RateLimited,
}

/// What a client claims.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    /// `emedia` or `netcall`.
    pub(crate) vendor: &'static str,
    /// The app it says it belongs to.
    pub(crate) app: &'a VendorApp,
    /// Who it says it is.
    pub(crate) account: &'a AccountId,
    /// With what it proves that.
    pub(crate) token: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    id: String,
    event: &'static str,
    at: u64,
    app: &'a str,
    vendor: &'static str,
    account: &'a str,
    token: &'a str,
}

/// Believes a client, or not. The caller that comes back is the account, and never the app itself.
pub(crate) async fn check(state: &HttpState, claim: Claim<'_>) -> Result<Caller, TokenRefusal> {
    let checked = decide(state, claim).await;
    if let Err(refusal) = &checked {
        let why = match refusal {
            TokenRefusal::Invalid => "invalid",
            TokenRefusal::Unavailable => "unavailable",
            TokenRefusal::RateLimited => "rate",
        };
        metrics::counter!("lianmai_vendor_tokens_refused_total", "vendor" => claim.vendor, "why" => why)
            .increment(1);
    }
    checked
}

async fn decide(state: &HttpState, claim: Claim<'_>) -> Result<Caller, TokenRefusal> {
    if claim.token.len() > MAX_TOKEN {
        return Err(TokenRefusal::Invalid);
    }
    if claim.app.tokens == TokenPolicy::Jwt {
        let caller = prove(state, claim.token).map_err(|problem| match problem.code() {
            "rate_limited" => TokenRefusal::RateLimited,
            _ => TokenRefusal::Invalid,
        })?;
        // The app's own server has a token for everything, but speaks another protocol.
        let is_it = caller.app == claim.app.app && caller.account == *claim.account && !caller.is_app;
        return is_it.then_some(caller).ok_or(TokenRefusal::Invalid);
    }
    if state.rate_per_app().check(&claim.app.app).is_err() {
        return Err(TokenRefusal::RateLimited);
    }
    if claim.app.tokens == TokenPolicy::Hook {
        ask(state, claim).await?;
    }
    let now = state.service().clock().now().as_secs();
    Ok(Caller {
        app: claim.app.app.clone(),
        account: claim.account.clone(),
        is_app: false,
        room: None,
        role: None,
        session: None,
        address: None,
        expires_at_secs: now.saturating_add(state.config().jwt.max_lifetime_secs),
    })
}

async fn ask(state: &HttpState, claim: Claim<'_>) -> Result<(), TokenRefusal> {
    let core = &state.service().core;
    let url = claim.app.hook.as_deref().ok_or(TokenRefusal::Unavailable)?;
    let app = core.apps.get(&claim.app.app).ok_or(TokenRefusal::Invalid)?;
    let turns = &state.vendor_questions().0;
    let _turn = turns.try_acquire().map_err(|_| TokenRefusal::Unavailable)?;
    let now = core.config.clock.now();
    let body = Body {
        id: random::id::<20>("ask"),
        event: "vendor_token",
        at: now.as_millis(),
        app: app.id.as_str(),
        vendor: claim.vendor,
        account: claim.account.as_str(),
        token: claim.token,
    };
    let body = serde_json::to_string(&body).map_err(|_| TokenRefusal::Unavailable)?;
    let headers = signed(&app.webhook_secret(), now, &body);
    let limit = core.config.access_hook_timeout;
    let answer = core.webhooks.egress.post(url, headers, body, limit);
    // The client's own limit does not cover the look-up of the name.
    let answer = tokio::time::timeout(limit, answer).await;
    match answer.unwrap_or(Err(EgressError::TimedOut)) {
        Ok(status) if status.is_success() => Ok(()),
        Ok(status) if status.is_client_error() => Err(TokenRefusal::Invalid),
        Ok(_) | Err(_) => {
            tracing::warn!(app = %app.id, "the token hook gave no answer");
            Err(TokenRefusal::Unavailable)
        }
    }
}
