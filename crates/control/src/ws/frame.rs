//! The JSON of frames: commands in, answers and events out.

use axum::extract::ws::{Message, Utf8Bytes};
use lianmai_rooms::SessionId;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::http::extract::{from_value, parse};
use crate::http::{HttpState, Problem};

/// Longest `id` of a command, as JSON text.
const MAX_ID: usize = 64;

/// Largest message that a client may send, in bytes: commands that carry a session description may be longer than
/// others, and JSON writes its line ends with four characters.
pub(crate) fn max_message(state: &HttpState) -> usize {
    let offer = state.service().webrtc().map_or(0, |webrtc| {
        let sdp = webrtc.config.max_sdp;
        sdp.saturating_add(sdp / 4).saturating_add(8 * 1024)
    });
    state.config().ws.max_message.max(offer)
}

/// Whether a command of this name may be longer than others.
pub(super) fn may_be_long(op: &str) -> bool {
    matches!(op, "webrtc_publish" | "webrtc_subscribe")
}

/// A command: `{"id", "op", …}`.
#[derive(Debug)]
pub(super) struct Command {
    /// Comes back with the answer.
    pub(super) id: Value,
    /// What to do.
    pub(super) op: String,
    /// The other fields.
    pub(super) fields: Map<String, Value>,
}

/// A text that is no command, with its id as far as there is one.
#[derive(Debug)]
pub(super) struct BadCommand {
    pub(super) id: Value,
    pub(super) problem: Problem,
}

impl Command {
    /// Reads a command.
    pub(super) fn parse(text: &str) -> Result<Self, Box<BadCommand>> {
        let bad = |id, problem| Box::new(BadCommand { id, problem });
        let mut fields: Map<String, Value> =
            parse(text.as_bytes()).map_err(|problem| bad(Value::Null, problem))?;
        let id = fields.remove("id").unwrap_or(Value::Null);
        if !matches!(id, Value::Null | Value::Number(_) | Value::String(_)) || id.to_string().len() > MAX_ID {
            return Err(bad(
                Value::Null,
                Problem::invalid("id", "an id is a short text or a number"),
            ));
        }
        match fields.remove("op") {
            Some(Value::String(op)) => Ok(Self { id, op, fields }),
            _ => Err(bad(id, Problem::invalid("op", "say what to do"))),
        }
    }

    /// Takes a field that REST has in the address.
    pub(super) fn take<T: serde::de::DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Problem> {
        let value = self
            .fields
            .remove(name)
            .ok_or_else(|| Problem::invalid(name, "missing"))?;
        from_value(value).map_err(|problem| problem.field(name))
    }

    /// The rest of the fields, which REST has in the body.
    pub(super) fn body<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Problem> {
        from_value(Value::Object(std::mem::take(&mut self.fields)))
    }
}

/// The answer to a command.
pub(super) fn answer(id: &Value, result: Result<Value, Problem>) -> Message {
    text(&match result {
        Ok(result) => json!({ "id": id, "ok": true, "result": result }),
        Err(problem) => {
            let mut error = serde_json::to_value(problem.body()).unwrap_or_default();
            if let Some(fields) = error.as_object_mut() {
                fields.remove("type");
                fields.remove("title");
                if let Some(detail) = fields.remove("detail") {
                    fields.insert("message".to_owned(), detail);
                }
            }
            json!({ "id": id, "ok": false, "error": error })
        }
    })
}

/// The first frame of a connection.
#[derive(Debug, Serialize)]
pub(super) struct Hello {
    pub(super) event: &'static str,
    /// Id to resume with; a secret of the client.
    pub(super) session: SessionId,
    /// Whether the session asked for was taken up.
    pub(super) resumed: bool,
    pub(super) app: String,
    pub(super) account: String,
    pub(super) server_time: u64,
    pub(super) heartbeat_ms: u64,
    pub(super) gone_after_ms: u64,
    pub(super) rooms: Vec<HelloRoom>,
}

/// A room that the session is inside.
#[derive(Debug, Serialize)]
pub(super) struct HelloRoom {
    pub(super) room: String,
    pub(super) member: String,
}

/// A JSON text frame.
pub(super) fn text(value: &impl Serialize) -> Message {
    Message::Text(Utf8Bytes::from(serde_json::to_string(value).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let mut command = Command::parse(r#"{"id":7,"op":"join","room":"r1","nick":"x"}"#).unwrap();
        assert_eq!((command.op.as_str(), command.id.clone()), ("join", json!(7)));
        let room: lianmai_rooms::RoomId = command.take("room").unwrap();
        assert_eq!(room.as_str(), "r1");
        assert_eq!(
            command.take::<String>("member").unwrap_err().code(),
            "invalid_argument"
        );
        assert_eq!(command.fields.len(), 1);
    }

    #[test]
    fn nonsense_is_a_problem() {
        for bad in [
            "",
            "[]",
            "null",
            "{",
            r#"{"op":1}"#,
            r#"{"id":{},"op":"x"}"#,
            r#"{"id":1}"#,
        ] {
            assert!(Command::parse(bad).is_err(), "{bad}");
        }
        let long = format!(r#"{{"id":"{}","op":"x"}}"#, "x".repeat(100));
        assert!(Command::parse(&long).is_err());
        assert_eq!(Command::parse(r#"{"id":"a"}"#).unwrap_err().id, json!("a"));
    }
}
