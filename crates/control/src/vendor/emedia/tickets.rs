//! `req/ticket`: makes a conference, or lets somebody into one.

use lianmai_rooms::{AccountId, AppId, Role, RoomView};
use serde_json::{Value, json};

use super::confr::{self, is_mixed};
use super::identity::{self, Proven, by_token};
use super::settings::{confr_type, settings};
use super::{Fields, Refusal, names};
use crate::http::HttpState;
use crate::http::ops::Ctx;
use crate::service::{CreateRoom, TicketRequest};

/// With `confrId` a ticket for a conference, else with `confrType` a new one.
pub(super) async fn request(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let role = said.int("role")?;
    let asked = names::role_asked(role)?;
    let proven = by_token(state, said, "uid").await?;
    let service = state.service();
    let app = &proven.ctx.caller.app;
    if said.get("confrId").is_some() {
        let view = confr::find(service, app, said)?.view;
        let shown = said.text("password")?.unwrap_or_default();
        confr::check_entry(&proven.ctx, &view, confr::password(said)?).await?;
        let granted = granted(&proven.ctx, &view, asked);
        return answer(state, &proven, &view, granted, role, shown);
    }
    // A client that failed to make a room asks for a ticket without either.
    if !said.0.contains_key("confrType") {
        return Err(Refusal::field("confrId"));
    }
    let request = CreateRoom {
        id: proven.ctx.caller.room.clone(),
        settings: settings(said)?,
        // Without one it is open to those who know its id, which cannot be guessed.
        password: confr::password(said)?,
        creator: Some(proven.ctx.caller.account.clone()),
    };
    let made = confr::create(service, app, request, said).await?;
    let shown = said.text("password")?.unwrap_or_default();
    answer(state, &proven, &made.view, Role::Admin, role, shown)
}

/// The role that somebody gets who asks for one: never more than the conference gives to it.
fn granted(ctx: &Ctx, view: &RoomView, asked: Option<Role>) -> Role {
    let account = &ctx.caller.account;
    if view.creator.as_ref() == Some(account) {
        return Role::Admin;
    }
    let inside = view.members.values().find(|member| member.account == *account);
    let token = ctx.caller.room.as_ref().and(ctx.caller.role);
    let most = token.or(inside.map(|member| member.role));
    let most = most.unwrap_or(view.settings.permissions.self_role);
    asked
        .or(token)
        .unwrap_or_else(|| view.settings.kind.default_role())
        .min(most)
}

fn answer(
    state: &HttpState,
    proven: &Proven<'_>,
    view: &RoomView,
    role: Role,
    asked: Option<i64>,
    password: &str,
) -> Result<Value, Refusal> {
    let Proven { ctx, mem_name, .. } = proven;
    let (app, account, room) = (&ctx.caller.app, &ctx.caller.account, &view.id);
    let request = TicketRequest {
        account: Some(account.clone()),
        role,
        ttl: None,
    };
    let signed = state.service().issue_ticket(app, room, request)?;
    let ticket = json!({
        "tktId": names::new_ticket(room),
        "type": "CONFR",
        "url": socket_url(state, app, view),
        "confrId": room,
        "memName": mem_name,
        "role": asked,
        "signed": signed.ticket,
    });
    let role_token = role_token(state, app, account, view)?;
    Ok(json!({
        "error": 0,
        "confrId": room,
        "type": confr_type(view.settings.kind),
        "mixed": is_mixed(view.settings.kind),
        "password": password,
        "role": names::role_shown(role, asked),
        "roleToken": role_token,
        // Clients that made a conference look for it one level too deep.
        "data": { "roleToken": role_token },
        "ticket": ticket.to_string(),
    }))
}

/// What a member shows to manage its conference.
pub(super) fn role_token(
    state: &HttpState,
    app: &AppId,
    account: &AccountId,
    view: &RoomView,
) -> Result<String, Refusal> {
    identity::link(state, app, account, &view.id)
}

/// Where the conference's WebSocket is.
fn socket_url(state: &HttpState, app: &AppId, view: &RoomView) -> String {
    // http → ws, https → wss.
    let base = state.service().http_base().replacen("http", "ws", 1);
    format!("{base}/easemob/rtc/ws/{app}/{}", view.id)
}

/// Where a member asks for the URLs of its media.
pub(super) fn use_url(state: &HttpState, token: &str) -> String {
    format!("{}/easemob/rtc/use?t={token}", state.service().http_base())
}
