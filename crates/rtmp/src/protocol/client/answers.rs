//! What a server says to a client.

use lianmai_media::amf0::Value;

use super::config::Purpose;
use super::event::ClientEvent;
use super::login::{CONNECT, CREATE_STREAM};
use super::session::ClientSession;
use crate::protocol::aggregate::Aggregate;
use crate::protocol::command::Command;
use crate::protocol::control::UserControl;
use crate::protocol::enhanced::EnhancedCaps;
use crate::protocol::error::{Phase, SessionErrorKind};
use crate::protocol::link::Incoming;
use crate::protocol::message::{Media, Message, type_id};
use crate::protocol::status;

/// Bytes of a server's words that are kept.
const MAX_WORDS: usize = 512;

impl ClientSession {
    pub(super) fn on_incoming(&mut self, incoming: Incoming) -> Result<(), SessionErrorKind> {
        match incoming {
            Incoming::User(UserControl::StreamEof(id)) => self.stream_ended(id, false),
            Incoming::User(UserControl::StreamDry(id)) => self.stream_ended(id, true),
            Incoming::User(_) => {}
            Incoming::Message(message) if Command::is_in(&message) => {
                return self.on_command(&Command::parse(&message.payload)?);
            }
            Incoming::Message(message) if message.type_id == type_id::AGGREGATE => {
                self.aggregate = Some(Aggregate::new(message));
            }
            Incoming::Message(message) => self.on_media(&message),
        }
        Ok(())
    }

    /// Media, also out of an aggregate. Some servers send it without `Play.Start` before.
    pub(super) fn on_media(&mut self, message: &Message) {
        if self.purpose != Purpose::Play || self.stream_id != Some(message.stream_id) {
            return;
        }
        if let Some(media) = Media::from_message(message) {
            self.started(message.stream_id);
            self.events.push_back(ClientEvent::Media(media));
        }
    }

    fn on_command(&mut self, command: &Command) -> Result<(), SessionErrorKind> {
        let info = command.arguments.first().unwrap_or(&Value::Null);
        match (command.name.as_str(), command.transaction) {
            ("_result", CONNECT) if self.phase == Phase::Connecting => {
                let mut enhanced = EnhancedCaps::from_properties(info);
                if enhanced.is_empty() {
                    enhanced = EnhancedCaps::from_properties(&command.object);
                }
                self.phase = Phase::Connected;
                self.events.push_back(ClientEvent::Connected { enhanced });
                self.send_create_stream();
            }
            ("_result", CREATE_STREAM) if self.phase == Phase::Connected && self.stream_id.is_none() => {
                let id = command.number(0).filter(|id| (0.0..4294967296.0).contains(id));
                let Some(id) = id else {
                    return Err(refused(info, "createStream"));
                };
                self.stream_id = Some(id as u32);
                self.send_start(id as u32);
            }
            // What else fails (releaseStream, FCPublish) is not needed.
            ("_error", CONNECT) if self.phase == Phase::Connecting => return Err(refused(info, "connect")),
            ("_error", CREATE_STREAM) if self.phase == Phase::Connected => {
                return Err(refused(info, "createStream"));
            }
            ("onStatus", _) => return self.on_status(info),
            ("close", _) => return Err(ended(info, "close")),
            _ => {}
        }
        Ok(())
    }

    fn on_status(&mut self, info: &Value) -> Result<(), SessionErrorKind> {
        let code = words(info, "code");
        let level = words(info, "level");
        match code.as_str() {
            status::PUBLISH_START if self.purpose == Purpose::Publish => self.start(),
            status::PLAY_START if self.purpose == Purpose::Play => self.start(),
            _ if level == status::LEVEL_ERROR || code == status::CONNECT_REJECTED => {
                return Err(if self.phase == Phase::Active {
                    ended(info, "onStatus")
                } else {
                    refused(info, "onStatus")
                });
            }
            status::CONNECT_CLOSED => return Err(ended(info, "onStatus")),
            status::UNPUBLISH_SUCCESS if self.purpose == Purpose::Publish && self.phase == Phase::Active => {
                return Err(ended(info, "onStatus"));
            }
            _ => {
                let ends = [
                    status::PLAY_STOP,
                    status::PLAY_UNPUBLISH_NOTIFY,
                    "NetStream.Play.Complete",
                ];
                let over = ends.contains(&code.as_str());
                self.events.push_back(ClientEvent::Status {
                    code,
                    description: words(info, "description"),
                });
                if let Some(stream_id) = self.stream_id.filter(|_| over) {
                    self.stream_ended(stream_id, false);
                }
            }
        }
        Ok(())
    }

    fn start(&mut self) {
        if let Some(stream_id) = self.stream_id {
            self.started(stream_id);
        }
    }

    fn started(&mut self, stream_id: u32) {
        if self.phase == Phase::Connected {
            self.phase = Phase::Active;
            self.events.push_back(match self.purpose {
                Purpose::Publish => ClientEvent::Publishing { stream_id },
                Purpose::Play => ClientEvent::Playing { stream_id },
            });
        }
    }

    fn stream_ended(&mut self, stream_id: u32, dry: bool) {
        if self.purpose == Purpose::Play && self.stream_id == Some(stream_id) {
            self.events.push_back(ClientEvent::StreamEnded { dry });
        }
    }
}

/// A text of an information object, cut to a sensible length.
fn words(info: &Value, name: &str) -> String {
    let text = info.get(name).and_then(Value::as_str).unwrap_or_default();
    text.chars().take(MAX_WORDS).collect()
}

fn code_or(info: &Value, call: &str) -> String {
    let code = words(info, "code");
    if code.is_empty() { call.to_owned() } else { code }
}

fn refused(info: &Value, call: &str) -> SessionErrorKind {
    let redirect = info
        .get("ex")
        .and_then(|ex| ex.get("redirect"))
        .and_then(Value::as_str);
    SessionErrorKind::Refused {
        code: code_or(info, call),
        description: words(info, "description"),
        redirect: redirect.filter(|url| url.len() <= 4_096).map(str::to_owned),
    }
}

fn ended(info: &Value, call: &str) -> SessionErrorKind {
    SessionErrorKind::Ended {
        code: code_or(info, call),
        description: words(info, "description"),
    }
}
