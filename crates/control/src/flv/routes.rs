//! `GET /live/{stream}.flv` and `GET /live/{app}/{stream}.flv`, as response or as WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Extension, Path, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use lianmai_hub::{AccessRequest, Action, Authorise, EndReason, Hub, Protocol, ReadOptions, Wire, WireForm};
use tracing::Instrument;

use super::feed::{FlvFeed, item_tag};
use crate::http::{Problem, Stalled};

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

/// Bytes of one WebSocket message to a player: the library copies each into a buffer that never shrinks.
const MAX_TO_PLAYER: usize = 32 * 1024;
/// Bytes a WebSocket player may say at once. Its read buffer is as large: the library's own is 128 KiB, and filled.
const MAX_FROM_PLAYER: usize = 1024;

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
    stalled: Option<Extension<Stalled>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let query = query.unwrap_or_default();
    let app = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("app="))
        .unwrap_or_default()
        .to_owned();
    play(state, app, file, query, (peer, stalled), upgrade.ok()).await
}

async fn play_by_path(
    State(state): State<FlvState>,
    Path((app, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    stalled: Option<Extension<Stalled>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    play(
        state,
        app,
        file,
        query.unwrap_or_default(),
        (peer, stalled),
        upgrade.ok(),
    )
    .await
}

async fn play(
    state: FlvState,
    app: String,
    file: String,
    query: String,
    (peer, stalled): (SocketAddr, Option<Extension<Stalled>>),
    upgrade: Option<WebSocketUpgrade>,
) -> Response {
    let Some(stream) = file.strip_suffix(".flv").map(str::to_owned) else {
        return Problem::new(StatusCode::NOT_FOUND, "unknown_path", "streams end in .flv").into_response();
    };
    let protocol = if upgrade.is_some() {
        Protocol::WsFlv
    } else {
        Protocol::HttpFlv
    };
    let span = tracing::info_span!("play", protocol = protocol.as_str(), %peer);
    let asked = AccessRequest {
        action: Action::Play,
        app,
        stream,
        query: query.clone(),
        peer,
        protocol,
    };
    let grant = match state.authoriser.authorise(asked).instrument(span.clone()).await {
        Ok(grant) => grant,
        Err(denial) => return Problem::from(denial).into_response(),
    };
    let wire = Wire {
        form: WireForm::FlvTag,
        parts: Arc::new(item_tag),
    };
    let options = ReadOptions {
        holder: grant.holder,
        wire: Some(wire),
        ..ReadOptions::from_query(&query)
    };
    let feed = match state.hub.subscribe(grant.key.clone(), options) {
        Ok(reader) => FlvFeed::new(reader),
        Err(error) => {
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_many_streams",
                error.to_string(),
            )
            .into_response();
        }
    };
    span.in_scope(|| tracing::info!(stream = %grant.key, "playing"));
    let player = Player::begin(
        feed,
        protocol,
        stalled.map(|Extension(stalled)| stalled).unwrap_or_default(),
    );
    match upgrade {
        None => response(player),
        Some(upgrade) => upgrade
            .max_message_size(MAX_FROM_PLAYER)
            .max_frame_size(MAX_FROM_PLAYER)
            .read_buffer_size(MAX_FROM_PLAYER)
            .on_upgrade(move |socket| send_messages(socket, player).instrument(span)),
    }
}

fn response(player: Player) -> Response {
    let bytes = stream::unfold(player, |mut player| async move {
        let bytes = player.feed.next().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), player))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("video/x-flv")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Whoever has the URL may play it, from any page.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Body::from_stream(bytes)).into_response()
}

async fn send_messages(mut socket: WebSocket, mut player: Player) {
    let feed = &mut player.feed;
    loop {
        tokio::select! {
            message = feed.next_message() => match message {
                Some(mut bytes) => {
                    while !bytes.is_empty() {
                        let piece = bytes.split_to(bytes.len().min(MAX_TO_PLAYER));
                        if socket.send(Message::Binary(piece)).await.is_err() {
                            return;
                        }
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

/// One player, counted while it plays.
struct Player {
    feed: FlvFeed,
    protocol: &'static str,
    stalled: Stalled,
}

impl Player {
    fn begin(feed: FlvFeed, protocol: Protocol, stalled: Stalled) -> Player {
        let protocol = protocol.as_str();
        metrics::gauge!("lianmai_connections", "protocol" => protocol).increment(1.0);
        Player {
            feed,
            protocol,
            stalled,
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        metrics::gauge!("lianmai_connections", "protocol" => self.protocol).decrement(1.0);
        let reason = if self.stalled.get() { "stalled" } else { "finished" };
        metrics::counter!("lianmai_connections_ended_total", "protocol" => self.protocol, "reason" => reason)
            .increment(1);
        if self.stalled.get() {
            self.feed.give_up();
        }
    }
}
