//! What a client sends until media may flow.
//!
//! The transaction ids are fixed: each call is made once.

use lianmai_media::amf0::Value;

use super::config::Purpose;
use super::session::ClientSession;
use crate::protocol::command::Command;
use crate::protocol::control::{Control, UserControl};

/// The transaction id of `connect` (fixed to 1 by RTMP 1.0 §7.2.1.1).
pub(super) const CONNECT: f64 = 1.0;
const RELEASE_STREAM: f64 = 2.0;
const FC_PUBLISH: f64 = 3.0;
/// The transaction id of `createStream`.
pub(super) const CREATE_STREAM: f64 = 4.0;
const START: f64 = 5.0;

impl ClientSession {
    pub(super) fn send_connect(&mut self) {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let number = |name: &str, value: f64| (name.to_owned(), Value::Number(value));
        let mut object = vec![
            text("app", self.url.app()),
            text("type", "nonprivate"),
            text("flashVer", &self.config.flash_version),
            text("tcUrl", &self.url.tc_url()),
        ];
        if self.purpose == Purpose::Play {
            // All codecs FLV ever had, as players say.
            object.push(("fpad".to_owned(), Value::Boolean(false)));
            object.push(number("capabilities", 15.0));
            object.push(number("audioCodecs", 4071.0));
            object.push(number("videoCodecs", 252.0));
            object.push(number("videoFunction", 1.0));
        }
        if let Some(enhanced) = &self.config.enhanced {
            object.extend(enhanced.to_properties());
        }
        self.link
            .command(0, &Command::new("connect", CONNECT, Value::Object(object)));
    }

    /// After `connect` succeeded.
    pub(super) fn send_create_stream(&mut self) {
        self.link.announce_window(self.config.window_ack_size);
        if self.purpose == Purpose::Publish {
            self.link.announce_chunk_size(self.config.chunk_size);
            let name = self.url.stream().to_owned();
            for (call, transaction) in [("releaseStream", RELEASE_STREAM), ("FCPublish", FC_PUBLISH)] {
                self.link.command(
                    0,
                    &Command::new(call, transaction, Value::Null).with(name.as_str()),
                );
            }
        }
        self.link
            .command(0, &Command::new("createStream", CREATE_STREAM, Value::Null));
    }

    /// After `createStream` succeeded.
    pub(super) fn send_start(&mut self, stream_id: u32) {
        let name = self.url.stream().to_owned();
        match self.purpose {
            Purpose::Publish => {
                let call = Command::new("publish", START, Value::Null)
                    .with(name)
                    .with("live");
                self.link.command(stream_id, &call);
            }
            Purpose::Play => {
                let millis = self.config.buffer_millis;
                self.link
                    .control(&Control::User(UserControl::SetBufferLength { stream_id, millis }));
                self.link
                    .command(stream_id, &Command::new("play", START, Value::Null).with(name));
            }
        }
    }
}
