//! Calls that make, end and prepare message streams.

use lianmai_media::amf0::Value;

use super::event::ServerEvent;
use super::net_stream::NetState;
use super::session::ServerSession;
use crate::protocol::command::Command;
use crate::protocol::status;

impl ServerSession {
    pub(super) fn on_create_stream(&mut self, command: &Command) {
        match self.streams.create() {
            Some(id) => self.result(command, f64::from(id)),
            None => self.call_failed(command, "too many streams"),
        }
    }

    pub(super) fn on_delete_stream(&mut self, command: &Command) {
        let Some(id) = command.number(0).filter(|id| (1.0..=4294967295.0).contains(id)) else {
            return;
        };
        let stream_id = id as u32;
        if let Some(state) = self.streams.delete(stream_id) {
            self.ended_by_client(stream_id, state);
        }
    }

    pub(super) fn on_close_stream(&mut self, stream_id: u32) {
        let Some(state) = self.streams.idle(stream_id) else {
            return;
        };
        if state == NetState::Publishing {
            self.status(
                stream_id,
                status::LEVEL_STATUS,
                status::UNPUBLISH_SUCCESS,
                "stream closed",
            );
        }
        self.ended_by_client(stream_id, state);
    }

    pub(super) fn on_release_stream(&mut self, command: &Command) {
        self.result(command, Value::Undefined);
    }

    /// Answered at once, so that encoders go on; `onFCPublish` says that publishing started, so it waits
    /// for the verdict (R-H2).
    pub(super) fn on_fc_publish(&mut self, command: &Command) {
        self.fc_publish = true;
        self.result(command, Value::Undefined);
    }

    pub(super) fn on_fc_unpublish(&mut self, command: &Command) {
        let name = command.text(0).unwrap_or_default().to_owned();
        self.result(command, Value::Undefined);
        let Some(stream_id) = self.streams.publishing(&name) else {
            return;
        };
        self.streams.idle(stream_id);
        self.on_fc(
            stream_id,
            "onFCUnpublish",
            status::UNPUBLISH_SUCCESS,
            "stream unpublished",
        );
        self.status(
            stream_id,
            status::LEVEL_STATUS,
            status::UNPUBLISH_SUCCESS,
            "stream unpublished",
        );
        self.ended_by_client(stream_id, NetState::Publishing);
    }

    pub(super) fn on_fc_subscribe(&mut self, command: &Command) {
        let name = command.text(0).unwrap_or_default();
        let description: String = name.chars().take(self.config.max_name).collect();
        self.on_fc(0, "onFCSubscribe", status::PLAY_START, &description);
    }

    fn ended_by_client(&mut self, stream_id: u32, state: NetState) {
        match state {
            NetState::Publishing => self.events.push_back(ServerEvent::PublishEnded { stream_id }),
            NetState::Playing { .. } => self.events.push_back(ServerEvent::PlayEnded { stream_id }),
            NetState::Idle => {}
        }
    }
}
