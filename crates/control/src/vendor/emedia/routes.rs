//! The addresses that the clients have built in.

use axum::Router;
use axum::routing::{delete, get, post};

use super::{handlers, socket};
use crate::http::HttpState;

/// Routes of this protocol; each proves by itself who asks.
pub(crate) fn router() -> Router<HttpState> {
    Router::new()
        .route("/easemob/rtc/req/ticket", post(handlers::ticket))
        .route("/easemob/rtc/chanage/roles", post(handlers::change_roles))
        .route("/easemob/rtc/role/degrade", post(handlers::degrade))
        .route("/easemob/rtc/kick/member", post(handlers::kick))
        .route("/easemob/rtc/disband/conference", post(handlers::disband))
        .route("/easemob/rtc/select/confr", post(handlers::select))
        .route("/easemob/rtc/confr/attrs/update", post(handlers::attributes))
        .route("/easemob/rtc/livecfg", post(handlers::add_live))
        .route("/easemob/rtc/live/layout", post(handlers::live_layout))
        .route("/easemob/rtc/delete/live", delete(handlers::delete_live))
        .route("/easemob/rtc/use", post(handlers::use_media))
        .route("/easemob/rtc/ws/{app}/{confr}", get(socket::connect))
        .route("/{org}/{app}/conferences", post(handlers::create))
        .route("/{org}/{app}/conferences/room", post(handlers::room))
        .route(
            "/{org}/{app}/conferences/{confr}",
            get(handlers::show).delete(handlers::delete),
        )
        .route(
            "/{org}/{app}/conferences/{confr}/{user}",
            delete(handlers::remove),
        )
        .method_not_allowed_fallback(handlers::method_not_allowed)
}
