//! Members, their roles and requests.

use axum::Json;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::{MemberPath, RoomPath};
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids};
use crate::http::ops::{Ctx, members};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(join_room, list_members))
        .routes(routes!(show_member, update_member, remove_member))
        .routes(routes!(member_heartbeat))
        .routes(routes!(set_role))
        .routes(routes!(request_role))
        .routes(routes!(withdraw_request))
        .routes(routes!(answer_request))
}

/// Enter a room.
#[utoipa::path(post, path = "/v1/rooms/{room}/members", tag = "members", params(RoomPath), request_body = dto::Join,
    responses((status = 201, description = "Inside; 201 also if the account was inside before (`again`)", body = dto::Joined), Failures))]
async fn join_room(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::Join>,
) -> Result<(StatusCode, Json<dto::Joined>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(members::join(&ctx, ids.room, body).await?),
    ))
}

/// Members of a room.
#[utoipa::path(get, path = "/v1/rooms/{room}/members", tag = "members", params(RoomPath),
    responses((status = 200, description = "The members", body = dto::MemberList), Failures))]
async fn list_members(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::MemberList>, Problem> {
    Ok(Json(members::list(&ctx, ids.room).await?))
}

/// One member.
#[utoipa::path(get, path = "/v1/rooms/{room}/members/{member}", tag = "members", params(MemberPath),
    responses((status = 200, description = "The member", body = dto::Member), Failures))]
async fn show_member(ctx: Ctx, Ids(ids): Ids<MemberPath>) -> Result<Json<dto::Member>, Problem> {
    Ok(Json(members::show(&ctx, ids.room, ids.member).await?))
}

/// Change nick name or text of a member.
#[utoipa::path(patch, path = "/v1/rooms/{room}/members/{member}", tag = "members", params(MemberPath), request_body = dto::MemberUpdate,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn update_member(
    ctx: Ctx,
    Ids(ids): Ids<MemberPath>,
    Body(body): Body<dto::MemberUpdate>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(members::update(&ctx, ids.room, ids.member, body).await?))
}

/// Leave (one's own member) or remove somebody else.
#[utoipa::path(delete, path = "/v1/rooms/{room}/members/{member}", tag = "members", params(MemberPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn remove_member(ctx: Ctx, Ids(ids): Ids<MemberPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(members::remove(&ctx, ids.room, ids.member).await?))
}

/// Show a sign of life of a member that has no WebSocket and sends no media.
#[utoipa::path(post, path = "/v1/rooms/{room}/members/{member}/heartbeat", tag = "members", params(MemberPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn member_heartbeat(ctx: Ctx, Ids(ids): Ids<MemberPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(members::heartbeat(&ctx, ids.room, ids.member).await?))
}

/// Give a role, higher or lower than the present one.
#[utoipa::path(put, path = "/v1/rooms/{room}/members/{member}/role", tag = "members", params(MemberPath), request_body = dto::SetRole,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn set_role(
    ctx: Ctx,
    Ids(ids): Ids<MemberPath>,
    Body(body): Body<dto::SetRole>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(members::set_role(&ctx, ids.room, ids.member, body).await?))
}

/// Ask to become talker or admin.
#[utoipa::path(post, path = "/v1/rooms/{room}/requests", tag = "members", params(RoomPath), request_body = dto::RoleRequest,
    responses((status = 201, description = "Asked", body = dto::Sequence), Failures))]
async fn request_role(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::RoleRequest>,
) -> Result<(StatusCode, Json<dto::Sequence>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(members::request_role(&ctx, ids.room, body).await?),
    ))
}

/// Take a request back.
#[utoipa::path(delete, path = "/v1/rooms/{room}/requests/{member}", tag = "members", params(MemberPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn withdraw_request(ctx: Ctx, Ids(ids): Ids<MemberPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(members::withdraw_request(&ctx, ids.room, ids.member).await?))
}

/// Answer a request.
#[utoipa::path(post, path = "/v1/rooms/{room}/requests/{member}/answer", tag = "members", params(MemberPath), request_body = dto::AnswerRequest,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn answer_request(
    ctx: Ctx,
    Ids(ids): Ids<MemberPath>,
    Body(body): Body<dto::AnswerRequest>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(
        members::answer_request(&ctx, ids.room, ids.member, body).await?,
    ))
}
