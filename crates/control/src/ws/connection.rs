//! One connection from hello to close.
//!
//! One loop reads commands, carries them out one after the other, and writes answers and events. Nothing is queued
//! here: while a client does not read, events wait in the journals of their rooms, which are bounded.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lianmai_rooms::call::CallId;
use lianmai_rooms::{Device, RoomId, SessionId, Timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::close::CloseReason;
use super::dispatch::{Done, dispatch};
use super::frame::{self, Command, Hello, HelloRoom};
use super::live::Hold;
use super::session;
use super::watch::{Seen, Watch, Watches};
use crate::calls::{Greeting, Mailbox, Post};
use crate::events::{Next, Verdict, Viewer};
use crate::http::event::to_json;
use crate::http::ops::Ctx;
use crate::http::{Caller, HttpState, Problem, dto};
use crate::service::{ErrorKind, RoomState, SessionInfo};

/// A write that takes longer means that the client does not keep up at the moment.
const STALL: Duration = Duration::from_secs(1);
/// Longest time for the close frame to get out.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a client came with.
pub(super) struct Start {
    pub(super) caller: Caller,
    pub(super) resume: Option<SessionId>,
    pub(super) after: HashMap<RoomId, u64>,
    pub(super) device: Device,
}

/// How a connection ended.
enum End {
    /// The gateway closes it.
    Close(CloseReason, &'static str),
    /// The client closed it, or the network did.
    Lost,
}

/// Closes a connection that never was one.
pub(super) async fn refuse(socket: WebSocket, reason: CloseReason, detail: &str) {
    close(socket, reason, detail).await;
}

async fn close(mut socket: WebSocket, reason: CloseReason, detail: &str) {
    metrics::counter!("ws_closed_total", "reason" => reason.as_str()).increment(1);
    let goodbye = async {
        if socket
            .send(Message::Close(Some(reason.frame(detail))))
            .await
            .is_ok()
        {
            // Until the client confirms, so that the frame is not lost with the connection.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}

/// Serves a connection until its end.
pub(super) async fn run(state: HttpState, socket: WebSocket, start: Start) {
    let (info, resumed) = match session::open(&state, &start).await {
        Ok(opened) => opened,
        Err(error) => {
            let reason = if error.kind == ErrorKind::Limit {
                CloseReason::Limit
            } else {
                CloseReason::TryAgain
            };
            return close(socket, reason, error.code).await;
        }
    };
    metrics::gauge!("ws_connections").increment(1.0);
    let hold = state.live_sessions().take(&info.id);
    let Start {
        mut caller, after, ..
    } = start;
    caller.session = Some(info.id.clone());
    let commands = state.config().ws.commands;
    let mut connection = Connection {
        ctx: Ctx { state, caller },
        socket,
        watches: Watches::default(),
        rate: RateLimiter::direct(Quota::per_second(commands.per_second).allow_burst(commands.burst)),
        is_stalled: false,
        is_over: false,
    };
    let end = connection.serve(&info, resumed, &after, &hold).await;
    let Connection {
        ctx, socket, is_over, ..
    } = connection;
    if !is_over {
        session::leave(&ctx, &info, &hold).await;
    }
    if let End::Close(reason, detail) = end {
        tracing::debug!(reason = reason.as_str(), detail, "closing");
        close(socket, reason, detail).await;
    }
    metrics::gauge!("ws_connections").decrement(1.0);
}

struct Connection {
    ctx: Ctx,
    socket: WebSocket,
    watches: Watches,
    rate: DefaultDirectRateLimiter,
    /// The last writes took long.
    is_stalled: bool,
    /// The client said goodbye: there is no session any more.
    is_over: bool,
}

impl Connection {
    async fn serve(
        &mut self,
        info: &SessionInfo,
        resumed: bool,
        after: &HashMap<RoomId, u64>,
        hold: &Hold,
    ) -> End {
        match self.talk(info, resumed, after, hold).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn talk(
        &mut self,
        info: &SessionInfo,
        resumed: bool,
        after: &HashMap<RoomId, u64>,
        hold: &Hold,
    ) -> Result<std::convert::Infallible, End> {
        let state = self.ctx.state.clone();
        let ws = state.config().ws;
        let greeting = state.service().greet(info);
        self.hello(info, resumed).await?;
        for (room, _) in &info.rooms {
            self.take_up(room, after.get(room).copied()).await?;
        }
        let (mut mailbox, seen) = self.greet(info, resumed, greeting).await?;
        let leeway = state.config().jwt.leeway_secs;
        let expiry = Timestamp::from_secs(self.ctx.caller.expires_at_secs.saturating_add(leeway));
        let expired = state.service().clock().sleep_until(expiry);
        tokio::pin!(expired);
        let mut heartbeat = interval(ws.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = hold.replaced().cancelled() => return Err(End::Close(CloseReason::Replaced, "session_resumed")),
                () = state.stop().cancelled() => return Err(End::Close(CloseReason::Restart, "restart")),
                () = &mut expired => return Err(End::Close(CloseReason::Auth, "expired_token")),
                post = mailbox.next() => self.deliver(post, seen.as_ref()).await?,
                message = self.socket.recv() => {
                    heard = Instant::now();
                    self.receive(message).await?;
                }
                _ = heartbeat.tick() => {
                    if heard.elapsed() > ws.gone_after {
                        return Err(End::Close(CloseReason::Gone, "heartbeat"));
                    }
                    self.send(Message::Ping(Default::default())).await?;
                    if session::touch(&self.ctx, info).await.is_err() {
                        return Err(End::Close(CloseReason::Auth, "no_such_session"));
                    }
                }
                (watch, next) = self.watches.next() => {
                    let room = watch.room.clone();
                    let is_journal = matches!(next, Seen::Journal(_));
                    let is_fresh = watch.is_fresh;
                    watch.is_fresh &= !is_journal;
                    match next {
                        Seen::Signal(signal) => self.send(Message::Text(signal.text.clone())).await?,
                        Seen::Journal(Next::Event(event)) => {
                            let verdict = watch.viewer.see(&event);
                            if verdict == Verdict::Replaced {
                                return Err(End::Close(CloseReason::Replaced, "session_replaced"));
                            }
                            if verdict != Verdict::Skip {
                                self.send(frame::text(&to_json(&event))).await?;
                            }
                            if verdict == Verdict::ShowAndLeave {
                                self.watches.remove(&room);
                            }
                        }
                        Seen::Journal(Next::Lagged) if self.is_stalled && !is_fresh => {
                            return Err(End::Close(CloseReason::Slow, "slow"));
                        }
                        Seen::Journal(Next::Lagged) => self.resync(&room).await?,
                        Seen::Journal(Next::Ended) => self.watches.remove(&room),
                    }
                }
            }
        }
    }

    async fn hello(&mut self, info: &SessionInfo, resumed: bool) -> Result<(), End> {
        let ws = self.ctx.state.config().ws;
        let rooms = info.rooms.iter();
        let hello = Hello {
            event: "hello",
            session: info.id.clone(),
            resumed,
            app: info.app.to_string(),
            account: info.account.to_string(),
            server_time: self.ctx.service().clock().now().as_millis(),
            heartbeat_ms: millis(ws.heartbeat),
            gone_after_ms: millis(ws.gone_after),
            rooms: rooms
                .map(|(room, member)| HelloRoom {
                    room: room.to_string(),
                    member: member.to_string(),
                })
                .collect(),
        };
        self.send(frame::text(&hello)).await
    }

    /// Tells the account's call as it is, and what was kept for the account.
    async fn greet(
        &mut self,
        info: &SessionInfo,
        resumed: bool,
        greeting: Greeting,
    ) -> Result<(Mailbox, Option<(CallId, u64)>), End> {
        let state = self.ctx.state.clone();
        let mut frame = greeting.frame;
        if frame.is_none() && resumed {
            frame = state.service().call_is_over(info).await;
        }
        if let Some(frame) = frame {
            self.send(frame::text(&frame)).await?;
        }
        for text in state.service().take_messages(&info.app, &info.account).await {
            self.send(Message::Text(text.into())).await?;
        }
        Ok((greeting.mailbox, greeting.seen))
    }

    /// Passes on what came for the account, unless what the client was shown first has it.
    async fn deliver(&mut self, post: Option<Post>, seen: Option<&(CallId, u64)>) -> Result<(), End> {
        match post {
            Some(Post::Frame { text, call }) => {
                let is_old = |(call, number): &(CallId, u64)| {
                    seen.is_some_and(|(shown, until)| shown == call && number <= until)
                };
                if call.as_ref().is_some_and(is_old) {
                    return Ok(());
                }
                self.send(Message::Text(text)).await
            }
            Some(Post::Kicked) => Err(End::Close(CloseReason::Replaced, "other_device")),
            None => Err(End::Close(CloseReason::Slow, "slow")),
        }
    }

    /// Watches a room that the session is inside: from where the client says it is, else from a full view.
    async fn take_up(&mut self, room: &RoomId, after: Option<u64>) -> Result<(), End> {
        match after {
            Some(after) if self.watch(room, after).is_ok() => Ok(()),
            // The room or the stay ended meanwhile: its last events, if they are kept, are not ours to see.
            Some(_) => Ok(()),
            None => match self.watch(room, 0) {
                Ok(()) => self.resync(room).await,
                Err(_) => Ok(()),
            },
        }
    }

    fn watch(&mut self, room: &RoomId, after: u64) -> Result<(), Problem> {
        let viewer: Viewer = self.ctx.viewer(room)?;
        let (service, app) = (self.ctx.service(), &self.ctx.caller.app);
        let cursor = service.events(app, room, after)?;
        let signals = service.signals(app, room);
        let before = self.watches.get_mut(room);
        let wants_levels = before.is_some_and(|before| before.wants_levels);
        if self.watches.set(Watch {
            room: room.clone(),
            cursor,
            viewer,
            signals,
            wants_levels,
            is_fresh: true,
        }) {
            return Ok(());
        }
        let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
        Err(Problem::new(
            status,
            "too_many_watched",
            "the connection watches too many rooms",
        ))
    }

    /// Sends a full view and goes on from there.
    async fn resync(&mut self, room: &RoomId) -> Result<(), End> {
        let Ok(RoomState { view, sequence }) = self.ctx.room(room) else {
            self.watches.remove(room);
            return Ok(());
        };
        if self.watch(room, sequence).is_err() {
            self.watches.remove(room);
            return Ok(());
        }
        if let Some(watch) = self.watches.get_mut(room) {
            // The view may show what has not been told yet.
            watch.cursor.seek(sequence);
        }
        let view = dto::Room::new(view, sequence);
        let frame =
            serde_json::json!({ "event": "resync", "room": room, "sequence": sequence, "view": view });
        self.send(frame::text(&frame)).await
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => self.command(&text).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Binary(_))) => Err(End::Close(CloseReason::Unsupported, "text_only")),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Lost),
        }
    }

    async fn command(&mut self, text: &str) -> Result<(), End> {
        let mut command = match Command::parse(text) {
            Ok(command) => command,
            Err(bad) => return self.send(frame::answer(&bad.id, Err(bad.problem))).await,
        };
        if text.len() > self.ctx.state.config().ws.max_message && !frame::may_be_long(&command.op) {
            let status = axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            let problem = Problem::new(status, "body_too_large", "the command is too long");
            return self.send(frame::answer(&command.id, Err(problem))).await;
        }
        if self.rate.check().is_err() {
            return self
                .send(frame::answer(&command.id, Err(Problem::rate_limited(1))))
                .await;
        }
        let patience = self.ctx.state.config().request_timeout;
        let done = timeout(patience, dispatch(&self.ctx, &mut command)).await;
        let done = done.unwrap_or_else(|_| {
            Err(Problem::unavailable(
                "request_timeout",
                "the command took too long",
            ))
        });
        let result = match done {
            Ok(Done::Answer(answer)) => Ok(answer),
            Ok(Done::Watch { answer, room, after }) => self.watch(&room, after).map(|()| answer),
            Ok(Done::Unwatch { answer, room }) => {
                self.watches.remove(&room);
                Ok(answer)
            }
            Ok(Done::Levels { answer, room, on }) => match self.watches.get_mut(&room) {
                Some(watch) => {
                    watch.wants_levels = on;
                    Ok(answer)
                }
                None => Err(Problem::invalid("room", "join or watch the room first")),
            },
            Ok(Done::Bye) => {
                self.goodbye().await;
                return Err(End::Close(CloseReason::Normal, "bye"));
            }
            Err(problem) => Err(problem),
        };
        self.send(frame::answer(&command.id, result)).await
    }

    async fn goodbye(&mut self) {
        let caller = &self.ctx.caller;
        let Some(session) = &caller.session else { return };
        match self
            .ctx
            .service()
            .close_session(&caller.app, &caller.account, session)
            .await
        {
            Ok(()) => self.is_over = true,
            Err(error) => tracing::warn!(%error, "a goodbye was not noted"),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let started = Instant::now();
        let patience = self.ctx.state.config().ws.send_timeout;
        match timeout(patience, self.socket.send(message)).await {
            Ok(Ok(())) => {
                self.is_stalled = started.elapsed() > STALL;
                Ok(())
            }
            Ok(Err(_)) => Err(End::Lost),
            Err(_) => Err(End::Close(CloseReason::Slow, "slow")),
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
