//! Bodies of webhooks: the events of the WebSocket, with `id` and `app` before them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::events::RoomEvent;
use crate::http::event::to_json;
use crate::service::random;
use crate::store::{CallRecord, QueuedEvent};

/// An event of a room, as members are told it: `{"id", "app", "event", "room", "sequence", "at", …}`.
pub(crate) fn room_event(id: &str, event: &RoomEvent) -> String {
    let mut body = Map::new();
    body.insert("id".to_owned(), Value::from(id));
    body.insert("app".to_owned(), Value::from(event.app.as_str()));
    body.append(&mut to_json(event));
    Value::Object(body).to_string()
}

#[derive(Serialize)]
struct RecordMessage<'a> {
    id: &'a str,
    app: &'a str,
    event: &'static str,
    room: &'a str,
    sequence: u64,
    at: u64,
    record: &'a CallRecord,
}

/// The call record of a room that has ended: one more event after the room's last, `"event": "call_record"`.
pub(crate) fn call_record(record: &CallRecord, sequence: u64, target: &str) -> QueuedEvent {
    let event_id = random::id::<20>("evt");
    let message = RecordMessage {
        id: &event_id,
        app: record.app.as_str(),
        event: "call_record",
        room: record.room.as_str(),
        sequence,
        at: record.ended_at.as_millis(),
        record,
    };
    let body = serde_json::to_string(&message).unwrap_or_default();
    QueuedEvent {
        app: record.app.clone(),
        target: target.to_owned(),
        lane: record.room.to_string(),
        event_id,
        sequence,
        body,
        at: record.ended_at,
    }
}
