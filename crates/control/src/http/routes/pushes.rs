//! Pushes of streams to other servers.

use axum::Json;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::{PushPath, RoomPath};
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids};
use crate::http::ops::{Ctx, pushes};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(add_push, list_pushes))
        .routes(routes!(show_push, remove_push))
}

/// Push a stream, usually the mix, to another server. For the app and admins.
#[utoipa::path(post, path = "/v1/rooms/{room}/pushes", tag = "pushes", params(RoomPath), request_body = dto::AddPush,
    responses((status = 201, description = "The push", body = dto::Push), Failures))]
async fn add_push(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::AddPush>,
) -> Result<(StatusCode, Json<dto::Push>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(pushes::add(&ctx, ids.room, body).await?),
    ))
}

/// Pushes of a room and how their targets stand. For the app and admins.
#[utoipa::path(get, path = "/v1/rooms/{room}/pushes", tag = "pushes", params(RoomPath),
    responses((status = 200, description = "The pushes", body = dto::PushList), Failures))]
async fn list_pushes(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::PushList>, Problem> {
    Ok(Json(pushes::list(&ctx, ids.room).await?))
}

/// One push and how its target stands. For the app and admins.
#[utoipa::path(get, path = "/v1/rooms/{room}/pushes/{push}", tag = "pushes", params(PushPath),
    responses((status = 200, description = "The push", body = dto::Push), Failures))]
async fn show_push(ctx: Ctx, Ids(ids): Ids<PushPath>) -> Result<Json<dto::Push>, Problem> {
    Ok(Json(pushes::show(&ctx, ids.room, ids.push).await?))
}

/// End a push. For the app and admins.
#[utoipa::path(delete, path = "/v1/rooms/{room}/pushes/{push}", tag = "pushes", params(PushPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn remove_push(ctx: Ctx, Ids(ids): Ids<PushPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(pushes::remove(&ctx, ids.room, ids.push).await?))
}
