//! Rooms as a whole.

use axum::Json;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use super::ids::{AttributePath, RoomPath};
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids, Params};
use crate::http::ops::{Ctx, apps, rooms};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(create_room, list_rooms))
        .routes(routes!(show_room, update_room, destroy_room))
        .routes(routes!(issue_ticket))
        .routes(routes!(set_attribute, delete_attribute))
        .routes(routes!(send_message))
        .routes(routes!(list_events))
}

/// Make a room.
#[utoipa::path(post, path = "/v1/rooms", tag = "rooms", request_body = dto::CreateRoom,
    responses((status = 201, description = "The room", body = dto::Room), Failures))]
async fn create_room(
    ctx: Ctx,
    Body(body): Body<dto::CreateRoom>,
) -> Result<(StatusCode, Json<dto::Room>), Problem> {
    Ok((StatusCode::CREATED, Json(rooms::create(&ctx, body).await?)))
}

/// A page of the app's rooms; for its own server only.
#[utoipa::path(get, path = "/v1/rooms", tag = "rooms", params(dto::RoomQuery),
    responses((status = 200, description = "The rooms", body = dto::RoomList), Failures))]
async fn list_rooms(ctx: Ctx, Params(query): Params<dto::RoomQuery>) -> Result<Json<dto::RoomList>, Problem> {
    Ok(Json(rooms::list(&ctx, query).await?))
}

/// One room with its members and streams.
#[utoipa::path(get, path = "/v1/rooms/{room}", tag = "rooms", params(RoomPath),
    responses((status = 200, description = "The room", body = dto::Room), Failures))]
async fn show_room(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::Room>, Problem> {
    Ok(Json(rooms::show(&ctx, ids.room).await?))
}

/// Change settings of a room.
#[utoipa::path(patch, path = "/v1/rooms/{room}", tag = "rooms", params(RoomPath), request_body = dto::SettingsUpdate,
    responses((status = 200, description = "The room now", body = dto::Room), Failures))]
async fn update_room(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::SettingsUpdate>,
) -> Result<Json<dto::Room>, Problem> {
    Ok(Json(rooms::update(&ctx, ids.room, body).await?))
}

/// End a room for everybody.
#[utoipa::path(delete, path = "/v1/rooms/{room}", tag = "rooms", params(RoomPath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn destroy_room(ctx: Ctx, Ids(ids): Ids<RoomPath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(rooms::destroy(&ctx, ids.room).await?))
}

/// Sign a ticket: a short-lived right to join with a role.
#[utoipa::path(post, path = "/v1/rooms/{room}/tickets", tag = "rooms", params(RoomPath), request_body = dto::IssueTicket,
    responses((status = 201, description = "The ticket", body = dto::Ticket), Failures))]
async fn issue_ticket(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::IssueTicket>,
) -> Result<(StatusCode, Json<dto::Ticket>), Problem> {
    Ok((
        StatusCode::CREATED,
        Json(rooms::issue_ticket(&ctx, ids.room, body).await?),
    ))
}

/// Set a room attribute.
#[utoipa::path(put, path = "/v1/rooms/{room}/attributes/{key}", tag = "rooms", params(AttributePath), request_body = dto::SetAttribute,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn set_attribute(
    ctx: Ctx,
    Ids(ids): Ids<AttributePath>,
    Body(body): Body<dto::SetAttribute>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(rooms::set_attribute(&ctx, ids.room, ids.key, body).await?))
}

/// Delete a room attribute.
#[utoipa::path(delete, path = "/v1/rooms/{room}/attributes/{key}", tag = "rooms", params(AttributePath),
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn delete_attribute(ctx: Ctx, Ids(ids): Ids<AttributePath>) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(rooms::delete_attribute(&ctx, ids.room, ids.key).await?))
}

/// Pass a message on to one member or to everybody.
#[utoipa::path(post, path = "/v1/rooms/{room}/messages", tag = "rooms", params(RoomPath), request_body = dto::Message,
    responses((status = 200, description = "Done", body = dto::Sequence), Failures))]
async fn send_message(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Body(body): Body<dto::Message>,
) -> Result<Json<dto::Sequence>, Problem> {
    Ok(Json(rooms::send_message(&ctx, ids.room, body).await?))
}

/// Events of a room after a sequence, as far as they are kept.
#[utoipa::path(get, path = "/v1/rooms/{room}/events", tag = "rooms", params(RoomPath, dto::EventQuery),
    responses((status = 200, description = "The events", body = dto::EventList), Failures))]
async fn list_events(
    ctx: Ctx,
    Ids(ids): Ids<RoomPath>,
    Params(query): Params<dto::EventQuery>,
) -> Result<Json<dto::EventList>, Problem> {
    Ok(Json(apps::events(&ctx, ids.room, query).await?))
}
