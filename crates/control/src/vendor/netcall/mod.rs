//! The NetEase NRTC gateway that `netcall` of mini programs speaks to: two look-ups over HTTP, and a WebSocket.
//!
//! Whoever looks a channel up gets a signed token that says everything a login needs, so nothing is kept before the
//! login, and a login repeated after a restart is as good as the first. A login joins the room and publishes the
//! member's camera; what others are told follows from the room by comparing ([`roster`]). What differs from the
//! vendor's is in docs/netcall.md. Does not speak the vendor's messenger, over which its other flavour rings.

mod config;
mod connect;
mod connection;
mod enter;
mod envelope;
mod fields;
mod form;
mod hint;
mod link;
mod live;
mod login;
mod lookup;
mod member;
mod mode;
mod record;
mod refusal;
mod roster;
mod seats;
mod sign;
mod state;
mod uid;
mod venue;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::http::HttpState;

pub use config::NetcallConfig;
pub(crate) use state::Netcall;

/// The vendor's name in counters and questions.
const VENDOR: &str = "netcall";

/// The look-ups at the vendor's paths, and the WebSocket where its clients dial.
pub(crate) fn router() -> Router<HttpState> {
    Router::new()
        .route("/demo/getChecksum.action", post(lookup::checksum))
        .route("/nrtc/getChannelInfos.action", post(lookup::channel))
        .route("/statistic/realtime/sdkFunctioninfo", post(lookup::statistics))
        .layer(DefaultBodyLimit::max(form::MAX_BODY))
        // Clients dial `wss://<host>/`, where browsers get the watch page.
        .route("/", get(connect::root))
        .route("/netcall", get(connect::here))
}
