//! Frames in and out.

use axum::extract::ws::{Message, Utf8Bytes};
use lianmai_rooms::SessionId;
use serde_json::{Map, Value, json};

use super::super::{Fields, Refusal};

/// Longest `tsxId` that is answered with.
const MAX_TSX: usize = 128;

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) op: i64,
    /// Comes back with the answer.
    pub(super) tsx: Value,
    pub(super) said: Fields,
}

impl Request {
    /// Reads a frame; what is no request at all has no `tsxId` to answer with.
    pub(super) fn parse(text: &str) -> Result<Self, Box<(Value, Refusal)>> {
        let said = Fields::parse(text.as_bytes()).map_err(|refusal| Box::new((Value::Null, refusal)))?;
        let tsx = said.0.get("tsxId").cloned().unwrap_or_default();
        let tsx = match tsx {
            Value::String(text) if text.len() <= MAX_TSX => Value::String(text),
            Value::Number(n) => Value::Number(n),
            _ => Value::Null,
        };
        match said.0.get("op").and_then(Value::as_i64) {
            Some(op) => Ok(Self { op, tsx, said }),
            None => Err(Box::new((tsx, Refusal::field("op")))),
        }
    }
}

/// The answer to a request that was carried out.
pub(super) fn done(tsx: &Value, session: Option<&SessionId>, fields: Map<String, Value>) -> Value {
    let mut answer = json!({ "op": 1001, "tsxId": tsx, "result": 0 });
    if let Some(answer) = answer.as_object_mut() {
        if let Some(session) = session {
            answer.insert("sessId".to_owned(), session.as_str().into());
        }
        answer.extend(fields);
    }
    answer
}

/// The answer to a request that was refused.
pub(super) fn refused(tsx: &Value, session: Option<&SessionId>, refusal: &Refusal) -> Value {
    refusal.count();
    json!({
        "op": 1001,
        "tsxId": tsx,
        "result": refusal.code,
        "msg": refusal.text,
        "reason": refusal.reason,
        "sessId": session.map(SessionId::as_str),
    })
}

/// A text frame.
pub(super) fn text(value: &Value) -> Message {
    Message::Text(Utf8Bytes::from(value.to_string()))
}
