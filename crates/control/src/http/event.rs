//! Events of rooms in the JSON of the native API: flat, named by `event`, with the same objects as REST answers.

use lianmai_rooms::EventKind;
use serde_json::{Map, Value};

use super::dto;
use crate::events::RoomEvent;

/// One event as it is sent: `{"event", "room", "sequence", "at", …}`.
pub(crate) fn to_json(event: &RoomEvent) -> Map<String, Value> {
    let mut out = Map::new();
    let Ok(Value::Object(mut fields)) = serde_json::to_value(&event.event) else {
        return out;
    };
    if let Some(name) = fields.remove("type") {
        out.insert("event".to_owned(), name);
    }
    out.insert("room".to_owned(), Value::from(event.room.as_str()));
    out.append(&mut fields);
    match &event.event.kind {
        EventKind::RoomCreated { room } => {
            // `room` is the id in every event, so the object has another name.
            out.insert("room".to_owned(), Value::from(event.room.as_str()));
            set(
                &mut out,
                "view",
                &dto::Room::new((**room).clone(), event.event.sequence),
            );
        }
        EventKind::MemberJoined { member } => {
            set(&mut out, "member", &dto::Member::new((**member).clone(), None));
        }
        EventKind::StreamAdded { stream } => set(&mut out, "stream", &dto::Stream::from((**stream).clone())),
        EventKind::SettingsChanged { settings, .. } => {
            set(&mut out, "settings", &dto::Settings::from((**settings).clone()));
        }
        _ => {}
    }
    out
}

fn set(out: &mut Map<String, Value>, name: &str, value: &impl serde::Serialize) {
    if let Ok(value) = serde_json::to_value(value) {
        out.insert(name.to_owned(), value);
    }
}
