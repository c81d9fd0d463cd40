//! Rooms as a whole: make, show, change, end; attributes, messages, muting of everybody.

use std::time::Duration;

use lianmai_hub::StreamKey;
use lianmai_rooms::{
    Actor, AttributeKey, Command, MuteKind, Recipient, Rejection, Role, RoomId, RoomKind, Settings,
    SettingsChange,
};

use super::context::refuse;
use super::{Ctx, pushes};
use crate::http::dto;
use crate::http::problem::Problem;
use crate::service::{self, Password};

/// Makes a room.
pub(crate) async fn create(ctx: &Ctx, body: dto::CreateRoom) -> Result<dto::Room, Problem> {
    let defaults = Settings::new(body.kind.unwrap_or(RoomKind::Communication));
    let settings = Settings {
        name: body.name,
        limits: body.limits.unwrap_or_default().over(defaults.limits)?,
        record: body.record,
        record_merge: body.record_merge,
        custom_info: body.custom_info,
        mini_program: body.mini_program.unwrap_or(defaults.mini_program),
        lifetime: body.lifetime.unwrap_or(defaults.lifetime),
        permissions: body.permissions.over(defaults.permissions),
        timing: body.timing.over(defaults.timing),
        ..defaults
    };
    let creator = if ctx.caller.is_app {
        body.creator
    } else {
        Some(ctx.caller.account.clone())
    };
    let id = body.id.or_else(|| ctx.caller.room.clone());
    if let Some(id) = &id {
        ctx.check_room(id)?;
    }
    let pushes = pushes::parse_all(ctx, &body.pushes)?;
    let password = body.password.as_deref().map(parse_password).transpose()?;
    let request = service::CreateRoom {
        id,
        settings,
        password,
        creator,
    };
    let state = ctx.service().create_room(&ctx.caller.app, request).await?;
    if !pushes.is_empty() {
        pushes::add_to_new_room(ctx, &state.view.id, pushes).await?;
        let state = ctx.service().room(&ctx.caller.app, &state.view.id)?;
        return Ok(dto::Room::new(state.view, state.sequence));
    }
    Ok(dto::Room::new(state.view, state.sequence))
}

fn parse_password(text: &str) -> Result<Password, Problem> {
    Password::parse(text).map_err(|error| Problem::from(error).field("password"))
}

/// A page of the app's rooms.
pub(crate) async fn list(ctx: &Ctx, query: dto::RoomQuery) -> Result<dto::RoomList, Problem> {
    ctx.require_app()?;
    let limit = query.limit.unwrap_or(100).clamp(1, 500);
    let rooms = ctx
        .service()
        .rooms(&ctx.caller.app, query.after.as_ref(), limit)?;
    let next_after = if rooms.len() < limit {
        None
    } else {
        rooms.last().map(|room| room.id.clone())
    };
    Ok(dto::RoomList {
        rooms: rooms.into_iter().map(Into::into).collect(),
        next_after,
    })
}

/// One room.
pub(crate) async fn show(ctx: &Ctx, room: RoomId) -> Result<dto::Room, Problem> {
    let state = ctx.room(&room)?;
    let mut room = dto::Room::new(state.view, state.sequence);
    for stream in &mut room.streams {
        let key = StreamKey::new(ctx.caller.app.as_str(), stream.id.as_str());
        stream.mix = ctx.service().workers().mix(&key);
    }
    Ok(room)
}

/// Changes settings.
pub(crate) async fn update(ctx: &Ctx, room: RoomId, body: dto::SettingsUpdate) -> Result<dto::Room, Problem> {
    let by = ctx.actor(&room)?;
    let limits = match body.limits {
        Some(limits) => Some(limits.over(ctx.room(&room)?.view.settings.limits)?),
        None => None,
    };
    let password = match &body.password {
        Some(Some(text)) => Some(Some(parse_password(text)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = SettingsChange {
        custom_info: body.custom_info,
        record: body.record,
        record_merge: body.record_merge,
        limits,
        password: None,
    };
    ctx.run(
        &room,
        Command::UpdateSettings {
            by: by.clone(),
            change,
        },
    )
    .await?;
    if let Some(password) = password {
        ctx.service()
            .set_room_password(&ctx.caller.app, &room, by, password)
            .await?;
    }
    show(ctx, room).await
}

/// Ends the room for everybody.
pub(crate) async fn destroy(ctx: &Ctx, room: RoomId) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(&room, Command::Destroy { by }).await
}

/// Signs a ticket: the app's own server any, an admin of the room for its room.
pub(crate) async fn issue_ticket(
    ctx: &Ctx,
    room: RoomId,
    body: dto::IssueTicket,
) -> Result<dto::Ticket, Problem> {
    if let Actor::Member(member) = ctx.actor(&room)? {
        let state = ctx.room(&room)?;
        if state
            .view
            .members
            .get(&member)
            .is_none_or(|member| member.role != Role::Admin)
        {
            return Err(refuse(Rejection::NotAllowed));
        }
    }
    let request = service::TicketRequest {
        account: body.account,
        role: body.role,
        ttl: body.ttl_ms.map(Duration::from_millis),
    };
    let ticket = ctx.service().issue_ticket(&ctx.caller.app, &room, request)?;
    Ok(dto::Ticket {
        ticket: ticket.ticket,
        expires_at: ticket.expires_at,
    })
}

/// Sets a room attribute.
pub(crate) async fn set_attribute(
    ctx: &Ctx,
    room: RoomId,
    key: AttributeKey,
    body: dto::SetAttribute,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(
        &room,
        Command::SetAttribute {
            by,
            key,
            value: body.value,
        },
    )
    .await
}

/// Deletes a room attribute.
pub(crate) async fn delete_attribute(
    ctx: &Ctx,
    room: RoomId,
    key: AttributeKey,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(&room, Command::DeleteAttribute { by, key }).await
}

/// Passes a message on.
pub(crate) async fn send_message(
    ctx: &Ctx,
    room: RoomId,
    body: dto::Message,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let to = body.to.map_or(Recipient::Everyone, Recipient::Member);
    ctx.done(
        &room,
        Command::CustomMessage {
            by,
            to,
            payload: body.payload,
        },
    )
    .await
}

/// Mutes everybody but admins.
pub(crate) async fn mute_all(ctx: &Ctx, room: RoomId, kind: MuteKind) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(&room, Command::MuteAll { by, kind }).await
}

/// Ends the muting of everybody.
pub(crate) async fn unmute_all(ctx: &Ctx, room: RoomId, kind: MuteKind) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    ctx.done(&room, Command::UnmuteAll { by, kind }).await
}
