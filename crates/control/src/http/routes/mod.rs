//! The REST routes: an address, a method, what OpenAPI says of it, and the operation behind it.

mod app;
mod calls;
mod failures;
mod ids;
mod members;
mod mixes;
mod muting;
mod pushes;
mod recordings;
mod remote_file;
mod rooms;
mod streams;

pub(crate) use failures::{Failures, failure};
use utoipa_axum::router::OpenApiRouter;

use super::HttpState;

/// All routes under `/v1` that need a token.
pub(crate) fn all() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .merge(rooms::routes())
        .merge(members::routes())
        .merge(muting::routes())
        .merge(streams::routes())
        .merge(mixes::routes())
        .merge(pushes::routes())
        .merge(recordings::routes())
        .merge(calls::routes())
        .merge(app::routes())
}
