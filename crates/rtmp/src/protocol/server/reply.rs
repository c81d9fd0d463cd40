//! Answers and status messages, in the shapes clients expect (RTMP 1.0 §7.2).

use lianmai_media::amf0::Value;

use super::session::ServerSession;
use crate::protocol::command::Command;
use crate::protocol::status;

/// An information object.
pub(super) fn info(level: &str, code: &str, description: &str) -> Value {
    Value::Object(vec![
        ("level".to_owned(), level.into()),
        ("code".to_owned(), code.into()),
        ("description".to_owned(), description.into()),
    ])
}

impl ServerSession {
    /// `onStatus` on a message stream.
    pub(super) fn status(&mut self, stream_id: u32, level: &str, code: &str, description: &str) {
        let command = Command::new("onStatus", 0.0, Value::Null).with(info(level, code, description));
        self.link.command(stream_id, &command);
    }

    /// `_result`, unless no answer is expected.
    pub(super) fn result(&mut self, to: &Command, value: impl Into<Value>) {
        if to.transaction != 0.0 {
            self.link.command(
                0,
                &Command::new("_result", to.transaction, Value::Null).with(value),
            );
        }
    }

    /// `_error`, unless no answer is expected.
    pub(super) fn call_failed(&mut self, to: &Command, description: &str) {
        if to.transaction != 0.0 {
            let info = info(status::LEVEL_ERROR, status::CALL_FAILED, description);
            self.link
                .command(0, &Command::new("_error", to.transaction, Value::Null).with(info));
        }
    }

    /// One of the `onFC…` calls.
    pub(super) fn on_fc(&mut self, stream_id: u32, name: &str, code: &str, description: &str) {
        let info = info(status::LEVEL_STATUS, code, description);
        self.link
            .command(stream_id, &Command::new(name, 0.0, Value::Null).with(info));
    }
}
