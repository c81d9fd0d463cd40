//! Calls that have ended, and the policy of an app. Calls themselves are made over the WebSocket.

use axum::Json;
use lianmai_rooms::call::CallId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failures::Failures;
use crate::http::HttpState;
use crate::http::dto;
use crate::http::extract::{Body, Ids, Params};
use crate::http::ops::{Ctx, calls};
use crate::http::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .routes(routes!(list_ended_calls))
        .routes(routes!(show_ended_call))
        .routes(routes!(show_policy, set_policy))
}

/// `/v1/calls/records/{call}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct CallPath {
    /// Call id.
    #[param(value_type = String, max_length = 64, example = "cq4k7t2x")]
    call: CallId,
}

/// Calls that have ended, answered or not, newest first: the app's own server sees all, others their own.
#[utoipa::path(get, path = "/v1/calls/records", tag = "calls", params(dto::EndedCallQuery),
    responses((status = 200, description = "The records", body = dto::EndedCallList), Failures))]
async fn list_ended_calls(
    ctx: Ctx,
    Params(query): Params<dto::EndedCallQuery>,
) -> Result<Json<dto::EndedCallList>, Problem> {
    Ok(Json(calls::list_ended(&ctx, query).await?))
}

/// One call that has ended.
#[utoipa::path(get, path = "/v1/calls/records/{call}", tag = "calls", params(CallPath),
    responses((status = 200, description = "The record", body = dto::EndedCall), Failures))]
async fn show_ended_call(ctx: Ctx, Ids(ids): Ids<CallPath>) -> Result<Json<dto::EndedCall>, Problem> {
    Ok(Json(calls::show_ended(&ctx, ids.call).await?))
}

/// What is decided for the app as a whole; for its own server only.
#[utoipa::path(get, path = "/v1/app/policy", tag = "app",
    responses((status = 200, description = "The policy", body = dto::Policy), Failures))]
async fn show_policy(ctx: Ctx) -> Result<Json<dto::Policy>, Problem> {
    Ok(Json(calls::policy(&ctx)?))
}

/// Decide it.
#[utoipa::path(put, path = "/v1/app/policy", tag = "app", request_body = dto::Policy,
    responses((status = 200, description = "The policy now", body = dto::Policy), Failures))]
async fn set_policy(ctx: Ctx, Body(body): Body<dto::Policy>) -> Result<Json<dto::Policy>, Problem> {
    Ok(Json(calls::set_policy(&ctx, body).await?))
}
