//! `GET /live/{stream}.flv` and `GET /live/{app}/{stream}.flv`, as response or as WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use lianmai_hub::{
    AccessRequest, Action, Authorise, Denial, EndReason, Hub, Protocol, PublishError, ReadOptions,
};
use tracing::Instrument;

use super::feed::FlvFeed;
use crate::http::Problem;

/// What the play routes need.
#[derive(Clone)]
pub struct FlvState {
    /// Where streams are.
    pub hub: Hub,
    /// Who may play them.
    pub authoriser: Arc<dyn Authorise>,
}

/// Close code of a WebSocket whose stream ended (RFC 6455 §7.4.1).
const GOING_AWAY: u16 = 1001;

/// The play routes.
pub fn router(state: FlvState) -> Router {
    Router::new()
        .route("/live/{file}", get(play_by_query))
        .route("/live/{app}/{file}", get(play_by_path))
        .with_state(state)
}

async fn play_by_query(
    State(state): State<FlvState>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let query = query.unwrap_or_default();
    let app = query.split('&').find_map(|pair| pair.strip_prefix("app=")).unwrap_or_default().to_owned();
    play(state, app, file, query, peer, upgrade.ok()).await
}

async fn play_by_path(
    State(state): State<FlvState>,
    Path((app, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    play(state, app, file, query.unwrap_or_default(), peer, upgrade.ok()).await
}

async fn play(
    state: FlvState,
    app: String,
    file: String,
    query: String,
    peer: SocketAddr,
    upgrade: Option<WebSocketUpgrade>,
) -> Response {
    let Some(stream) = file.strip_suffix(".flv").map(str::to_owned) else {
        return Problem::new(StatusCode::NOT_FOUND, "unknown_path", "streams end in .flv").into_response();
    };
    let protocol = if upgrade.is_some() { Protocol::WsFlv } else { Protocol::HttpFlv };
    let span = tracing::info_span!("play", protocol = protocol.as_str(), %peer);
    let asked = AccessRequest { action: Action::Play, app, stream, query: query.clone(), peer, protocol };
    let grant = match state.authoriser.authorise(asked).instrument(span.clone()).await {
        Ok(grant) => grant,
        Err(denial) => return refusal(denial).into_response(),
    };
    let options = ReadOptions { holder: grant.holder, ..ReadOptions::from_query(&query) };
    let feed = match state.hub.subscribe(grant.key.clone(), options) {
        Ok(reader) => FlvFeed::new(reader),
        Err(error @ (PublishError::TooManyStreams | PublishError::NewerPublisher)) => {
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", error.to_string())
                .into_response();
        }
    };
    span.in_scope(|| tracing::info!(stream = %grant.key, "playing"));
    let gauge = Playing::begin(protocol);
    match upgrade {
        None => response(feed, gauge),
        Some(upgrade) => upgrade.on_upgrade(move |socket| send_messages(socket, feed, gauge).instrument(span)),
    }
}

fn response(feed: FlvFeed, playing: Playing) -> Response {
    let bytes = stream::unfold((feed, playing), |(mut feed, playing)| async move {
        let bytes = feed.next().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), (feed, playing)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("video/x-flv")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Whoever has the URL may play it, from any page.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(bytes)).into_response()
}

async fn send_messages(mut socket: WebSocket, mut feed: FlvFeed, _playing: Playing) {
    loop {
        tokio::select! {
            message = feed.next_message() => match message {
                Some(bytes) => {
                    if socket.send(Message::Binary(bytes)).await.is_err() {
                        return;
                    }
                }
                None => {
                    let reason = match feed.end_reason() {
                        Some(EndReason::NotPublished) => "not published",
                        Some(EndReason::Revoked) => "revoked",
                        _ => "ended",
                    };
                    let close = CloseFrame { code: GOING_AWAY, reason: reason.into() };
                    // The player may have gone first.
                    let _ = socket.send(Message::Close(Some(close))).await;
                    return;
                }
            },
            // Players have nothing to say; reading answers their pings and notices that they left.
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            }
        }
    }
}

fn refusal(denial: Denial) -> Problem {
    let status = match denial.code {
        "token_missing" | "token_malformed" | "token_expired" | "token_signature" => StatusCode::UNAUTHORIZED,
        "unknown_app" | "unknown_stream" => StatusCode::NOT_FOUND,
        "hook_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        code if code.starts_with("limit") || code.starts_with("too_many") => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::FORBIDDEN,
    };
    Problem::new(status, denial.code, denial.description)
}

/// Counts a player while it plays.
struct Playing {
    protocol: &'static str,
}

impl Playing {
    fn begin(protocol: Protocol) -> Playing {
        let protocol = protocol.as_str();
        metrics::gauge!("lianmai_connections", "protocol" => protocol).increment(1.0);
        Playing { protocol }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        metrics::gauge!("lianmai_connections", "protocol" => self.protocol).decrement(1.0);
    }
}
