//! `publish`: the question, and the yes.

use super::event::{PublishKind, PublishRequest, RequestId, ServerEvent, StreamName, UnknownRequest};
use super::net_stream::NetState;
use super::session::{Pending, ServerSession};
use crate::protocol::command::Command;
use crate::protocol::error::{Phase, SessionErrorKind};
use crate::protocol::status;

impl ServerSession {
    pub(super) fn on_publish(&mut self, stream_id: u32, command: &Command) -> Result<(), SessionErrorKind> {
        let raw = command.text(0).unwrap_or_default();
        self.check_name("stream name", raw)?;
        let stream = StreamName { raw: raw.to_owned() };
        let free = self.streams.state(stream_id) == Some(NetState::Idle);
        let Some(connect) = self.connect.clone().filter(|_| free && !stream.name().is_empty()) else {
            let code = if free {
                status::PUBLISH_BAD_NAME
            } else {
                status::PUBLISH_FAILED
            };
            let why = if free {
                "stream name missing"
            } else {
                "no free message stream"
            };
            self.status(stream_id, status::LEVEL_ERROR, code, why);
            return Ok(());
        };
        let kind = match command.text(1) {
            Some("record") => PublishKind::Record,
            Some("append") => PublishKind::Append,
            _ => PublishKind::Live,
        };
        if let Some(net_stream) = self.streams.get_mut(stream_id) {
            net_stream.name.clone_from(&stream.raw);
        }
        let request = self.next_request();
        self.pending = Some(Pending::Publish { request, stream_id });
        let event = PublishRequest {
            request,
            stream_id,
            connect,
            stream,
            kind,
        };
        self.events.push_back(ServerEvent::PublishRequested(event));
        Ok(())
    }

    /// Lets the publisher start: only now it hears `NetStream.Publish.Start` (R-H2), and media is taken.
    ///
    /// # Errors
    /// [`UnknownRequest`] when no such question to publish is open.
    pub fn accept_publish(&mut self, request: RequestId) -> Result<(), UnknownRequest> {
        let stream_id = match &self.pending {
            Some(Pending::Publish { stream_id, .. }) => *stream_id,
            _ => return Err(UnknownRequest),
        };
        self.take_pending(request)?;
        let name = match self.streams.get_mut(stream_id) {
            Some(stream) => {
                stream.state = NetState::Publishing;
                stream.name.split('?').next().unwrap_or_default().to_owned()
            }
            None => String::new(),
        };
        self.phase = Phase::Active;
        self.link.reader_mut().set_limits(self.config.limits_after);
        if std::mem::take(&mut self.fc_publish) {
            self.on_fc(stream_id, "onFCPublish", status::PUBLISH_START, &name);
        }
        self.status(
            stream_id,
            status::LEVEL_STATUS,
            status::PUBLISH_START,
            &format!("publishing {name}"),
        );
        Ok(())
    }

    /// # Errors
    /// [`SessionErrorKind::NameTooLong`].
    pub(super) fn check_name(&self, what: &'static str, name: &str) -> Result<(), SessionErrorKind> {
        let (length, limit) = (name.len(), self.config.max_name);
        if length > limit {
            Err(SessionErrorKind::NameTooLong { what, length, limit })
        } else {
            Ok(())
        }
    }
}
