//! Whether the gateway lives, whether it takes work, and its figures.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use super::HttpState;
use super::caller::bearer;
use super::config::MetricsAccess;
use super::problem::Problem;
use crate::workers::WorkerStatus;

/// Answer of a probe.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The process lives.
///
/// Asks nothing of the database: an engine's outage must not restart the gateway.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()),
    responses((status = 200, description = "The process lives", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The gateway takes work.
///
/// Its database answers and it is not draining.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()),
    responses((status = 200, description = "Ready", body = Health),
        (status = 503, description = "Draining, or the database does not answer", body = super::ProblemBody,
            content_type = "application/problem+json")))]
pub(crate) async fn readyz(State(state): State<HttpState>) -> Result<Json<Health>, Problem> {
    if state.is_stopping() {
        return Err(Problem::unavailable("draining", "the gateway is shutting down"));
    }
    if !state.service().is_ready().await {
        return Err(Problem::unavailable(
            "database_unavailable",
            "the database does not answer",
        ));
    }
    Ok(Json(Health { status: "ok" }))
}

/// Figures in Prometheus' text format, for whom the configuration lets.
pub(crate) async fn metrics(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let allowed = match &state.config().metrics {
        MetricsAccess::Open => true,
        MetricsAccess::Denied => return Problem::no_such_route().into_response(),
        MetricsAccess::Bearer(expected) => {
            bearer(&headers).is_some_and(|shown| bool::from(shown.as_bytes().ct_eq(expected.as_bytes())))
        }
    };
    if !allowed {
        return Problem::new(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "the token is not valid",
        )
        .into_response();
    }
    open_metrics(State(state)).await.into_response()
}

/// Figures in Prometheus' text format, for everybody.
pub(crate) async fn open_metrics(State(state): State<HttpState>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        state.render_metrics(),
    )
}

/// The workers that are connected, for everybody who reaches the address of the metrics.
pub(crate) async fn workers(State(state): State<HttpState>) -> Json<Vec<WorkerStatus>> {
    Json(state.service().workers().list())
}
