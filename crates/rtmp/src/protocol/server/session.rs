//! Driving a server session: bytes and time in, outputs out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::config::ServerConfig;
use super::connect::Connect;
use super::event::{Rejection, RequestId, ServerCounters, ServerEvent, UnknownRequest};
use super::net_stream::{NetState, NetStreams};
use crate::protocol::aggregate::Aggregate;
use crate::protocol::error::{Phase, SessionError, SessionErrorKind};
use crate::protocol::handshake::{Seed, ServerHandshake};
use crate::protocol::link::Link;
use crate::protocol::output::{Close, Output};
use crate::protocol::status;

/// A question the driver has not answered yet.
#[derive(Debug)]
pub(super) enum Pending {
    Connect {
        request: RequestId,
        transaction: f64,
        connect: Arc<Connect>,
    },
    Publish {
        request: RequestId,
        stream_id: u32,
    },
    Play {
        request: RequestId,
        stream_id: u32,
        reset: bool,
    },
}

impl Pending {
    fn request(&self) -> RequestId {
        match self {
            Pending::Connect { request, .. }
            | Pending::Publish { request, .. }
            | Pending::Play { request, .. } => *request,
        }
    }
}

/// The server side of one connection.
///
/// ```text
/// Handshake ─► Connecting ─connect─► Connected ─publish or play accepted─► Active
///      └──────────────┴──────────────────┴── error, rejection, close ────────┴──► Closed
/// ```
pub struct ServerSession {
    pub(super) config: ServerConfig,
    pub(super) link: Link,
    pub(super) phase: Phase,
    pub(super) events: VecDeque<ServerEvent>,
    pub(super) pending: Option<Pending>,
    pub(super) connect: Option<Arc<Connect>>,
    pub(super) streams: NetStreams,
    /// The aggregate being taken apart.
    pub(super) aggregate: Option<Aggregate>,
    pub(super) counters: ServerCounters,
    /// Commands before anything was accepted.
    pub(super) commands: u32,
    /// `FCPublish` came, so `onFCPublish` is expected.
    pub(super) fc_publish: bool,
    handshake: Option<ServerHandshake>,
    login_by: Instant,
    close: Option<Close>,
    requests: u32,
}

impl ServerSession {
    /// A session for a connection accepted at `now`; `seed` must be unpredictable and used once.
    pub fn new(config: ServerConfig, seed: Seed, now: Instant) -> ServerSession {
        ServerSession {
            link: Link::new(
                config.limits_before,
                config.window_ack_size,
                config.keepalive,
                now,
            ),
            phase: Phase::Handshake,
            events: VecDeque::new(),
            pending: None,
            connect: None,
            streams: NetStreams::new(config.max_streams),
            aggregate: None,
            counters: ServerCounters::default(),
            commands: 0,
            fc_publish: false,
            handshake: Some(ServerHandshake::new(seed)),
            login_by: now + config.login_timeout,
            close: None,
            requests: 0,
            config,
        }
    }

    /// Takes bytes of the peer, cut anywhere.
    pub fn handle_input(&mut self, bytes: &[u8], now: Instant) {
        self.link.reader_mut().push(bytes);
        self.handle_read(now);
    }

    /// The buffer to append bytes of the peer to without a copy, followed by
    /// [`handle_read`](Self::handle_read). Reserve room before each read: media shares its memory.
    pub fn read_buf(&mut self) -> &mut BytesMut {
        self.link.reader_mut().read_buf()
    }

    /// Notes that the driver appended to [`read_buf`](Self::read_buf).
    pub fn handle_read(&mut self, now: Instant) {
        if self.phase != Phase::Closed {
            let established = self.phase > Phase::Connecting;
            self.link.received(established, now);
        }
    }

    /// To be called at or after [`deadline`](Self::deadline); earlier it does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Closed || self.pending.is_some() {
            return;
        }
        if self.phase < Phase::Active && now >= self.login_by {
            self.fail(SessionErrorKind::TooSlow { phase: self.phase });
        } else if self.phase > Phase::Connecting && !self.link.timeout(now) {
            self.fail(SessionErrorKind::Silent);
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). `None` while a verdict is pending (its time-out
    /// is the driver's business) and after the end.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            _ if self.pending.is_some() => None,
            Phase::Handshake | Phase::Connecting => Some(self.login_by),
            Phase::Connected => Some(self.login_by.min(self.link.deadline())),
            Phase::Active => Some(self.link.deadline()),
            Phase::Closed => None,
        }
    }

    /// The next thing to do. To be called after every other call until it says `None`.
    pub fn poll_output(&mut self) -> Option<Output<ServerEvent>> {
        loop {
            if let Some(bytes) = self.link.take_output() {
                return Some(Output::Write(bytes));
            }
            if let Some(event) = self.events.pop_front() {
                return Some(Output::Event(event));
            }
            if let Some(close) = self.close.take() {
                return Some(Output::Close(close));
            }
            if self.phase == Phase::Closed || self.pending.is_some() {
                return None;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => self.end(Close::Failed(error)),
            }
        }
    }

    /// Whether more bytes are welcome. No while a verdict is pending and enough waits already, and after
    /// the end.
    pub fn wants_read(&self) -> bool {
        let room = self.pending.is_none() || self.link.reader().waiting() < self.config.max_waiting;
        self.phase != Phase::Closed && room
    }

    /// Says no to any request, then closes.
    ///
    /// # Errors
    /// [`UnknownRequest`] when it is not open.
    pub fn reject(&mut self, request: RequestId, rejection: Rejection) -> Result<(), UnknownRequest> {
        match self.take_pending(request)? {
            Pending::Connect { transaction, .. } => self.refuse_connect(transaction, &rejection),
            Pending::Publish { stream_id, .. } | Pending::Play { stream_id, .. } => {
                let Rejection { code, description } = &rejection;
                self.status(stream_id, status::LEVEL_ERROR, code, description);
            }
        }
        self.end(Close::Rejected(rejection));
        Ok(())
    }

    /// Tells the peer that the connection ends, and why, then closes it: kick, drain. Publishers hear
    /// `NetStream.Unpublish.Success`, players `NetStream.Play.Stop`.
    pub fn close(&mut self, description: &str) {
        self.say_goodbye(description, false);
    }

    /// The same for a publisher whose stream somebody else publishes now: it then hears `NetStream.Publish.BadName`,
    /// too, an error after which clients do not come back by themselves.
    pub fn give_name_away(&mut self, description: &str) {
        self.say_goodbye(description, true);
    }

    fn say_goodbye(&mut self, description: &str, name_in_use: bool) {
        if self.phase == Phase::Closed {
            return;
        }
        if self.phase > Phase::Connecting {
            for (stream_id, state) in self.streams.busy() {
                let code = match state {
                    NetState::Playing { .. } => status::PLAY_STOP,
                    _ => status::UNPUBLISH_SUCCESS,
                };
                self.status(stream_id, status::LEVEL_STATUS, code, description);
                if name_in_use && state == NetState::Publishing {
                    self.status(
                        stream_id,
                        status::LEVEL_ERROR,
                        status::PUBLISH_BAD_NAME,
                        description,
                    );
                }
            }
            self.status(0, status::LEVEL_STATUS, status::CONNECT_CLOSED, description);
        }
        self.end(Close::Finished);
    }

    /// The message stream of the first accepted play: where shared media chunks go.
    pub fn play_stream_id(&self) -> Option<u32> {
        self.streams
            .first(|state| matches!(state, NetState::Playing { .. }))
    }

    /// The message stream of the first accepted publication.
    pub fn publish_stream_id(&self) -> Option<u32> {
        self.streams.first(|state| state == NetState::Publishing)
    }

    /// Size of the chunks we send, for `media_chunks`.
    pub fn chunk_size(&self) -> u32 {
        self.link.chunk_size()
    }

    /// How far it got.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Bytes of the peer taken so far, without the handshake.
    pub fn bytes_received(&self) -> u64 {
        self.link.reader().bytes_received()
    }

    /// The sequence number of the peer's last acknowledgement.
    pub fn acknowledged(&self) -> Option<u32> {
        self.link.acknowledged()
    }

    /// What was left out so far.
    pub fn counters(&self) -> ServerCounters {
        ServerCounters {
            unknown_messages: self.counters.unknown_messages + self.link.unreadable(),
            abandoned_messages: self.link.reader().abandoned(),
            ..self.counters
        }
    }

    /// Does one step; false when bytes are missing.
    fn advance(&mut self) -> Result<bool, SessionError> {
        if let Some(handshake) = &mut self.handshake {
            let (input, out) = self.link.buffers();
            let done = handshake.advance(input, out);
            let consumed = handshake.consumed();
            if !done.map_err(|error| SessionError {
                position: consumed,
                kind: error.into(),
            })? {
                // An answer may have been written although more is awaited.
                return Ok(self.link.has_output());
            }
            self.handshake = None;
            self.link.reader_mut().set_start(consumed);
            self.phase = Phase::Connecting;
        }
        if let Some(aggregate) = &mut self.aggregate {
            match aggregate.next() {
                Some(Ok(message)) => self.on_sub_message(message),
                Some(Err(_)) => self.counters.broken_aggregates += 1,
                None => self.aggregate = None,
            }
            return Ok(true);
        }
        let Some(incoming) = self.link.next()? else {
            return Ok(self.link.has_output());
        };
        self.on_incoming(incoming).map_err(|kind| self.error(kind))?;
        Ok(true)
    }

    pub(super) fn next_request(&mut self) -> RequestId {
        self.requests = self.requests.wrapping_add(1);
        RequestId(self.requests)
    }

    pub(super) fn take_pending(&mut self, request: RequestId) -> Result<Pending, UnknownRequest> {
        if self.pending.as_ref().map(Pending::request) != Some(request) {
            return Err(UnknownRequest);
        }
        self.link.excuse_silence();
        self.pending.take().ok_or(UnknownRequest)
    }

    pub(super) fn error(&self, kind: SessionErrorKind) -> SessionError {
        SessionError {
            position: self.link.reader().position(),
            kind,
        }
    }

    fn fail(&mut self, kind: SessionErrorKind) {
        let error = self.error(kind);
        self.end(Close::Failed(error));
    }

    pub(super) fn end(&mut self, close: Close) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.pending = None;
            self.aggregate = None;
            self.close = Some(close);
        }
    }
}
