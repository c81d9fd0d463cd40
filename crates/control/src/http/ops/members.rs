//! Members: enter, leave, change, roles and requests, muting of one.

use lianmai_rooms::{Actor, Command, MemberId, MuteKind, Rejection, RoomId};

use super::context::refuse;
use super::{Ctx, pushes};
use crate::http::dto;
use crate::http::problem::Problem;
use crate::service::{JoinCredential, JoinRequest, Password};

/// Enters a room.
pub(crate) async fn join(ctx: &Ctx, room: RoomId, body: dto::Join) -> Result<dto::Joined, Problem> {
    ctx.check_room(&room)?;
    let credential = credential(ctx, &body)?;
    let pushes = pushes::parse_all(ctx, &body.pushes)?;
    let account = match body.account {
        Some(account) if ctx.caller.is_app => account,
        Some(account) if account != ctx.caller.account => return Err(refuse(Rejection::NotAllowed)),
        _ => ctx.caller.account.clone(),
    };
    let request = JoinRequest {
        account,
        role: body.role,
        credential,
        nick: body.nick,
        ext: body.ext,
        session: ctx.caller.session.clone(),
        device: body.device,
        bypass: body.bypass,
    };
    let mut joined = ctx.service().join(&ctx.caller.app, &room, request).await?;
    if !pushes.is_empty() {
        pushes::add_for_member(ctx, &room, &joined.member, joined.again, pushes).await?;
        joined.room = ctx.service().room(&ctx.caller.app, &room)?;
    }
    Ok(dto::Joined {
        member: joined.member,
        again: joined.again,
        room: dto::Room::new(joined.room.view, joined.room.sequence),
    })
}

/// What the caller shows: a ticket, a password, a token made for the room, or that it is the app itself.
fn credential(ctx: &Ctx, body: &dto::Join) -> Result<JoinCredential, Problem> {
    match (&body.ticket, &body.password) {
        (Some(_), Some(_)) => Err(Problem::invalid(
            "ticket",
            "show a ticket or a password, not both",
        )),
        (Some(ticket), None) => Ok(JoinCredential::Ticket(ticket.clone())),
        (None, Some(text)) => {
            let password = Password::parse(text).map_err(|error| Problem::from(error).field("password"))?;
            Ok(JoinCredential::Password(password))
        }
        (None, None) if ctx.caller.is_app => Ok(JoinCredential::App),
        (None, None) => Ok(match (&ctx.caller.room, ctx.caller.role) {
            (Some(_), Some(role)) => JoinCredential::Token { role },
            _ => JoinCredential::None,
        }),
    }
}

/// Members of a room.
pub(crate) async fn list(ctx: &Ctx, room: RoomId) -> Result<dto::MemberList, Problem> {
    let state = ctx.room(&room)?;
    let all = state.view.mute_all;
    let members = state
        .view
        .members
        .into_values()
        .map(|member| dto::Member::new(member, Some(all)))
        .collect();
    Ok(dto::MemberList {
        members,
        sequence: state.sequence,
    })
}

/// One member.
pub(crate) async fn show(ctx: &Ctx, room: RoomId, member: MemberId) -> Result<dto::Member, Problem> {
    let mut state = ctx.room(&room)?;
    let all = state.view.mute_all;
    let found = state
        .view
        .members
        .remove(&member)
        .ok_or_else(|| refuse(Rejection::NoSuchMember))?;
    Ok(dto::Member::new(found, Some(all)))
}

/// Changes texts of a member.
pub(crate) async fn update(
    ctx: &Ctx,
    room: RoomId,
    member: MemberId,
    body: dto::MemberUpdate,
) -> Result<dto::Sequence, Problem> {
    let member = ctx.acting_member(&room, Some(member))?;
    ctx.done(
        &room,
        Command::UpdateMember {
            member,
            nick: body.nick,
            ext: body.ext,
        },
    )
    .await
}

/// Leaves, if it is the caller's own member; otherwise removes the member.
pub(crate) async fn remove(ctx: &Ctx, room: RoomId, member: MemberId) -> Result<dto::Sequence, Problem> {
    let command = match ctx.actor(&room)? {
        Actor::Member(myself) if myself == member => Command::Leave {
            member,
            session: None,
        },
        by => Command::Kick { by, member },
    };
    ctx.done(&room, command).await
}

/// Leaves the room altogether, or with this session only.
pub(crate) async fn leave(ctx: &Ctx, room: RoomId, body: dto::Leave) -> Result<dto::Sequence, Problem> {
    let member = ctx.acting_member(&room, body.member)?;
    let session = if body.session_only {
        ctx.caller.session.clone()
    } else {
        None
    };
    let left = ctx
        .done(
            &room,
            Command::Leave {
                member: member.clone(),
                session: session.clone(),
            },
        )
        .await?;
    if let (Some(session), Some(webrtc)) = (&session, ctx.service().webrtc()) {
        webrtc.session_left(&ctx.caller.app, &member, session);
    }
    Ok(left)
}

/// Shows a sign of life of a member that has no session.
pub(crate) async fn heartbeat(ctx: &Ctx, room: RoomId, member: MemberId) -> Result<dto::Sequence, Problem> {
    let member = ctx.acting_member(&room, Some(member))?;
    ctx.done(&room, Command::Touch { member }).await
}

/// Gives a role, higher or lower than the present one.
pub(crate) async fn set_role(
    ctx: &Ctx,
    room: RoomId,
    member: MemberId,
    body: dto::SetRole,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let present = show(ctx, room.clone(), member.clone()).await?.role;
    let role = body.role;
    let command = if role < present {
        Command::DegradeRole { by, member, role }
    } else {
        Command::GrantRole { by, member, role }
    };
    ctx.done(&room, command).await
}

/// Mutes one member, or unmutes it.
pub(crate) async fn set_muted(
    ctx: &Ctx,
    room: RoomId,
    member: MemberId,
    kind: MuteKind,
    muted: bool,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let command = match muted {
        true => Command::Mute { by, member, kind },
        false => Command::Unmute { by, member, kind },
    };
    ctx.done(&room, command).await
}

/// Asks for a role.
pub(crate) async fn request_role(
    ctx: &Ctx,
    room: RoomId,
    body: dto::RoleRequest,
) -> Result<dto::Sequence, Problem> {
    let member = ctx.acting_member(&room, body.member)?;
    ctx.done(
        &room,
        Command::RequestRole {
            member,
            role: body.role,
        },
    )
    .await
}

/// Takes a request back.
pub(crate) async fn withdraw_request(
    ctx: &Ctx,
    room: RoomId,
    member: MemberId,
) -> Result<dto::Sequence, Problem> {
    let member = ctx.acting_member(&room, Some(member))?;
    ctx.done(&room, Command::WithdrawRequest { member }).await
}

/// Answers a request.
pub(crate) async fn answer_request(
    ctx: &Ctx,
    room: RoomId,
    member: MemberId,
    body: dto::AnswerRequest,
) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let dto::AnswerRequest { role, accept } = body;
    ctx.done(
        &room,
        Command::AnswerRequest {
            by,
            member,
            role,
            accept,
        },
    )
    .await
}
