//! Recordings in webhooks, and as signals to those who watch the room.

use lianmai_rooms::AppId;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Part, Recording, Recordings};
use crate::http::dto;
use crate::service::random;
use crate::store::{Op, QueuedEvent};

/// Something happened to a recording as a whole.
pub(super) async fn recording(recordings: &Recordings, event: &'static str, of: &Recording) {
    tell(recordings, event, of, None).await;
}

/// Something happened to a part.
pub(super) async fn part(recordings: &Recordings, event: &'static str, of: &Recording, part: &Part) {
    tell(recordings, event, of, Some(part)).await;
}

async fn tell(recordings: &Recordings, event: &'static str, of: &Recording, part: Option<&Part>) {
    let core = &recordings.core;
    let at = core.config.clock.now();
    let mut fields = Map::new();
    fields.insert(
        "recording".to_owned(),
        value(&dto::Recording::of(of.clone(), Vec::new())),
    );
    if let Some(part) = part {
        fields.insert(
            "part".to_owned(),
            value(&dto::RecordingPart::of(part.clone(), &of.id)),
        );
    }
    core.signals
        .announce(&of.app, &of.room, at, event, Value::Object(fields.clone()));
    let targets = core.targets(&of.app);
    if targets.is_empty() {
        return;
    }
    let event_id = random::id::<20>("evt");
    let head =
        json!({ "id": event_id, "app": of.app, "event": event, "room": of.room, "at": at.as_millis() });
    let Value::Object(mut body) = head else { return };
    body.append(&mut fields);
    let body = Value::Object(body).to_string();
    let queued = targets.iter().map(|target| {
        Op::QueueWebhook(QueuedEvent {
            app: of.app.clone(),
            target: target.clone(),
            // Not the room's lane: an event without a number has no place in its order.
            lane: format!("recording:{}", of.id),
            event_id: event_id.clone(),
            sequence: 0,
            body: body.clone(),
            at,
        })
    });
    recordings.save(queued.collect()).await;
    wake(recordings, &of.app, targets);
}

fn wake(recordings: &Recordings, app: &AppId, targets: Vec<String>) {
    for target in targets {
        recordings.core.webhooks.wake(app, &target);
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}
