//! Bodies of webhooks: JSON with `id`, `type`, `app`, `room`, `sequence`, `at` and what belongs to the type.

use serde::Serialize;

use crate::events::RoomEvent;
use crate::service::random;
use crate::store::{CallRecord, QueuedEvent};

#[derive(Serialize)]
struct RoomMessage<'a> {
    id: &'a str,
    #[serde(flatten)]
    event: &'a RoomEvent,
}

/// An event of a room, as members are told it.
pub(crate) fn room_event(id: &str, event: &RoomEvent) -> String {
    serde_json::to_string(&RoomMessage { id, event }).unwrap_or_default()
}

#[derive(Serialize)]
struct RecordMessage<'a> {
    id: &'a str,
    app: &'a str,
    room: &'a str,
    sequence: u64,
    at: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    record: &'a CallRecord,
}

/// The call record of a room that has ended: one more event after the room's last, `"type": "call_record"`.
pub(crate) fn call_record(record: &CallRecord, sequence: u64, target: &str) -> QueuedEvent {
    let event_id = random::id::<20>("evt");
    let message = RecordMessage {
        id: &event_id,
        app: record.app.as_str(),
        room: record.room.as_str(),
        sequence,
        at: record.ended_at.as_millis(),
        kind: "call_record",
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
