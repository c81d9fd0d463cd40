//! Streams and their URLs.

use axum::Json;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::{RoomPath, StreamPath};
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids};
use crate::http::ops::{Ctx, streams};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(publish_stream, list_streams))
        .routes(routes!(update_stream, unpublish_stream))
        .routes(routes!(reissue_url))
        .routes(routes!(pull_url))
}

/// Publish a camera or screen and get the URL to push to.
#[utoipa::path(post, path = "/v1/rooms/{room}/streams", tag = "streams", params(RoomPath), request_body = dto::Publish,
    responses((status = 201, description = "The stream and its push URL", body = dto::Published), Failures))]
async fn publish_stream(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::Publish>,
) -> Result<(StatusCode, Json<dto::Published>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(streams::publish(&ctx, ids.room, body).await?),
    ))
}

/// Streams of a room with their figures.
#[utoipa::path(get, path = "/v1/rooms/{room}/streams", tag = "streams", params(RoomPath),
    responses((status = 200, description = "The streams", body = dto::StreamList), Failures))]
async fn list_streams(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::StreamList>, Problem> {
    Ok(Json(streams::list(&ctx, ids.room).await?))
}

/// Switch video or audio of a stream off or on.
#[utoipa::path(patch, path = "/v1/rooms/{room}/streams/{stream}", tag = "streams", params(StreamPath), request_body = dto::StreamUpdate,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn update_stream(
    ctx: Ctx,
    Ids(ids): Ids<StreamPath>,
    Body(body): Body<dto::StreamUpdate>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(streams::update(&ctx, ids.room, ids.stream, body).await?))
}

/// Remove a stream.
#[utoipa::path(delete, path = "/v1/rooms/{room}/streams/{stream}", tag = "streams", params(StreamPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn unpublish_stream(ctx: Ctx, Ids(ids): Ids<StreamPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(streams::unpublish(&ctx, ids.room, ids.stream).await?))
}

/// Replace the URLs of a stream by newer ones; the old ones work on for a short overlap.
#[utoipa::path(post, path = "/v1/rooms/{room}/streams/{stream}/push-url", tag = "streams", params(StreamPath),
    responses((status = 200, description = "The new push URL", body = dto::Reissued), Failures))]
async fn reissue_url(ctx: Ctx, Ids(ids): Ids<StreamPath>) -> Result<Json<dto::Reissued>, Problem> {
    Ok(Json(streams::reissue(&ctx, ids.room, ids.stream).await?))
}

/// Get URLs to pull a stream from.
#[utoipa::path(post, path = "/v1/rooms/{room}/streams/{stream}/pull-url", tag = "streams", params(StreamPath), request_body = Option<dto::PullUrl>,
    responses((status = 200, description = "The URLs", body = dto::PullUrls), Failures))]
async fn pull_url(
    ctx: Ctx,
    Ids(ids): Ids<StreamPath>,
    Body(body): Body<dto::PullUrl>,
) -> Result<Json<dto::PullUrls>, Problem> {
    Ok(Json(streams::pull_urls(&ctx, ids.room, ids.stream, body).await?))
}
