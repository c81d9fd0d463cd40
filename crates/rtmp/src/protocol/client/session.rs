//! Driving a client session: bytes, time and media in, outputs out.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;
use lianmai_media::amf0::Value;

use super::config::{ClientConfig, Purpose};
use super::event::{ClientEvent, NotReady};
use crate::protocol::aggregate::Aggregate;
use crate::protocol::command::{Command, DataMessage};
use crate::protocol::error::{Phase, SessionError, SessionErrorKind};
use crate::protocol::handshake::{ClientHandshake, Seed};
use crate::protocol::link::Link;
use crate::protocol::message::MediaKind;
use crate::protocol::output::{Close, Output};
use crate::protocol::url::RtmpUrl;

/// The client side of one connection.
///
/// ```text
/// Handshake ─► Connecting ─_result─► Connected ─Publish.Start or Play.Start─► Active
///      └───────────┴─────────────────────┴── refusal, error, finish ────────────┴──► Closed
/// ```
pub struct ClientSession {
    pub(super) config: ClientConfig,
    pub(super) url: RtmpUrl,
    pub(super) purpose: Purpose,
    pub(super) link: Link,
    pub(super) phase: Phase,
    pub(super) events: VecDeque<ClientEvent>,
    /// The message stream, from the answer to `createStream` on.
    pub(super) stream_id: Option<u32>,
    /// The aggregate being taken apart.
    pub(super) aggregate: Option<Aggregate>,
    handshake: Option<ClientHandshake>,
    login_by: Instant,
    close: Option<Close>,
}

impl ClientSession {
    /// A session for a connection to `url` made at `now`; `seed` must be unpredictable and used once.
    pub fn new(
        config: ClientConfig,
        url: &RtmpUrl,
        purpose: Purpose,
        seed: Seed,
        now: Instant,
    ) -> ClientSession {
        let mut link = Link::new(config.limits, config.window_ack_size, config.keepalive, now);
        let (_, out) = link.buffers();
        let handshake = ClientHandshake::start(seed, config.digest_handshake, out);
        ClientSession {
            url: url.clone(),
            purpose,
            link,
            phase: Phase::Handshake,
            events: VecDeque::new(),
            stream_id: None,
            aggregate: None,
            handshake: Some(handshake),
            login_by: now + config.login_timeout,
            close: None,
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
            let established = self.phase > Phase::Handshake;
            self.link.received(established, now);
        }
    }

    /// To be called at or after [`deadline`](Self::deadline); earlier it does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Closed {
            return;
        }
        if self.phase < Phase::Active && now >= self.login_by {
            self.fail(SessionErrorKind::TooSlow { phase: self.phase });
        } else if self.phase > Phase::Connecting && !self.link.timeout(now) {
            self.fail(SessionErrorKind::Silent);
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` after the end.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Handshake | Phase::Connecting => Some(self.login_by),
            Phase::Connected => Some(self.login_by.min(self.link.deadline())),
            Phase::Active => Some(self.link.deadline()),
            Phase::Closed => None,
        }
    }

    /// The next thing to do. To be called after every other call, and first of all, until it says `None`.
    pub fn poll_output(&mut self) -> Option<Output<ClientEvent>> {
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
            if self.phase == Phase::Closed {
                return None;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => self.end(Close::Failed(error)),
            }
        }
    }

    /// Whether more bytes are welcome: until the end.
    pub fn wants_read(&self) -> bool {
        self.phase != Phase::Closed
    }

    /// Sends `@setDataFrame onMetaData` with `metadata`: first of all, then the sequence headers, then a
    /// key frame (R-P7).
    ///
    /// # Errors
    /// [`NotReady`] before [`ClientEvent::Publishing`] and after the end.
    pub fn send_metadata(&mut self, metadata: &Value, timestamp: u32) -> Result<(), NotReady> {
        let arguments = vec![metadata.clone()];
        let message = DataMessage {
            set_frame: true,
            name: "onMetaData".to_owned(),
            arguments,
        };
        self.send_media(MediaKind::Data, timestamp, &message.encode())
    }

    /// Sends one media message.
    ///
    /// # Errors
    /// [`NotReady`] before [`ClientEvent::Publishing`] and after the end. A body longer than a message can
    /// be ends the session.
    pub fn send_media(&mut self, kind: MediaKind, timestamp: u32, payload: &[u8]) -> Result<(), NotReady> {
        let publishing = self.purpose == Purpose::Publish;
        let stream_id = self.stream_id().filter(|_| publishing).ok_or(NotReady)?;
        if !self
            .link
            .send(kind.csid(), kind.type_id(), timestamp, stream_id, payload)
        {
            self.fail(SessionErrorKind::Unsendable(payload.len()));
        }
        Ok(())
    }

    /// The message stream media goes on, while it may: for `media_chunks`. A driver that sends shared chunks
    /// must not mix them with [`send_media`](Self::send_media).
    pub fn stream_id(&self) -> Option<u32> {
        self.stream_id.filter(|_| self.phase == Phase::Active)
    }

    /// Ends properly: FCUnpublish, deleteStream, close.
    pub fn finish(&mut self) {
        if let Some(stream_id) = self.stream_id.filter(|_| self.phase != Phase::Closed) {
            if self.purpose == Purpose::Publish {
                let call = Command::new("FCUnpublish", 6.0, Value::Null).with(self.url.stream());
                self.link.command(0, &call);
            }
            let call = Command::new("deleteStream", 0.0, Value::Null).with(f64::from(stream_id));
            self.link.command(0, &call);
        }
        self.end(Close::Finished);
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

    /// The sequence number of the peer's last acknowledgement. Not a sign of life: some servers never
    /// acknowledge.
    pub fn acknowledged(&self) -> Option<u32> {
        self.link.acknowledged()
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
                return Ok(false);
            }
            self.handshake = None;
            self.link.reader_mut().set_start(consumed);
            self.phase = Phase::Connecting;
            self.send_connect();
            return Ok(true);
        }
        if let Some(aggregate) = &mut self.aggregate {
            match aggregate.next() {
                Some(Ok(message)) => self.on_media(&message),
                Some(Err(_)) | None => self.aggregate = None,
            }
            return Ok(true);
        }
        let Some(incoming) = self.link.next()? else {
            return Ok(self.link.has_output());
        };
        let position = self.link.reader().position();
        self.on_incoming(incoming)
            .map_err(|kind| SessionError { position, kind })?;
        Ok(true)
    }

    fn fail(&mut self, kind: SessionErrorKind) {
        let position = self.link.reader().position();
        self.end(Close::Failed(SessionError { position, kind }));
    }

    pub(super) fn end(&mut self, close: Close) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.aggregate = None;
            self.close = Some(close);
        }
    }
}
