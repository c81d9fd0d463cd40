//! One connection until its login, and what it says afterwards that makes no sense.
//!
//! Before the login a connection has a place of its own kind, a time limit, and few tries.

use axum::extract::ws::{Utf8Bytes, WebSocket};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::{Instant, timeout_at};

use super::enter::{Entered, enter};
use super::envelope::{Ask, Request, Tell, farewell};
use super::fields::Fields;
use super::link::{Gone, Heard, Link};
use super::login::knows_refusals;
use super::member;
use super::refusal::Refusal;
use super::state::Waiting;
use crate::http::HttpState;
use crate::ws::CloseReason;

/// Logins that one connection may try.
const MAX_TRIES: u32 = 3;
/// Messages without sense after which a connection is closed.
const MAX_NONSENSE: u32 = 16;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The gateway closes it.
    Close(CloseReason, &'static str),
    /// The client closed it, or the network did.
    Lost,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Lost
    }
}

/// Serves a connection until its end.
pub(super) async fn run(state: HttpState, socket: WebSocket, waiting: Waiting) {
    let link = Link {
        socket,
        send_timeout: state.config().ws.send_timeout,
    };
    let mut talk = Talk::new(&state, link);
    let end = match talk.until_login(&state).await {
        Ok(entered) => {
            let app_place = state.ws_per_app().open(entered.app.clone());
            drop(waiting);
            metrics::gauge!("lianmai_netcall_members").increment(1.0);
            let end = if app_place.is_some() {
                member::serve(&state, &mut talk, &entered).await
            } else {
                member::turn_away(&state, &entered).await;
                End::Close(CloseReason::Limit, "too_many_connections")
            };
            metrics::gauge!("lianmai_netcall_members").decrement(1.0);
            end
        }
        Err(end) => {
            drop(waiting);
            end
        }
    };
    if let End::Close(reason, detail) = end {
        tracing::debug!(reason = reason.as_str(), detail, "closing");
        talk.link.close(reason, detail).await;
    }
}

/// What a connection hears and says, with limits on both.
pub(super) struct Talk {
    pub(super) link: Link,
    rate: DefaultDirectRateLimiter,
    nonsense: u32,
}

impl Talk {
    fn new(state: &HttpState, link: Link) -> Self {
        let commands = state.config().netcall.commands;
        let quota = Quota::per_second(commands.per_second).allow_burst(commands.burst);
        Self {
            link,
            rate: RateLimiter::direct(quota),
            nonsense: 0,
        }
    }

    /// The request in what was heard, if there is one. What is none is answered here.
    pub(super) async fn request(&mut self, heard: Heard) -> Result<Option<Request>, End> {
        let text = match heard {
            Heard::Text(text) => text,
            Heard::Nothing => return Ok(None),
            Heard::Binary => return Err(End::Close(CloseReason::Unsupported, "text_only")),
        };
        match self.read(&text) {
            Ok(request) => {
                metrics::counter!("lianmai_netcall_commands_total", "cmd" => request.ask.as_str())
                    .increment(1);
                Ok(Some(request))
            }
            Err(answer) => {
                self.link.send(&answer).await?;
                self.is_nonsense()?;
                Ok(None)
            }
        }
    }

    fn read(&self, text: &Utf8Bytes) -> Result<Request, serde_json::Value> {
        let request = Request::parse(text).map_err(|bad| {
            refused("message", &bad.refusal);
            bad.answer()
        })?;
        if self.rate.check().is_err() {
            let refusal = Refusal::too_often();
            refused(request.ask.as_str(), &refusal);
            return Err(request.refused(&refusal));
        }
        Ok(request)
    }

    /// Counts what a client had no reason to send; too much of it ends the connection.
    fn is_nonsense(&mut self) -> Result<(), End> {
        self.nonsense += 1;
        if self.nonsense >= MAX_NONSENSE {
            return Err(End::Close(CloseReason::Limit, "nonsense"));
        }
        Ok(())
    }

    /// Answers a request that is refused.
    pub(super) async fn refuse(&mut self, request: &Request, refusal: &Refusal) -> Result<(), End> {
        refused(request.ask.as_str(), refusal);
        self.link.send(&request.refused(refusal)).await?;
        self.is_nonsense()
    }

    async fn until_login(&mut self, state: &HttpState) -> Result<Entered, End> {
        let deadline = Instant::now() + state.config().netcall.login_timeout;
        for _ in 0..MAX_TRIES {
            let login = timeout_at(deadline, self.next_login(state)).await;
            let login = login.unwrap_or(Err(End::Close(CloseReason::Gone, "login_timeout")))?;
            // Not cut off: whoever is half inside would stay there.
            let refusal = match enter(state, &login.body).await {
                Ok(mut entered) => {
                    entered.seq = login.seq;
                    return Ok(entered);
                }
                Err(refusal) => refusal,
            };
            if refusal.is_tried_in_vain() && knows_refusals(Fields(&login.body)) {
                // Before the answer, upon which the client would begin to come again.
                let cid = login.body.get("cid").and_then(serde_json::Value::as_u64);
                let told = farewell(Tell::RoomRefused, cid.unwrap_or(0), refusal.why);
                self.link.send(&told).await?;
            }
            self.refuse(&login, &refusal).await?;
        }
        Err(End::Close(CloseReason::Auth, "login"))
    }

    /// The next request to log in; others are refused.
    async fn next_login(&mut self, state: &HttpState) -> Result<Request, End> {
        loop {
            let heard = tokio::select! {
                biased;
                () = state.stop().cancelled() => return Err(End::Close(CloseReason::Restart, "restart")),
                heard = self.link.hear() => heard?,
            };
            let Some(request) = self.request(heard).await? else {
                continue;
            };
            if request.ask == Ask::Login {
                return Ok(request);
            }
            self.refuse(&request, &Refusal::forbidden("login_first")).await?;
        }
    }
}

fn refused(at: &'static str, refusal: &Refusal) {
    metrics::counter!("lianmai_netcall_refused_total", "at" => at, "code" => refusal.code.to_string())
        .increment(1);
}
