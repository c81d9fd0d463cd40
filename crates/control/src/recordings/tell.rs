//! Recordings in webhooks, and as signals to those who watch the room.

use lianmai_rooms::{AppId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Part, Recording, Recordings};
use crate::http::dto;
use crate::service::random;
use crate::store::{Op, QueuedEvent, StoreError};

/// Something happened to a recording as a whole.
pub(super) async fn recording(recordings: &Recordings, event: &'static str, of: &Recording) {
    tell(recordings, event, of, None).await;
}

/// Something happened to a part.
pub(super) async fn part(recordings: &Recordings, event: &'static str, of: &Recording, part: &Part) {
    tell(recordings, event, of, Some(part)).await;
}

/// The same together with these rows: both are written, or neither.
pub(super) async fn part_with(
    recordings: &Recordings,
    event: &'static str,
    of: &Recording,
    part: &Part,
    mut rows: Vec<Op>,
) -> Result<(), StoreError> {
    let message = Message::new(recordings, event, of, Some(part));
    rows.extend(message.rows(recordings));
    recordings.core.store.write(rows).await?;
    message.announce(recordings);
    Ok(())
}

async fn tell(recordings: &Recordings, event: &'static str, of: &Recording, part: Option<&Part>) {
    let message = Message::new(recordings, event, of, part);
    let rows = message.rows(recordings);
    if !rows.is_empty() {
        recordings.save(rows).await;
    }
    message.announce(recordings);
}

/// What is told.
struct Message<'a> {
    event: &'static str,
    of: &'a Recording,
    at: Timestamp,
    fields: Map<String, Value>,
}

impl<'a> Message<'a> {
    fn new(recordings: &Recordings, event: &'static str, of: &'a Recording, part: Option<&Part>) -> Self {
        let mut fields = Map::new();
        let shown = dto::Recording::of(of.clone(), Vec::new());
        fields.insert("recording".to_owned(), value(&shown));
        if let Some(part) = part {
            let shown = dto::RecordingPart::of(part.clone(), &of.id);
            fields.insert("part".to_owned(), value(&shown));
        }
        Self {
            event,
            of,
            at: recordings.core.config.clock.now(),
            fields,
        }
    }

    /// For the app's servers.
    fn rows(&self, recordings: &Recordings) -> Vec<Op> {
        let (of, at) = (self.of, self.at);
        let event_id = random::id::<20>("evt");
        let head = json!({
            "id": event_id, "app": of.app, "event": self.event, "room": of.room, "at": at.as_millis()
        });
        let Value::Object(mut body) = head else {
            return Vec::new();
        };
        body.append(&mut self.fields.clone());
        let body = Value::Object(body).to_string();
        let queued = recordings.core.targets(&of.app).into_iter().map(|target| {
            Op::QueueWebhook(QueuedEvent {
                app: of.app.clone(),
                target,
                // Not the room's lane: an event without a number has no place in its order.
                lane: format!("recording:{}", of.id),
                event_id: event_id.clone(),
                sequence: 0,
                body: body.clone(),
                at,
            })
        });
        queued.collect()
    }

    /// To those who watch the room; the app's servers hear of it soon.
    fn announce(self, recordings: &Recordings) {
        let core = &recordings.core;
        let fields = Value::Object(self.fields);
        core.signals
            .announce(&self.of.app, &self.of.room, self.at, self.event, fields);
        wake(recordings, &self.of.app, core.targets(&self.of.app));
    }
}

fn wake(recordings: &Recordings, app: &AppId, targets: Vec<String>) {
    for target in targets {
        recordings.core.webhooks.wake(app, &target);
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}
