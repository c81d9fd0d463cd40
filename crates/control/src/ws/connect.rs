//! The handshake of `/v1/ws`: who comes, whether there is room, and what it resumes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use lianmai_rooms::{Device, RoomId, SessionId};
use serde::Deserialize;
use tracing::Instrument as _;
use utoipa::IntoParams;

use super::close::CloseReason;
use super::connection::{self, Start};
use super::frame;
use crate::http::extract::Params;
use crate::http::{Caller, HttpState, Problem, bearer, prove};

/// Longest `after` parameter: as many rooms as a session is inside, with their sequences.
const MAX_AFTER: usize = 4096;
/// Read buffer of one connection, which a longer message outgrows. The library's own is 128 KiB, and filled.
const READ_BUFFER: usize = 4096;

/// How to connect.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectQuery {
    /// The token, for clients that cannot set headers (browsers). If it is not valid the connection is accepted and
    /// closed with 4001, because browsers do not show the status of a refused handshake.
    access_token: Option<String>,
    /// Session id of an earlier connection, to resume it.
    #[param(value_type = Option<String>)]
    session: Option<SessionId>,
    /// With `session`: the last sequence seen of each room, as `room:sequence,room:sequence`.
    #[param(example = "standup:17")]
    after: Option<String>,
    /// What the client runs on, such as `web` or `wechat`; a newer session of the same device replaces the older.
    #[param(value_type = String, max_length = 64)]
    device: Device,
}

/// Open the WebSocket for commands and events.
///
/// Frames are described in docs/api.md.
#[utoipa::path(get, path = "/v1/ws", tag = "events", params(ConnectQuery),
    responses((status = 101, description = "Open; the first frame is `hello`"),
        (status = "4XX", description = "Refused", body = crate::http::ProblemBody,
            content_type = "application/problem+json")))]
pub(crate) async fn connect(
    State(state): State<HttpState>,
    Params(query): Params<ConnectQuery>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let proven = match (bearer(&headers), &query.access_token) {
        (Some(token), _) => Ok(prove(&state, token)?),
        (None, Some(token)) => prove(&state, token),
        (None, None) => return Err(Problem::unauthenticated()),
    };
    let upgrade = upgrade.map_err(|_| {
        Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade_required",
            "this address speaks WebSocket only",
        )
    })?;
    if state.is_stopping() {
        return Err(Problem::unavailable("draining", "the gateway is shutting down"));
    }
    let full = |what: &'static str| Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_connections", what);
    let place = Arc::clone(state.ws_places()).try_acquire_owned();
    let place = place.map_err(|_| full("the gateway takes no more WebSocket connections"))?;
    let limit = frame::max_message(&state);
    let upgrade = upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .read_buffer_size(READ_BUFFER);
    let token = state.tasks().token();
    let caller = match proven {
        Ok(caller) => caller,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            let code = problem.code().to_owned();
            return Ok(upgrade.on_upgrade(move |socket| async move {
                let _held = (place, token);
                connection::refuse(socket, CloseReason::Auth, &code).await;
            }));
        }
        Err(problem) => return Err(problem),
    };
    let app_place = state.ws_per_app().open(caller.app.clone());
    let app_place = app_place.ok_or_else(|| full("the app has too many WebSocket connections"))?;
    let after = parse_after(query.after.as_deref().unwrap_or_default())?;
    let caller = Caller {
        address: Some(peer),
        ..caller
    };
    let start = Start {
        caller,
        resume: query.session,
        after,
        device: query.device,
    };
    let span = tracing::info_span!("ws", app = %start.caller.app, account = %start.caller.account);
    Ok(upgrade.on_upgrade(move |socket| {
        async move {
            let _held = (place, app_place, token);
            connection::run(state, socket, start).await;
        }
        .instrument(span)
    }))
}

fn parse_after(text: &str) -> Result<HashMap<RoomId, u64>, Problem> {
    let wrong = || Problem::invalid("after", "write room:sequence, separated by commas");
    if text.len() > MAX_AFTER {
        return Err(wrong());
    }
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (room, sequence) = part.split_once(':').ok_or_else(wrong)?;
            Ok((
                RoomId::parse(room).map_err(|_| wrong())?,
                sequence.parse().map_err(|_| wrong())?,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_read() {
        let after = parse_after("r1:17,r2:0").unwrap();
        assert_eq!(after.len(), 2);
        assert_eq!(after[&RoomId::parse("r1").unwrap()], 17);
        assert!(parse_after("").unwrap().is_empty());
        for bad in ["r1", "r1:", "r1:x", "r/1:3", "r1:-1", ":1", &"r1:1,".repeat(1000)] {
            assert!(parse_after(bad).is_err(), "{bad}");
        }
    }
}
