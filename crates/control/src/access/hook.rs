//! Asking the app's own server before every publish and play (R-H3).
//!
//! 2xx is yes, 4xx is no. Anything else, and silence, is no as well: what cannot be asked is not allowed.

use std::collections::HashMap;
use std::sync::Arc;

use lianmai_hub::{AccessRequest, Denial};
use lianmai_rooms::{AccountId, AppId, MemberId, RoomId, StreamId};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::authorise::deny;
use crate::service::{App, Core, random};
use crate::webhook::{EgressError, signed};

/// Questions to one app under way at the same time; more are denied at once.
const MAX_QUESTIONS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Hooks {
    of_app: Mutex<HashMap<AppId, Arc<Semaphore>>>,
}

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) app: &'a App,
    pub(super) room: &'a RoomId,
    pub(super) stream: &'a StreamId,
    pub(super) account: Option<&'a AccountId>,
    pub(super) member: Option<&'a MemberId>,
    pub(super) request: &'a AccessRequest,
}

#[derive(Serialize)]
struct Body<'a> {
    id: String,
    event: &'static str,
    at: u64,
    app: &'a str,
    room: &'a str,
    stream: &'a str,
    action: &'static str,
    protocol: &'static str,
    account: Option<&'a str>,
    member: Option<&'a str>,
    peer: String,
}

impl Hooks {
    /// Asks and waits for the answer, no longer than configured.
    pub(super) async fn ask(&self, core: &Core, url: &str, question: Question<'_>) -> Result<(), Denial> {
        let unavailable = || deny("hook_unavailable", "the app's server could not be asked");
        let turns = {
            let mut of_app = self.of_app.lock();
            let turns = of_app.entry(question.app.id.clone());
            turns
                .or_insert_with(|| Arc::new(Semaphore::new(MAX_QUESTIONS)))
                .clone()
        };
        let _turn = turns.try_acquire().map_err(|_| unavailable())?;
        let now = core.config.clock.now();
        let body = Body {
            id: random::id::<20>("ask"),
            event: "access",
            at: now.as_millis(),
            app: question.app.id.as_str(),
            room: question.room.as_str(),
            stream: question.stream.as_str(),
            action: question.request.action.as_str(),
            protocol: question.request.protocol.as_str(),
            account: question.account.map(AccountId::as_str),
            member: question.member.map(MemberId::as_str),
            peer: question.request.peer.ip().to_string(),
        };
        let body = serde_json::to_string(&body).map_err(|_| unavailable())?;
        let headers = signed(&question.app.webhook_secret(), now, &body);
        let limit = core.config.access_hook_timeout;
        let answer = core.webhooks.egress.post(url, headers, body, limit);
        // The client's own limit does not cover the look-up of the name.
        let answer = tokio::time::timeout(limit, answer)
            .await
            .unwrap_or(Err(EgressError::TimedOut));
        match answer {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) if status.is_client_error() => Err(deny("hook_denied", "the app's server said no")),
            Ok(_) | Err(_) => {
                tracing::warn!(app = %question.app.id, "the access hook gave no answer");
                Err(unavailable())
            }
        }
    }
}
