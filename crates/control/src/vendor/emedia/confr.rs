//! Conferences: made, found by name, looked at.

use axum::http::StatusCode;
use lianmai_rooms::{Actor, AppId, Role, RoomId, RoomKind, RoomName, RoomView};
use serde_json::{Value, json};

use super::identity::{Proven, by_token};
use super::settings::{confr_type, settings};
use super::{Fields, Refusal, live, names};
use crate::http::HttpState;
use crate::http::ops::Ctx;
use crate::service::{CreateRoom, Password, RoomState, Service, ServiceError, random};

/// Makes a conference. Nothing is made if its live is not valid; without a password it is open.
pub(super) async fn create(
    service: &Service,
    app: &AppId,
    request: CreateRoom,
    said: &Fields,
) -> Result<RoomState, ServiceErrorOr> {
    let live = live::said(service, said)?;
    let state = service.create_room(app, request).await?;
    if let Some(live) = live {
        let room = &state.view.id;
        if let Err(refusal) = live::start(service, app, room, &Actor::App, live).await {
            // What was asked for cannot be had as a whole.
            let _ = service.destroy(app, room, Actor::App).await;
            return Err(refusal.into());
        }
    }
    Ok(state)
}

/// Why a conference was not made: the service's own words matter where a name is taken.
pub(super) enum ServiceErrorOr {
    Service(ServiceError),
    Refusal(Refusal),
}

impl From<ServiceError> for ServiceErrorOr {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<Refusal> for ServiceErrorOr {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<ServiceErrorOr> for Refusal {
    fn from(error: ServiceErrorOr) -> Self {
        match error {
            ServiceErrorOr::Service(error) => error.into(),
            ServiceErrorOr::Refusal(refusal) => refusal,
        }
    }
}

/// A password that is said, or none.
pub(super) fn password(said: &Fields) -> Result<Option<Password>, Refusal> {
    let text = said.text("password")?;
    Ok(text.map(Password::parse).transpose()?)
}

/// A password for people to pass on.
pub(super) fn generated_password() -> String {
    random::id::<8>("")
}

/// `conferences/room`: the conference of a name, which is made if there is none; the first one's settings count.
pub(super) async fn room(state: &HttpState, org: &str, app: &str, said: &Fields) -> Result<Value, Refusal> {
    let name: RoomName = said
        .parsed("roomName")?
        .ok_or_else(|| Refusal::field("roomName"))?;
    let Proven { ctx, app: known, .. } = by_token(state, said, "memName").await?;
    if known.key != format!("{org}#{app}") {
        return Err(Refusal::field("memName"));
    }
    let (service, app) = (state.service(), &ctx.caller.app);
    let password = password(said)?;
    if let Ok(found) = service.room_by_name(app, &name) {
        check_entry(&ctx, &found.view, password).await?;
        return Ok(json!({ "error": 0, "confrId": found.view.id }));
    }
    let mut settings = settings(said)?;
    settings.name = Some(name);
    let request = CreateRoom {
        id: ctx.caller.room.clone(),
        settings,
        password: password.clone(),
        creator: Some(ctx.caller.account.clone()),
    };
    match create(service, app, request, said).await {
        Ok(made) => Ok(json!({ "error": 0, "confrId": made.view.id, "isCreator": true })),
        // Somebody was faster.
        Err(ServiceErrorOr::Service(ServiceError { room: Some(room), .. })) => {
            check_entry(&ctx, &service.room(app, &room)?.view, password).await?;
            Ok(json!({ "error": 0, "confrId": room }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether somebody may know of, and enter, a conference: by password, or because it made it, is inside, or has a
/// token for it.
pub(super) async fn check_entry(
    ctx: &Ctx,
    view: &RoomView,
    password: Option<Password>,
) -> Result<(), Refusal> {
    let (room, account) = (&view.id, &ctx.caller.account);
    ctx.check_room(room)?;
    let is_inside = || view.members.values().any(|member| member.account == *account);
    let has_token = ctx.caller.room.is_some() && ctx.caller.role.is_some();
    if has_token || view.creator.as_ref() == Some(account) || is_inside() {
        return Ok(());
    }
    let service = ctx.service();
    service
        .check_room_password(&ctx.caller.app, room, password)
        .await?;
    Ok(())
}

/// The conference that a request names.
pub(super) fn find(service: &Service, app: &AppId, said: &Fields) -> Result<RoomState, Refusal> {
    let room = RoomId::parse(said.need("confrId")?).map_err(|_| no_conference())?;
    Ok(service.room(app, &room)?)
}

/// There is no such conference.
pub(super) fn no_conference() -> Refusal {
    let text = "there is no such conference";
    Refusal::new(
        super::refusal::NO_CONFERENCE,
        "no_such_room",
        text,
        StatusCode::NOT_FOUND,
    )
}

/// `select/confr`.
pub(super) async fn select(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let Proven { ctx, app, .. } = by_token(state, said, "uid").await?;
    let view = find(state.service(), &ctx.caller.app, said)?.view;
    check_entry(&ctx, &view, password(said)?).await?;
    let mut talkers = Vec::new();
    let mut audience = 0;
    for member in view.members.values() {
        if member.role == Role::Audience {
            audience += 1;
        } else {
            talkers.push(names::mem_name(app, &member.account));
        }
    }
    let confr = json!({
        "id": view.id,
        "confrId": view.id,
        "type": confr_type(view.settings.kind),
        "mixed": is_mixed(view.settings.kind),
        "memTotal": view.members.len(),
        "audienceTotal": audience,
        "talkers": talkers,
    });
    Ok(json!({ "error": 0, "confr": confr }))
}

/// Whether the gateway is to make a mix, as far as the type says.
pub(super) const fn is_mixed(kind: RoomKind) -> bool {
    matches!(kind, RoomKind::CommunicationMix | RoomKind::Live)
}
