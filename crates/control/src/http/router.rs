//! Everything that is served on the public address, in one router.

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{HttpState, caller, console, guard, openapi, probes, routes as api_routes};
use crate::{vendor, webrtc, workers, ws};

/// The router of the public address: native API, WebSocket, probes, metrics, console, and `merge` (play routes).
///
/// Routes of the native API are behind a token; nothing else is, except what guards itself.
pub fn router(state: HttpState, merge: Router) -> Router {
    let (api, document) = api();
    let api = api
        .route_layer(middleware::from_fn_with_state(state.clone(), caller::require))
        .merge(open_routes(&document))
        .merge(vendor::emedia::router())
        .merge(vendor::sign_in::router())
        .method_not_allowed_fallback(console::method_not_allowed);
    // Outside of the guard, because a preflight carries no token; not around play routes, which have their own.
    let api = match guard::cors(&state.config().cors) {
        Some(cors) => api.layer(cors),
        None => api,
    };
    let max_body = state.config().max_body;
    // Same origin only: it gives out a token.
    let api = api.route("/console/session", get(console::session));
    api.merge(webrtc::router())
        .merge(vendor::netcall::router())
        .with_state(state.clone())
        .merge(merge)
        .fallback(console::fallback)
        .method_not_allowed_fallback(console::method_not_allowed)
        .layer(DefaultBodyLimit::max(max_body))
        .layer(middleware::from_fn_with_state(state.clone(), guard::timeout))
        .layer(middleware::from_fn_with_state(state, guard::limits))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(middleware::from_fn(guard::observe))
        .layer(middleware::from_fn(guard::security_headers))
}

/// A router for an address of its own that serves metrics, probes and the list of workers only. Whoever reaches the
/// address may read them.
pub fn metrics_router(state: HttpState) -> Router {
    Router::new()
        .route("/metrics", get(probes::open_metrics))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/workers", get(probes::workers))
        .fallback(|| async { super::Problem::no_such_route() })
        .with_state(state)
}

/// The OpenAPI document as JSON text, ending in a line break.
#[must_use]
pub fn openapi_json() -> String {
    let (_, document) = api();
    document
        .to_pretty_json()
        .map(|text| text + "\n")
        .unwrap_or_default()
}

/// The guarded routes, and the document of all.
fn api() -> (Router<HttpState>, OpenApi) {
    let (guarded, guarded_document) = api_routes::all().split_for_parts();
    let (_, probe_document) = OpenApiRouter::<HttpState>::default()
        .routes(routes!(probes::healthz))
        .routes(routes!(probes::readyz))
        .routes(routes!(ws::connect))
        .routes(routes!(webrtc::whip))
        .routes(routes!(webrtc::whep))
        .routes(routes!(webrtc::change_peer, webrtc::close_peer))
        .split_for_parts();
    let mut document = openapi::frame();
    document.merge(guarded_document);
    document.merge(probe_document);
    (guarded, document)
}

/// What needs no token, or checks it itself.
fn open_routes(document: &OpenApi) -> Router<HttpState> {
    let text = document.to_json().unwrap_or_default();
    let document = move || {
        let text = text.clone();
        async move { ([("content-type", "application/json")], text) }
    };
    Router::new()
        .route("/v1/openapi.json", get(document))
        .route("/v1/ws", get(ws::connect))
        .route("/internal/worker", get(workers::connect))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
}
