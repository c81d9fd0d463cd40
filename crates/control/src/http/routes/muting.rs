//! Muting by the room's management.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::{MuteAllPath, MutePath};
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::Ids;
use crate::http::ops::{Ctx, members, rooms};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(mute_member, unmute_member))
        .routes(routes!(mute_all, unmute_all))
}

/// Mute one member.
#[utoipa::path(put, path = "/v1/rooms/{room}/members/{member}/mute/{kind}", tag = "members", params(MutePath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn mute_member(ctx: Ctx, Ids(ids): Ids<MutePath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(
        members::set_muted(&ctx, ids.room, ids.member, ids.kind, true).await?,
    ))
}

/// Unmute one member, also while everybody is muted.
#[utoipa::path(delete, path = "/v1/rooms/{room}/members/{member}/mute/{kind}", tag = "members", params(MutePath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn unmute_member(ctx: Ctx, Ids(ids): Ids<MutePath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(
        members::set_muted(&ctx, ids.room, ids.member, ids.kind, false).await?,
    ))
}

/// Mute everybody but admins.
#[utoipa::path(put, path = "/v1/rooms/{room}/mute-all/{kind}", tag = "rooms", params(MuteAllPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn mute_all(ctx: Ctx, Ids(ids): Ids<MuteAllPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(rooms::mute_all(&ctx, ids.room, ids.kind).await?))
}

/// End the muting of everybody.
#[utoipa::path(delete, path = "/v1/rooms/{room}/mute-all/{kind}", tag = "rooms", params(MuteAllPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn unmute_all(ctx: Ctx, Ids(ids): Ids<MuteAllPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(rooms::unmute_all(&ctx, ids.room, ids.kind).await?))
}
