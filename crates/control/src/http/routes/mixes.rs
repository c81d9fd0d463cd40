//! The mix of a room.

use axum::Json;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::{MemberPath, PicturePath, RoomPath};
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids};
use crate::http::ops::{Ctx, mixes};
use crate::http::problem::Problem;
use crate::mixing::MAX_ASSET_BYTES;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    let pictures = OpenApiRouter::default()
        .routes(routes!(set_mix_picture, delete_mix_picture))
        .layer(DefaultBodyLimit::max(MAX_ASSET_BYTES));
    OpenApiRouter::default()
        .routes(routes!(start_mix, show_mix, update_mix, stop_mix))
        .routes(routes!(set_main_picture))
        .routes(routes!(set_mix_gain))
        .routes(routes!(mix_pull_url))
        .routes(routes!(list_mix_pictures))
        .merge(pictures)
}

/// Start the mix of a room, or change its layout while there is one.
#[utoipa::path(post, path = "/v1/rooms/{room}/mix", tag = "mix", params(RoomPath), request_body = Option<dto::MixRequest>,
    responses((status = 201, description = "The mix", body = dto::Mix), Failures))]
async fn start_mix(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::MixRequest>,
) -> Result<(StatusCode, Json<dto::Mix>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(mixes::start(&ctx, ids.room, body).await?),
    ))
}

/// Show the mix of a room, or what it would be.
#[utoipa::path(get, path = "/v1/rooms/{room}/mix", tag = "mix", params(RoomPath),
    responses((status = 200, description = "The mix", body = dto::Mix), Failures))]
async fn show_mix(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::Mix>, Problem> {
    Ok(Json(mixes::show(&ctx, ids.room).await?))
}

/// Change the layout of a room's mix, now or for later.
#[utoipa::path(patch, path = "/v1/rooms/{room}/mix", tag = "mix", params(RoomPath), request_body = dto::MixRequest,
    responses((status = 200, description = "The mix", body = dto::Mix), Failures))]
async fn update_mix(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::MixRequest>,
) -> Result<Json<dto::Mix>, Problem> {
    Ok(Json(mixes::update(&ctx, ids.room, body).await?))
}

/// Stop the mix of a room. Its layout stays.
#[utoipa::path(delete, path = "/v1/rooms/{room}/mix", tag = "mix", params(RoomPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn stop_mix(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(mixes::stop(&ctx, ids.room).await?))
}

/// Set whose picture is the main one.
#[utoipa::path(put, path = "/v1/rooms/{room}/mix/main", tag = "mix", params(RoomPath), request_body = dto::MainPicture,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn set_main_picture(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::MainPicture>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(mixes::set_main(&ctx, ids.room, body).await?))
}

/// Set how loud a member is in the mix, or silence it there.
#[utoipa::path(put, path = "/v1/rooms/{room}/mix/members/{member}", tag = "mix", params(MemberPath), request_body = dto::MixGain,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn set_mix_gain(
    ctx: Ctx,
    Ids(ids): Ids<MemberPath>,
    Body(body): Body<dto::MixGain>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(mixes::set_gain(&ctx, ids.room, ids.member, body).await?))
}

/// Get URLs of a sound of the mix: everybody's, or everybody's but one member's own.
#[utoipa::path(post, path = "/v1/rooms/{room}/mix/pull-url", tag = "mix", params(RoomPath), request_body = Option<dto::MixPullUrl>,
    responses((status = 200, description = "The URLs", body = dto::PullUrls), Failures))]
async fn mix_pull_url(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::MixPullUrl>,
) -> Result<Json<dto::PullUrls>, Problem> {
    Ok(Json(mixes::pull_urls(&ctx, ids.room, body).await?))
}

/// List the pictures that a room's mix may show.
#[utoipa::path(get, path = "/v1/rooms/{room}/mix/pictures", tag = "mix", params(RoomPath),
    responses((status = 200, description = "The pictures", body = dto::MixPictureList), Failures))]
async fn list_mix_pictures(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::MixPictureList>, Problem> {
    Ok(Json(mixes::pictures(&ctx, ids.room).await?))
}

/// Store a picture for the mix: a background, an avatar or a logo, as PNG or JPEG of at most 1 MiB.
#[utoipa::path(put, path = "/v1/rooms/{room}/mix/pictures/{name}", tag = "mix", params(PicturePath),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses((status = 200, description = "The picture", body = dto::MixPicture), Failures))]
async fn set_mix_picture(
    ctx: Ctx,
    Ids(ids): Ids<PicturePath>,
    data: Result<Bytes, BytesRejection>,
) -> Result<Json<dto::MixPicture>, Problem> {
    let data = data.map_err(crate::http::extract::body_problem)?;
    Ok(Json(mixes::set_picture(&ctx, ids.room, &ids.name, data).await?))
}

/// Forget a picture.
#[utoipa::path(delete, path = "/v1/rooms/{room}/mix/pictures/{name}", tag = "mix", params(PicturePath),
    responses((status = 200, description = "Done", body = dto::Nothing), Failures))]
async fn delete_mix_picture(ctx: Ctx, Ids(ids): Ids<PicturePath>) -> Result<Json<dto::Nothing>, Problem> {
    Ok(Json(mixes::delete_picture(&ctx, ids.room, &ids.name).await?))
}
