//! Pushes of streams to other servers: for the app and the room's admins.

use lianmai_rooms::{Actor, Command, MAX_PUSHES, MemberId, PushId, PushUrl, Rejection, Role, RoomId};

use super::Ctx;
use super::context::refuse;
use crate::bypass::check_url;
use crate::http::dto;
use crate::http::problem::Problem;

/// Begins to push a stream.
pub(crate) async fn add(ctx: &Ctx, room: RoomId, body: dto::AddPush) -> Result<dto::Push, Problem> {
    let by = ctx.actor(&room)?;
    let url = parse(&body.url, "url")?;
    let service = ctx.service();
    let push = service
        .add_push(&ctx.caller.app, &room, by, body.stream, url)
        .await?;
    Ok(push.into())
}

/// All pushes of a room.
pub(crate) async fn list(ctx: &Ctx, room: RoomId) -> Result<dto::PushList, Problem> {
    require_admin(ctx, &room)?;
    let pushes = ctx.service().pushes(&ctx.caller.app, &room)?;
    Ok(dto::PushList {
        pushes: pushes.into_iter().map(Into::into).collect(),
    })
}

/// One push.
pub(crate) async fn show(ctx: &Ctx, room: RoomId, push: PushId) -> Result<dto::Push, Problem> {
    require_admin(ctx, &room)?;
    Ok(ctx.service().push(&ctx.caller.app, &room, &push)?.into())
}

/// Ends a push.
pub(crate) async fn remove(ctx: &Ctx, room: RoomId, push: PushId) -> Result<dto::Sequence, Problem> {
    let by = ctx.actor(&room)?;
    let outcome = ctx
        .service()
        .remove_push(&ctx.caller.app, &room, by, push)
        .await?;
    Ok(dto::Sequence {
        sequence: outcome.sequence,
    })
}

/// The addresses of options, checked before anything is changed.
pub(super) fn parse_all(ctx: &Ctx, pushes: &[dto::MixPush]) -> Result<Vec<PushUrl>, Problem> {
    if pushes.len() > MAX_PUSHES {
        return Err(refuse(Rejection::TooManyPushes));
    }
    let mut urls: Vec<PushUrl> = Vec::with_capacity(pushes.len());
    for (n, push) in pushes.iter().enumerate() {
        let field = format!("pushes[{n}].url");
        let url = parse(&push.url, &field)?;
        check_url(&url, &ctx.service().config().bypass).map_err(|error| Problem::from(error).field(field))?;
        if urls.contains(&url) {
            return Err(refuse(Rejection::PushExists));
        }
        urls.push(url);
    }
    Ok(urls)
}

/// Pushes the mix of a room that was just made.
pub(super) async fn add_to_new_room(ctx: &Ctx, room: &RoomId, urls: Vec<PushUrl>) -> Result<(), Problem> {
    let (service, app) = (ctx.service(), &ctx.caller.app);
    for url in urls {
        if let Err(error) = service.add_push(app, room, Actor::App, None, url).await {
            // What was asked for cannot be had as a whole.
            let _ = service.destroy(app, room, Actor::App).await;
            return Err(error.into());
        }
    }
    Ok(())
}

/// Pushes the mix on behalf of a member that just came, or came again; those that are there already stay.
pub(super) async fn add_for_member(
    ctx: &Ctx,
    room: &RoomId,
    member: &MemberId,
    again: bool,
    urls: Vec<PushUrl>,
) -> Result<(), Problem> {
    let (service, app) = (ctx.service(), &ctx.caller.app);
    for url in urls {
        let by = Actor::Member(member.clone());
        match service.add_push(app, room, by, None, url).await {
            Ok(_) => {}
            Err(error) if error.code == Rejection::PushExists.code() => {}
            Err(error) => {
                if !again {
                    let leave = Command::Leave {
                        member: member.clone(),
                        session: None,
                    };
                    // It came for something that cannot be had.
                    let _ = service.apply(app, room, leave).await;
                }
                return Err(error.into());
            }
        }
    }
    Ok(())
}

fn parse(url: &str, field: &str) -> Result<PushUrl, Problem> {
    PushUrl::parse(url).map_err(|error| Problem::invalid(field, error.to_string()))
}

fn require_admin(ctx: &Ctx, room: &RoomId) -> Result<(), Problem> {
    let Actor::Member(me) = ctx.actor(room)? else {
        return Ok(());
    };
    let view = ctx.room(room)?.view;
    let is_admin = view
        .members
        .get(&me)
        .is_some_and(|member| member.role == Role::Admin);
    if is_admin {
        Ok(())
    } else {
        Err(refuse(Rejection::NotAllowed))
    }
}
