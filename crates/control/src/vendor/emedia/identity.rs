//! Who asks: by `uid` and `token`, or by what we gave it to prove itself with later.
//!
//! `roleToken` and the `t` of `useUrl` are tokens as for `/v1`, of an account and for one room. They entitle to nothing
//! by themselves: what a member may do is asked of the room.

use std::net::SocketAddr;

use lianmai_rooms::{AccountId, Actor, AppId, RoomId, SessionId};

use super::{Fields, Refusal, VENDOR, names};
use crate::http::jwt::{self, Claims};
use crate::http::ops::Ctx;
use crate::http::{Caller, HttpState, prove};
use crate::vendor::VendorApp;
use crate::vendor::tokens::{self, Claim};

/// Somebody who has proven who it is.
pub(super) struct Proven<'a> {
    pub(super) ctx: Ctx,
    pub(super) app: &'a VendorApp,
    /// As the client writes itself.
    pub(super) mem_name: String,
}

/// By name and token of the vendor; `field` is where the name is.
pub(super) async fn by_token<'a>(
    state: &'a HttpState,
    fields: &Fields,
    field: &str,
) -> Result<Proven<'a>, Refusal> {
    let config = &state.service().config().vendor;
    let named = names::named(config, fields.need(field)?).ok_or_else(|| Refusal::field(field))?;
    let claim = Claim {
        vendor: VENDOR,
        app: named.app,
        account: &named.account,
        token: fields.text("token")?.unwrap_or_default(),
    };
    let caller = tokens::check(state, claim).await?;
    Ok(Proven {
        ctx: Ctx {
            state: state.clone(),
            caller,
        },
        app: named.app,
        mem_name: named.mem_name,
    })
}

/// Somebody who acts in a conference.
pub(super) struct Acting<'a> {
    pub(super) ctx: Ctx,
    pub(super) app: &'a VendorApp,
    pub(super) room: RoomId,
}

impl Acting<'_> {
    /// The member it is.
    pub(super) fn actor(&self) -> Result<Actor, Refusal> {
        Ok(self.ctx.actor(&self.room)?)
    }
}

/// By the `roleToken` of a request, wherever the client has put it.
pub(super) fn by_role_token<'a>(state: &'a HttpState, fields: &Fields) -> Result<Acting<'a>, Refusal> {
    let nested = fields.object("data").unwrap_or_default();
    let token = match (fields.text("roleToken")?, &nested) {
        (Some(token), _) => token,
        (None, Some(data)) => data.need("roleToken")?,
        (None, None) => return Err(Refusal::field("roleToken")),
    };
    let acting = by_link(state, token)?;
    // Some calls carry the whole conference there; the token says which it is.
    match fields.get("confrId").and_then(serde_json::Value::as_str) {
        Some(named) if named != acting.room.as_str() => Err(Refusal::link()),
        _ => Ok(acting),
    }
}

/// By a token of ours.
pub(super) fn by_link<'a>(state: &'a HttpState, token: &str) -> Result<Acting<'a>, Refusal> {
    let caller = prove(state, token).map_err(|problem| match problem.code() {
        "expired_token" | "rate_limited" => Refusal::from(problem),
        _ => Refusal::link(),
    })?;
    let (Some(room), false) = (caller.room.clone(), caller.is_app) else {
        return Err(Refusal::link());
    };
    let config = &state.service().config().vendor;
    let app = config.by_app(&caller.app).ok_or_else(Refusal::link)?;
    let ctx = Ctx {
        state: state.clone(),
        caller,
    };
    Ok(Acting { ctx, app, room })
}

/// A token of ours for an account in a room.
pub(super) fn link(
    state: &HttpState,
    app: &AppId,
    account: &AccountId,
    room: &RoomId,
) -> Result<String, Refusal> {
    let secret = state.service().app_secret(app).ok_or_else(Refusal::link)?;
    let now = state.service().clock().now().as_secs();
    let expires_at = now.saturating_add(state.config().jwt.max_lifetime_secs);
    let mut claims = Claims::new(app.clone(), account.clone(), expires_at);
    claims.room = Some(room.clone());
    jwt::sign(&claims, &secret).map_err(|_| Refusal::link())
}

/// The caller behind a conference's connection, whose account was proven when it entered.
pub(super) fn connected(
    app: AppId,
    account: AccountId,
    room: RoomId,
    session: SessionId,
    address: SocketAddr,
) -> Caller {
    Caller {
        app,
        account,
        is_app: false,
        room: Some(room),
        role: None,
        session: Some(session),
        address: Some(address),
        expires_at_secs: u64::MAX,
    }
}
