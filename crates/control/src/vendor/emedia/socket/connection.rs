//! One connection from its first frame to its last.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lianmai_rooms::RoomId;
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::super::refusal::SERVER_LIMIT;
use super::super::{Refusal, VENDOR};
use super::enter::{self, Entered};
use super::frame::{self, Request};
use super::ops::After;
use super::peers::Peers;
use crate::events::{Next, Verdict};
use crate::http::HttpState;
use crate::vendor::VendorApp;
use crate::ws::{CloseReason, session};

/// Time to enter, as the clients have it.
const ENTER_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest time for the close frame to get out.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a connection is, before it is known whose.
pub(super) struct Place {
    pub(super) state: HttpState,
    pub(super) vendor: VendorApp,
    pub(super) room: RoomId,
    pub(super) address: SocketAddr,
}

/// How a connection ended.
enum End {
    /// The gateway closes it. Clients come back on everything but `Normal`.
    Close(CloseReason, &'static str),
    /// The client closed it, or the network did.
    Lost,
}

/// Whether the member is over, too.
enum Stay {
    /// It may come back to its session.
    Goes,
    /// It left, was removed, or the conference ended.
    Over,
}

/// Serves a connection until its end.
pub(super) async fn run(place: Place, socket: WebSocket) {
    metrics::gauge!("lianmai_vendor_connections", "vendor" => VENDOR).increment(1.0);
    let rate = place.state.config().ws.commands;
    let mut wire = Wire {
        socket,
        patience: place.state.config().ws.send_timeout,
        rate: RateLimiter::direct(Quota::per_second(rate.per_second).allow_burst(rate.burst)),
    };
    let end = match serve(&place, &mut wire).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    if let End::Close(reason, detail) = end {
        tracing::debug!(reason = reason.as_str(), detail, "closing");
        wire.close(reason, detail).await;
    }
    metrics::gauge!("lianmai_vendor_connections", "vendor" => VENDOR).decrement(1.0);
}

async fn serve(place: &Place, wire: &mut Wire) -> Result<std::convert::Infallible, End> {
    let (entered, frames, request) = first(place, wire).await?;
    let mut connection = Connection {
        seat: Seat {
            place,
            entered,
            peers: Peers::default(),
        },
        wire,
        stay: Stay::Goes,
    };
    let talk = async {
        let frames = connection.publish_at_once(&request, frames).await?;
        connection.talk(frames).await
    };
    let end = match talk.await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    let Connection {
        seat: Seat { entered, .. },
        stay,
        ..
    } = connection;
    match stay {
        Stay::Goes => session::leave(&entered.ctx, &entered.info, &entered.hold).await,
        Stay::Over => over(&entered).await,
    }
    Err(end)
}

/// Forgets the session of a member that is inside no more.
async fn over(entered: &Entered) {
    let (service, info) = (entered.ctx.service(), &entered.info);
    if !entered.ctx.state.live_sessions().release(&info.id, &entered.hold) {
        return;
    }
    if let Err(error) = service.close_session(&info.app, &info.account, &info.id).await {
        tracing::warn!(%error, "a goodbye was not noted");
    }
}

/// Waits until the client has entered.
async fn first(place: &Place, wire: &mut Wire) -> Result<(Entered, Vec<Value>, Request), End> {
    let deadline = Instant::now() + ENTER_TIMEOUT;
    loop {
        let stop = place.state.stop();
        // Entering itself is not cut off: what it began would have no end.
        let message = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(End::Close(CloseReason::Restart, "restart")),
            () = tokio::time::sleep_until(deadline) => {
                return Err(End::Close(CloseReason::Normal, "enter_timeout"));
            }
            message = wire.socket.recv() => message,
        };
        let Some(request) = wire.request(message, None).await? else {
            continue;
        };
        let result = match request.op {
            200 => enter::enter(place, &request).await,
            _ => Err(Refusal::link()),
        };
        match result {
            Ok((entered, frames)) => return Ok((entered, frames, request)),
            Err(refusal) => wire.send(&frame::refused(&request.tsx, None, &refusal)).await?,
        }
    }
}

/// The socket and how much may come through it.
pub(super) struct Wire {
    socket: WebSocket,
    patience: Duration,
    rate: DefaultDirectRateLimiter,
}

impl Wire {
    /// The request in a message, if it is one; what is none is answered.
    async fn request(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
        session: Option<&lianmai_rooms::SessionId>,
    ) -> Result<Option<Request>, End> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(None),
            Some(Ok(Message::Binary(_))) => return Err(End::Close(CloseReason::Unsupported, "text_only")),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Lost),
        };
        let (tsx, refusal) = match Request::parse(&text) {
            Ok(request) if self.rate.check().is_ok() => return Ok(Some(request)),
            Ok(request) => {
                let text = "too many requests";
                let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
                (
                    request.tsx,
                    Refusal::new(SERVER_LIMIT, "rate_limited", text, status),
                )
            }
            Err(bad) => *bad,
        };
        self.send(&frame::refused(&tsx, session, &refusal)).await?;
        Ok(None)
    }

    async fn send(&mut self, value: &Value) -> Result<(), End> {
        self.message(frame::text(value)).await
    }

    async fn message(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Lost),
            Err(_) => Err(End::Close(CloseReason::Slow, "slow")),
        }
    }

    async fn close(&mut self, reason: CloseReason, detail: &'static str) {
        let frame = CloseFrame {
            code: reason.code(),
            reason: detail.into(),
        };
        let goodbye = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                // Until the client confirms, so that the frame is not lost with the connection.
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

/// A client that has entered, apart from its socket.
pub(super) struct Seat<'a> {
    pub(super) place: &'a Place,
    pub(super) entered: Entered,
    pub(super) peers: Peers,
}

/// A connection whose client has entered.
struct Connection<'a> {
    seat: Seat<'a>,
    wire: &'a mut Wire,
    stay: Stay,
}

impl Connection<'_> {
    async fn talk(&mut self, frames: Vec<Value>) -> Result<std::convert::Infallible, End> {
        self.tell(frames).await?;
        let state = self.seat.place.state.clone();
        let ws = state.config().ws;
        let mut heartbeat = interval(ws.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.seat.entered.hold.replaced().cancelled() => {
                    return Err(End::Close(CloseReason::Replaced, "session_resumed"));
                }
                () = state.stop().cancelled() => return Err(End::Close(CloseReason::Restart, "restart")),
                message = self.wire.socket.recv() => {
                    heard = Instant::now();
                    let session = Some(&self.seat.entered.info.id);
                    if let Some(request) = self.wire.request(message, session).await? {
                        self.carry_out(request).await?;
                    }
                }
                _ = heartbeat.tick() => {
                    if heard.elapsed() > ws.gone_after {
                        return Err(End::Close(CloseReason::Gone, "heartbeat"));
                    }
                    self.wire.message(Message::Ping(Default::default())).await?;
                    if session::touch(&self.seat.entered.ctx, &self.seat.entered.info).await.is_err() {
                        return Err(End::Close(CloseReason::Auth, "no_such_session"));
                    }
                }
                next = self.seat.entered.cursor.next() => self.happened(next).await?,
            }
        }
    }

    /// Browsers may enter and publish in one request. Whoever cannot publish has not entered.
    async fn publish_at_once(
        &mut self,
        request: &Request,
        mut frames: Vec<Value>,
    ) -> Result<Vec<Value>, End> {
        if request.said.get("sdp").is_none() {
            return Ok(frames);
        }
        let (fields, more) = match self.seat.open_peer(&request.said).await {
            Ok(After::AnswerThen(fields, more)) => (fields, more),
            Ok(After::TellThenRefuse(_, refusal)) | Err(refusal) => {
                self.stay = Stay::Over;
                self.wire
                    .send(&frame::refused(&request.tsx, None, &refusal))
                    .await?;
                return Err(End::Close(CloseReason::Normal, "not_published"));
            }
            Ok(_) => return Ok(frames),
        };
        if let Some(welcome) = frames.first_mut().and_then(Value::as_object_mut) {
            welcome.extend(fields);
        }
        frames.extend(more);
        Ok(frames)
    }

    async fn carry_out(&mut self, request: Request) -> Result<(), End> {
        let patience = self.seat.place.state.config().request_timeout;
        let done = timeout(patience, self.seat.act(&request)).await;
        let done = done.unwrap_or_else(|_| {
            let text = "the request took too long";
            let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
            Err(Refusal::new(SERVER_LIMIT, "request_timeout", text, status))
        });
        let session = Some(&self.seat.entered.info.id);
        match done {
            Ok(After::Answer(fields)) => self.wire.send(&frame::done(&request.tsx, session, fields)).await,
            Ok(After::AnswerThen(fields, frames)) => {
                self.wire
                    .send(&frame::done(&request.tsx, session, fields))
                    .await?;
                self.tell(frames).await
            }
            Ok(After::TellThenRefuse(frames, refusal)) => {
                self.tell(frames).await?;
                let session = Some(&self.seat.entered.info.id);
                self.wire
                    .send(&frame::refused(&request.tsx, session, &refusal))
                    .await
            }
            Ok(After::Tell(frames)) => self.tell(frames).await,
            Ok(After::Leave) => {
                self.wire
                    .send(&frame::done(&request.tsx, session, Default::default()))
                    .await?;
                self.stay = Stay::Over;
                Err(End::Close(CloseReason::Normal, "exit"))
            }
            Err(refusal) => {
                self.wire
                    .send(&frame::refused(&request.tsx, session, &refusal))
                    .await
            }
        }
    }

    async fn happened(&mut self, next: Next) -> Result<(), End> {
        let event = match next {
            Next::Event(event) => event,
            Next::Lagged => return self.resync().await,
            Next::Ended => return Err(self.is_over("ended")),
        };
        let verdict = self.seat.entered.viewer.see(&event);
        if verdict == Verdict::Replaced {
            let frame = self.seat.entered.sight.replaced(event.event.sequence);
            self.tell(vec![frame]).await?;
            return Err(self.is_over("session_replaced"));
        }
        if verdict != Verdict::Skip {
            let frames = self.seat.entered.sight.frames(&event.event);
            self.tell(frames).await?;
            self.tell_lives(&event.event.kind).await?;
        }
        if verdict == Verdict::ShowAndLeave {
            return Err(self.is_over("left"));
        }
        Ok(())
    }

    /// Admins are told where the conference is pushed to whenever that changes.
    async fn tell_lives(&mut self, kind: &lianmai_rooms::EventKind) -> Result<(), End> {
        use lianmai_rooms::EventKind::{PushAdded, PushRemoved};
        if !matches!(kind, PushAdded { .. } | PushRemoved { .. }) || !self.seat.entered.sight.is_admin() {
            return Ok(());
        }
        let Ok(state) = self.seat.entered.ctx.room(&self.seat.place.room) else {
            return Ok(());
        };
        let lives = super::super::live::shown(&state.view);
        let frame = serde_json::json!({ "op": 452, "cver": state.sequence, "liveCfgs": lives });
        self.tell(vec![frame]).await
    }

    /// Tells what the client missed, and goes on from there.
    async fn resync(&mut self) -> Result<(), End> {
        let (service, room) = (self.seat.place.state.service(), &self.seat.place.room);
        let (Ok(state), Ok(viewer)) = (
            self.seat.entered.ctx.room(room),
            self.seat.entered.ctx.viewer(room),
        ) else {
            return Err(self.is_over("left"));
        };
        let Ok(cursor) = enter::following(service, self.seat.place, state.sequence) else {
            return Err(self.is_over("ended"));
        };
        self.seat.entered.viewer = viewer;
        self.seat.entered.cursor = cursor;
        let frames = self.seat.entered.sight.resync(&state.view, state.sequence);
        self.tell(frames).await
    }

    fn is_over(&mut self, detail: &'static str) -> End {
        self.stay = Stay::Over;
        End::Close(CloseReason::Normal, detail)
    }

    /// Sends frames; each carries the session.
    async fn tell(&mut self, frames: Vec<Value>) -> Result<(), End> {
        for mut frame in frames {
            if let Some(fields) = frame.as_object_mut() {
                let session = self.seat.entered.info.id.as_str();
                fields.insert("sessId".to_owned(), session.into());
            }
            self.wire.send(&frame).await?;
        }
        Ok(())
    }
}
