//! The handshake: at `/`, where clients dial, and at `/netcall`.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::UPGRADE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::connection;
use crate::http::rate::caller_key;
use crate::http::{HttpState, Problem, console_page, peer_address};

/// Read buffer of one connection, which a longer message outgrows.
const READ_BUFFER: usize = 4096;

/// The WebSocket for those who ask for one, the watch page for others.
pub(super) async fn root(State(state): State<HttpState>, request: Request) -> Response {
    if asks_for_websocket(request.headers()) {
        return upgrade(state, request).await;
    }
    let (parts, _) = request.into_parts();
    console_page(parts.method, parts.uri, parts.headers).await
}

/// The WebSocket alone.
pub(super) async fn here(State(state): State<HttpState>, request: Request) -> Response {
    upgrade(state, request).await
}

fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let values = headers.get_all(UPGRADE).iter();
    let mut words = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    words.any(|word| word.trim().eq_ignore_ascii_case("websocket"))
}

async fn upgrade(state: HttpState, request: Request) -> Response {
    let address = caller_key(peer_address(&state, &request));
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &state).await else {
        let text = "this address speaks WebSocket only";
        return Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", text).into_response();
    };
    if state.is_stopping() {
        return Problem::unavailable("draining", "the gateway is shutting down").into_response();
    }
    let place = Arc::clone(state.ws_places()).try_acquire_owned().ok();
    let (Some(waiting), Some(place)) = (state.netcall().wait(address), place) else {
        metrics::counter!("lianmai_netcall_refused_total", "at" => "connect", "code" => "429").increment(1);
        let text = "too many connections without login";
        return Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_connections", text).into_response();
    };
    let limit = state.config().netcall.max_message;
    let upgrade = upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .read_buffer_size(READ_BUFFER);
    let token = state.tasks().token();
    let span = tracing::info_span!("netcall", %address);
    upgrade.on_upgrade(move |socket| {
        async move {
            let _held = (place, token);
            connection::run(state, socket, waiting).await;
        }
        .instrument(span)
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn pages_and_sockets_are_told_apart() {
        let asks = |value: Option<&'static str>| {
            let value = value.map(|value| (UPGRADE, HeaderValue::from_static(value)));
            asks_for_websocket(&HeaderMap::from_iter(value))
        };
        assert!(asks(Some("websocket")) && asks(Some("h2c, WebSocket")));
        assert!(!asks(None) && !asks(Some("h2c")) && !asks(Some("")));
    }
}
