//! The look-ups before a client dials: a checksum, then the channel with the token to log in with. Nothing is kept.
//!
//! The app key may be followed by `:` and what proves the account (`<key>:<token>`), because clients pass it on as
//! they are given it and send nothing else that could.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use lianmai_rooms::{RoomName, Secret};
use serde_json::{Value, json};

use super::form::Form;
use super::refusal::Refusal;
use super::sign::{self, Claims, Proven};
use super::uid::{Uid, channel_number};
use super::venue;
use crate::http::{HttpState, prove};
use crate::vendor::{TokenPolicy, VendorApp};

/// Longest app key with what follows it, and longest checksum, in bytes.
const MAX_KEY: usize = 4_352;
const MAX_CHECKSUM: usize = 64;

/// What clients send as a body, read or not.
type Body = Result<Bytes, BytesRejection>;

/// `getChecksum.action`: signs the client's number and the time.
pub(super) async fn checksum(State(state): State<HttpState>, headers: HeaderMap, body: Body) -> Response {
    let answer = Form::read(&headers, body).and_then(|form| {
        let caller = Caller::read(&state, &form)?;
        let now = state.service().clock().now();
        let checksum = sign::checksum(&caller.secret, &caller.app.key, caller.uid, now);
        Ok(json!({ "code": 200, "checksum": checksum }))
    });
    respond("checksum", answer)
}

/// `getChannelInfos.action`: where to dial, and with which token.
pub(super) async fn channel(State(state): State<HttpState>, headers: HeaderMap, body: Body) -> Response {
    let answer = Form::read(&headers, body).and_then(|form| find(&state, &form));
    respond("channel", answer)
}

/// `sdkFunctioninfo`: what clients report is not kept.
pub(super) async fn statistics() -> Response {
    respond("statistics", Ok(json!({ "code": 200 })))
}

/// Who asks, in words that anybody could have written.
struct Caller<'a> {
    app: &'a VendorApp,
    secret: Secret,
    shown: &'a str,
    uid: Uid,
}

impl<'a> Caller<'a> {
    fn read(state: &'a HttpState, form: &'a Form) -> Result<Self, Refusal> {
        let (key, shown) = split_key(form.need("appkey", MAX_KEY)?);
        let uid = Uid::parse(form.need("uid", 15)?).ok_or(Refusal::invalid("uid"))?;
        let app = state.service().config().vendor.by_key(key);
        let app = app.ok_or(Refusal::invalid("appkey"))?;
        let secret = state.service().app_secret(&app.app);
        Ok(Self {
            app,
            secret: secret.ok_or(Refusal::invalid("appkey"))?,
            shown,
            uid,
        })
    }
}

fn split_key(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((text, ""))
}

fn find(state: &HttpState, form: &Form) -> Result<Value, Refusal> {
    let caller = Caller::read(state, form)?;
    let service = state.service();
    let now = service.clock().now();
    let checksum = form.need("checksum", MAX_CHECKSUM)?;
    if !sign::is_checksum(&caller.secret, &caller.app.key, caller.uid, checksum, now) {
        return Err(Refusal::invalid("checksum"));
    }
    let channel = RoomName::parse(form.need("channelName", RoomName::MAX_LEN)?);
    let channel = channel.map_err(|_| Refusal::invalid("channelName"))?;
    let p2p = match form.need("mode", 1)? {
        "1" => true,
        "2" => false,
        _ => return Err(Refusal::invalid("mode")),
    };
    let venue = venue::find(service, &caller.app.app, &channel);
    if venue.as_ref().is_some_and(|venue| venue.is_p2p != p2p) {
        return Err(Refusal::invalid("mode"));
    }
    if let Some(venue) = &venue
        && venue::is_full(service, &caller.app.app, venue, caller.uid)
    {
        return Err(Refusal::third());
    }
    let proven = match caller.app.tokens {
        TokenPolicy::Jwt => Some(prove_account(state, &caller)?),
        TokenPolicy::Hook | TokenPolicy::Open => None,
    };
    let cid = channel_number(&caller.app.app, &channel);
    let claims = Claims {
        key: caller.app.key.clone(),
        // What was looked at already is not carried on.
        shown: proven.as_ref().map_or(caller.shown, |_| "").to_owned(),
        proven,
        channel,
        uid: caller.uid,
        p2p,
        known: venue.map(|venue| venue.known),
        at: now.as_secs(),
    };
    Ok(json!({
        "code": 200,
        "cid": cid,
        "token": claims.sign(&caller.secret),
        "ips": { "wechatapparray": [host(state)] },
        "config": {},
    }))
}

/// Whose token is shown. Not the account's name counts but the token's: clients tell their account on logging in.
fn prove_account(state: &HttpState, caller: &Caller<'_>) -> Result<Proven, Refusal> {
    let refused = || Refusal::forbidden("invalid_token");
    let proven = prove(state, caller.shown).map_err(|problem| match problem.code() {
        "rate_limited" => Refusal::too_often(),
        _ => refused(),
    })?;
    // The app's own server has a token for everything, but speaks another protocol.
    if proven.app != caller.app.app || proven.is_app {
        return Err(refused());
    }
    Ok(Proven {
        account: proven.account,
        room: proven.room,
        role: proven.role,
    })
}

/// Where clients dial: they put `wss://` before it and `/` behind it.
fn host(state: &HttpState) -> String {
    if let Some(host) = &state.config().netcall.host {
        return host.clone();
    }
    let base = state.service().core.live.load().http_base.clone();
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    host.trim_end_matches('/').to_owned()
}

/// Answers are always 200 in HTTP; what went wrong is in the body.
fn respond(what: &'static str, answer: Result<Value, Refusal>) -> Response {
    let body = answer.unwrap_or_else(|refusal| {
        metrics::counter!("lianmai_netcall_refused_total", "at" => what, "code" => refusal.code.to_string())
            .increment(1);
        json!({ "code": refusal.code, "errmsg": refusal.why })
    });
    ([("cache-control", "no-store")], Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proves_the_account_follows_the_key() {
        assert_eq!(split_key("0123abcd"), ("0123abcd", ""));
        assert_eq!(split_key("0123abcd:a.b.c"), ("0123abcd", "a.b.c"));
        assert_eq!(split_key("k:x:y"), ("k", "x:y"));
        assert_eq!(split_key(":"), ("", ""));
    }
}
