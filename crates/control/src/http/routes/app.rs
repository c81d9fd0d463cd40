//! What belongs to an app as a whole.

use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Params};
use crate::http::ops::{Ctx, apps};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(list_call_records))
        .routes(routes!(show_webhooks, set_webhooks))
}

/// Rooms that have ended: who, when, how long, how; newest first.
#[utoipa::path(get, path = "/v1/call-records", tag = "app", params(dto::CallRecordQuery),
    responses((status = 200, description = "The records", body = dto::CallRecordList), Failures))]
async fn list_call_records(
    ctx: Ctx,
    Params(query): Params<dto::CallRecordQuery>,
) -> Result<Json<dto::CallRecordList>, Problem> {
    Ok(Json(apps::call_records(&ctx, query).await?))
}

/// Where events are posted to, and what waits.
#[utoipa::path(get, path = "/v1/app/webhooks", tag = "app",
    responses((status = 200, description = "The targets", body = dto::Webhooks), Failures))]
async fn show_webhooks(ctx: Ctx) -> Result<Json<dto::Webhooks>, Problem> {
    Ok(Json(apps::webhooks(&ctx).await?))
}

/// Set where events are posted to; the secret that signs them cannot be set or shown.
#[utoipa::path(put, path = "/v1/app/webhooks", tag = "app", request_body = dto::SetWebhooks,
    responses((status = 200, description = "The targets now", body = dto::Webhooks), Failures))]
async fn set_webhooks(ctx: Ctx, Body(body): Body<dto::SetWebhooks>) -> Result<Json<dto::Webhooks>, Problem> {
    Ok(Json(apps::set_webhooks(&ctx, body).await?))
}
