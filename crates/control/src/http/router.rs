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
    let Api {
        guarded,
        open,
        document,
    } = api();
    let api = guarded
        .route_layer(middleware::from_fn_with_state(state.clone(), caller::require))
        .merge(open)
        .merge(undescribed(&document))
        .merge(vendor::emedia::router())
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
    api()
        .document
        .to_pretty_json()
        .map(|text| text + "\n")
        .unwrap_or_default()
}

/// The routes that the document describes, made from the same lines, so that neither goes without the other.
struct Api {
    /// Behind a token.
    guarded: Router<HttpState>,
    /// They need no token, or check it themselves.
    open: Router<HttpState>,
    document: OpenApi,
}

fn api() -> Api {
    let (guarded, guarded_document) = api_routes::all().split_for_parts();
    let (open, open_document) = OpenApiRouter::default()
        .routes(routes!(probes::healthz))
        .routes(routes!(probes::readyz))
        .routes(routes!(ws::connect))
        .merge(vendor::sign_in::routes())
        .split_for_parts();
    // Served by `webrtc::router`, with what other pages need and outside of the API's own policy for them.
    let (_, webrtc_document) = OpenApiRouter::<HttpState>::default()
        .routes(routes!(webrtc::whip))
        .routes(routes!(webrtc::whep))
        .routes(routes!(webrtc::change_peer, webrtc::close_peer))
        .split_for_parts();
    let mut document = openapi::frame();
    for part in [guarded_document, open_document, webrtc_document] {
        document.merge(part);
    }
    Api {
        guarded,
        open,
        document,
    }
}

/// The document itself, and what is no part of the API; it needs no token, or checks it itself.
fn undescribed(document: &OpenApi) -> Router<HttpState> {
    let text = document.to_json().unwrap_or_default();
    let document = move || {
        let text = text.clone();
        async move { ([("content-type", "application/json")], text) }
    };
    Router::new()
        .route("/v1/openapi.json", get(document))
        .route("/internal/worker", get(workers::connect))
        .route("/metrics", get(probes::metrics))
}
