//! `play` and what players say afterwards.

use super::event::{PlayEnd, PlayRequest, RequestId, ServerEvent, StreamName, UnknownRequest};
use super::net_stream::NetState;
use super::session::{Pending, ServerSession};
use crate::protocol::command::Command;
use crate::protocol::control::{Control, UserControl};
use crate::protocol::error::{Phase, SessionErrorKind};
use crate::protocol::status;

impl ServerSession {
    pub(super) fn on_play(&mut self, stream_id: u32, command: &Command) -> Result<(), SessionErrorKind> {
        let raw = command.text(0).unwrap_or_default();
        self.check_name("stream name", raw)?;
        let stream = StreamName { raw: raw.to_owned() };
        let free = match self.streams.state(stream_id) {
            // A player may change the stream without closing the old one.
            Some(NetState::Idle | NetState::Playing { .. }) => true,
            Some(NetState::Publishing) | None => false,
        };
        let Some(connect) = self.connect.clone().filter(|_| free && !stream.name().is_empty()) else {
            let code = if free {
                status::PLAY_STREAM_NOT_FOUND
            } else {
                status::PLAY_FAILED
            };
            let why = if free {
                "stream name missing"
            } else {
                "no free message stream"
            };
            self.status(stream_id, status::LEVEL_ERROR, code, why);
            return Ok(());
        };
        if let Some(NetState::Playing { .. }) = self.streams.idle(stream_id) {
            self.events.push_back(ServerEvent::PlayEnded { stream_id });
        }
        if let Some(net_stream) = self.streams.get_mut(stream_id) {
            net_stream.name.clone_from(&stream.raw);
        }
        let (start, duration) = (
            command.number(1).unwrap_or(-2.0),
            command.number(2).unwrap_or(-1.0),
        );
        let reset = command.flag(3).unwrap_or(true);
        let request = self.next_request();
        self.pending = Some(Pending::Play {
            request,
            stream_id,
            reset,
        });
        let event = PlayRequest {
            request,
            stream_id,
            connect,
            stream,
            start,
            duration,
            reset,
        };
        self.events.push_back(ServerEvent::PlayRequested(event));
        Ok(())
    }

    /// Lets the player start. Media follows whenever there is some: a player may come first. No
    /// `|RtmpSampleAccess` is sent, as it makes ffmpeg list two streams that do not exist.
    ///
    /// # Errors
    /// [`UnknownRequest`] when no such question to play is open.
    pub fn accept_play(&mut self, request: RequestId) -> Result<(), UnknownRequest> {
        let (stream_id, reset) = match &self.pending {
            Some(Pending::Play { stream_id, reset, .. }) => (*stream_id, *reset),
            _ => return Err(UnknownRequest),
        };
        self.take_pending(request)?;
        let name = match self.streams.get_mut(stream_id) {
            Some(stream) => {
                stream.state = NetState::Playing { paused: false };
                stream.name.split('?').next().unwrap_or_default().to_owned()
            }
            None => String::new(),
        };
        self.phase = Phase::Active;
        self.link
            .control(&Control::User(UserControl::StreamBegin(stream_id)));
        if reset {
            self.status(
                stream_id,
                status::LEVEL_STATUS,
                status::PLAY_RESET,
                &format!("resetting {name}"),
            );
        }
        self.status(
            stream_id,
            status::LEVEL_STATUS,
            status::PLAY_START,
            &format!("playing {name}"),
        );
        Ok(())
    }

    /// Tells the player of `stream_id` that its stream ended; the connection stays, and it may play again.
    pub fn end_play(&mut self, stream_id: u32, end: PlayEnd) {
        if !matches!(self.streams.state(stream_id), Some(NetState::Playing { .. })) {
            return;
        }
        self.streams.idle(stream_id);
        self.link
            .control(&Control::User(UserControl::StreamEof(stream_id)));
        if end == PlayEnd::Unpublished {
            let code = status::PLAY_UNPUBLISH_NOTIFY;
            self.status(stream_id, status::LEVEL_STATUS, code, "the publisher left");
        }
        self.status(
            stream_id,
            status::LEVEL_STATUS,
            status::PLAY_STOP,
            "playing ended",
        );
    }

    /// `pause(flag, milliseconds)`; without a flag it toggles.
    pub(super) fn on_pause(&mut self, stream_id: u32, command: &Command) {
        let Some(stream) = self.streams.get_mut(stream_id) else {
            return;
        };
        let NetState::Playing { paused: before } = stream.state else {
            return;
        };
        let paused = command.flag(0).unwrap_or(!before);
        stream.state = NetState::Playing { paused };
        let code = if paused {
            status::PAUSE_NOTIFY
        } else {
            status::UNPAUSE_NOTIFY
        };
        let position = command.number(1).unwrap_or_default();
        self.status(
            stream_id,
            status::LEVEL_STATUS,
            code,
            if paused { "paused" } else { "playing on" },
        );
        self.events.push_back(ServerEvent::Paused {
            stream_id,
            paused,
            position,
        });
    }

    /// Live streams stay where they are. It is still said to have worked, since players end on an error.
    pub(super) fn on_seek(&mut self, stream_id: u32) {
        if matches!(self.streams.state(stream_id), Some(NetState::Playing { .. })) {
            self.status(
                stream_id,
                status::LEVEL_STATUS,
                status::SEEK_NOTIFY,
                "live: staying at the live edge",
            );
        }
    }

    pub(super) fn on_receive(&mut self, stream_id: u32, command: &Command) {
        let Some(enabled) = command.flag(0) else { return };
        if !matches!(self.streams.state(stream_id), Some(NetState::Playing { .. })) {
            return;
        }
        self.events.push_back(if command.name == "receiveAudio" {
            ServerEvent::ReceiveAudio { stream_id, enabled }
        } else {
            ServerEvent::ReceiveVideo { stream_id, enabled }
        });
    }
}
