//! The handshake: whether there is room for a connection. Who comes is said by the first frame.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use lianmai_rooms::{AppId, RoomId};
use tracing::Instrument as _;

use super::super::Refusal;
use super::super::confr::no_conference;
use super::super::handlers::named;
use super::super::refusal::SERVER_LIMIT;
use super::connection::{self, Place};
use crate::http::HttpState;
use crate::ws::max_message;

/// Read buffer of one connection, which a longer message outgrows. The library's own is 128 KiB, and filled.
const READ_BUFFER: usize = 4096;

/// `GET /easemob/rtc/ws/{app}/{confrId}?<n>&<confrId>`
pub(in super::super) async fn connect(
    State(state): State<HttpState>,
    names: Result<Path<(String, String)>, PathRejection>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let admitted = named(names).and_then(|(app, room)| admit(state, &app, &room, address, upgrade));
    admitted.unwrap_or_else(|refusal| refusal.answer_with_status())
}

fn admit(
    state: HttpState,
    app: &str,
    room: &str,
    address: SocketAddr,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let full = || {
        let text = "the gateway takes no more WebSocket connections";
        Refusal::new(
            SERVER_LIMIT,
            "too_many_connections",
            text,
            StatusCode::TOO_MANY_REQUESTS,
        )
    };
    let upgrade = upgrade.map_err(|_| {
        let text = "this address speaks WebSocket only";
        let status = StatusCode::UPGRADE_REQUIRED;
        Refusal::new(
            super::super::refusal::NOT_ACCEPTED,
            "upgrade_required",
            text,
            status,
        )
    })?;
    let app = AppId::parse(app).map_err(|_| no_conference())?;
    let room = RoomId::parse(room).map_err(|_| no_conference())?;
    let known = state.service().config().vendor.by_app(&app).cloned();
    let vendor = known.ok_or_else(no_conference)?;
    if state.is_stopping() {
        let text = "the gateway is shutting down";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Refusal::new(SERVER_LIMIT, "draining", text, status));
    }
    let place = Arc::clone(state.ws_places())
        .try_acquire_owned()
        .map_err(|_| full())?;
    let app_place = state.ws_per_app().open(app.clone()).ok_or_else(full)?;
    let token = state.tasks().token();
    let limit = max_message(&state);
    let upgrade = upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .read_buffer_size(READ_BUFFER);
    let span = tracing::info_span!("emedia", %app, %room);
    let place_here = Place {
        state,
        vendor,
        room,
        address,
    };
    Ok(upgrade.on_upgrade(move |socket| {
        async move {
            let _held = (place, app_place, token);
            connection::run(place_here, socket).await;
        }
        .instrument(span)
    }))
}
