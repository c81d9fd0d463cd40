//! `GET /internal/worker`: the connection of one worker, from its login to its end.
//!
//! Not part of the public API. One loop reads and writes; it passes on what a worker says and knows nothing of jobs.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lianmai_hub::job::{GatewayMessage, JOB_PROTOCOL, WorkerMessage};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::link::{FromLink, OUTBOX};
use super::plan::WorkerId;
use super::registry::Workers;
use crate::http::{HttpState, Problem, Rate, bearer};

/// Largest message of a worker, in bytes: a report on some thousands of jobs.
const MAX_MESSAGE: usize = 512 * 1024;
/// Longest name of a worker, in characters.
const MAX_NAME: usize = 64;
/// Most cores that one worker may claim.
const MAX_CAPACITY: f64 = 4_096.0;
/// Messages a worker may send: all its jobs may start or end at once.
const MESSAGES: Rate = Rate::new(1_000, 8_000);
/// Longest time for one message, or the close frame, to get out.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the gateway closes a worker's connection (RFC 6455 §7.4: 4000 and up are ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The gateway stops.
    Restart,
    /// It said nothing, or nothing that can be understood.
    BadMessage,
    /// It speaks another version.
    Protocol,
    /// It was silent for too long.
    Gone,
    /// It does not take what it is told, or tells too much.
    Overload,
    /// It closed the connection, or the network did.
    Lost,
}

impl End {
    const fn code(self) -> u16 {
        match self {
            Self::Restart => 1012,
            Self::BadMessage => 4000,
            Self::Protocol => 4003,
            Self::Gone | Self::Lost => 4004,
            Self::Overload => 4008,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::BadMessage => "bad_message",
            Self::Protocol => "protocol",
            Self::Gone => "gone",
            Self::Overload => "overload",
            Self::Lost => "lost",
        }
    }
}

/// Lets a worker in.
pub(crate) async fn connect(
    State(state): State<HttpState>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let workers = state.service().workers().clone();
    if !bearer(&headers).is_some_and(|shown| workers.secret().matches(shown)) {
        login("unauthenticated");
        return Err(Problem::unauthenticated());
    }
    let upgrade = upgrade.map_err(|_| {
        let text = "this address speaks WebSocket only";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", text)
    })?;
    if state.is_stopping() {
        return Err(Problem::unavailable("draining", "the gateway is shutting down"));
    }
    let Ok(place) = Arc::clone(workers.places()).try_acquire_owned() else {
        login("full");
        let text = "the gateway takes no more workers";
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_workers",
            text,
        ));
    };
    let (token, stop) = (state.tasks().token(), state.stop().clone());
    let upgrade = upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let _held = (place, token);
        serve(&workers, socket, &stop).await;
    }))
}

fn login(result: &'static str) {
    metrics::counter!("lianmai_worker_logins_total", "result" => result).increment(1);
}

async fn serve(workers: &Workers, mut socket: WebSocket, stop: &CancellationToken) {
    let end = match hello(workers, &mut socket).await {
        Ok((name, capacity)) => {
            login("accepted");
            let span = tracing::info_span!("worker", name);
            let talk = async {
                tracing::info!(capacity, "a worker is here");
                let end = talk(workers, &mut socket, stop, (name, capacity)).await;
                tracing::info!(end = end.as_str(), "a worker is gone");
                end
            };
            talk.instrument(span).await
        }
        Err(end) => {
            login(end.as_str());
            tracing::warn!(end = end.as_str(), "a worker's hello was not accepted");
            end
        }
    };
    close(socket, end).await;
}

/// The first message: a name that can be logged, and a capacity that makes sense.
async fn hello(workers: &Workers, socket: &mut WebSocket) -> Result<(String, f64), End> {
    let first = timeout(workers.config().hello_timeout, first(socket)).await;
    let WorkerMessage::Hello {
        protocol,
        name,
        capacity,
    } = first.map_err(|_| End::Gone)??
    else {
        return Err(End::BadMessage);
    };
    if protocol != JOB_PROTOCOL {
        return Err(End::Protocol);
    }
    if !(capacity.is_finite() && (0.0..=MAX_CAPACITY).contains(&capacity)) {
        return Err(End::BadMessage);
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    Ok((name, capacity))
}

async fn first(socket: &mut WebSocket) -> Result<WorkerMessage, End> {
    loop {
        if let Some(message) = read(socket.recv().await)? {
            return Ok(message);
        }
    }
}

/// What came in; `None`: a sign of life only.
fn read(received: Option<Result<Message, axum::Error>>) -> Result<Option<WorkerMessage>, End> {
    match received {
        Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
            Ok(message) => Ok(Some(message)),
            Err(error) => {
                tracing::debug!(%error, "a worker's message cannot be read");
                Err(End::BadMessage)
            }
        },
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(End::BadMessage),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Lost),
    }
}

async fn talk(
    workers: &Workers,
    socket: &mut WebSocket,
    stop: &CancellationToken,
    (name, capacity): (String, f64),
) -> End {
    if let Err(end) = send(socket, text(&GatewayMessage::Welcome)).await {
        return end;
    }
    let (outbox, mut to_worker) = mpsc::channel(OUTBOX);
    let (id, assigned) = oneshot::channel();
    let joined = FromLink::Joined {
        name,
        capacity,
        outbox,
        id,
    };
    // Without a dispatcher the gateway is about to end.
    if workers.inbox().send(joined).await.is_err() {
        return End::Restart;
    }
    let Ok(worker) = assigned.await else {
        return End::Restart;
    };
    let end = exchange(workers, socket, stop, worker, &mut to_worker).await;
    // Only a hint that makes it quicker: the dispatcher notices the closed channel, too.
    let _ = workers.inbox().send(FromLink::Left { worker }).await;
    end
}

async fn exchange(
    workers: &Workers,
    socket: &mut WebSocket,
    stop: &CancellationToken,
    worker: WorkerId,
    to_worker: &mut mpsc::Receiver<GatewayMessage>,
) -> End {
    let config = workers.config();
    let quota = Quota::per_second(MESSAGES.per_second).allow_burst(MESSAGES.burst);
    let rate: DefaultDirectRateLimiter = RateLimiter::direct(quota);
    let mut ping = interval(config.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            received = socket.recv() => {
                let message = match read(received) {
                    Ok(message) => message,
                    Err(end) => return end,
                };
                heard = Instant::now();
                if rate.check().is_err() {
                    return End::Overload;
                }
                let Some(message) = message else { continue };
                if workers.inbox().send(FromLink::Said { worker, message }).await.is_err() {
                    return End::Restart;
                }
            }
            message = to_worker.recv() => {
                let Some(message) = message else { return End::Overload };
                if let Err(end) = send(socket, text(&message)).await {
                    return end;
                }
            }
            _ = ping.tick() => {
                if heard.elapsed() >= config.gone_after {
                    return End::Gone;
                }
                if let Err(end) = send(socket, Message::Ping(Vec::new().into())).await {
                    return end;
                }
            }
            () = stop.cancelled() => return End::Restart,
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Lost),
        Err(_) => Err(End::Overload),
    }
}

fn text(message: &GatewayMessage) -> Message {
    Message::Text(Utf8Bytes::from(
        serde_json::to_string(message).unwrap_or_default(),
    ))
}

async fn close(mut socket: WebSocket, end: End) {
    metrics::counter!("lianmai_worker_closed_total", "reason" => end.as_str()).increment(1);
    if end == End::Lost {
        return;
    }
    let frame = CloseFrame {
        code: end.code(),
        reason: end.as_str().into(),
    };
    let goodbye = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            // Until the worker confirms, so that the frame is not lost with the connection.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(Duration::from_secs(2), goodbye).await;
}
