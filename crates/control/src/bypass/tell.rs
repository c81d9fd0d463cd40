//! What becomes of targets: in the log, as signals to those who watch the room, and in webhooks. Never addresses.

use lianmai_rooms::{AppId, PushId, RoomId};
use serde_json::{Value, json};

use super::standing::{PushState, PushStatus};
use crate::service::{Core, random};
use crate::store::{Op, QueuedEvent};

const EVENT: &str = "push_state";

/// A target entered another state.
pub(super) async fn state(core: &Core, app: &AppId, room: &RoomId, push: &PushId, status: &PushStatus) {
    let (state, reason) = (
        status.state.as_str(),
        status.reason.as_deref().unwrap_or_default(),
    );
    match status.state {
        PushState::BackOff | PushState::Failed => tracing::warn!(%app, %room, %push, state, reason, "push"),
        _ => tracing::info!(%app, %room, %push, state, "push"),
    }
    let fields = json!({
        "push": push,
        "state": state,
        "reason": status.reason,
        "retries": status.retries,
        "retry_at": status.retry_at,
    });
    core.signals
        .announce(app, room, status.since, EVENT, fields.clone());
    webhooks(core, app, room, push, status, fields).await;
}

async fn webhooks(
    core: &Core,
    app: &AppId,
    room: &RoomId,
    push: &PushId,
    status: &PushStatus,
    fields: Value,
) {
    let targets = core.targets(app);
    if targets.is_empty() {
        return;
    }
    let event_id = random::id::<20>("evt");
    let mut body = json!({ "id": event_id, "app": app, "event": EVENT, "room": room, "at": status.since });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    let body = body.to_string();
    let queued = targets.iter().map(|target| {
        Op::QueueWebhook(QueuedEvent {
            app: app.clone(),
            target: target.clone(),
            // Not the room's lane: an event without a number has no place in its order.
            lane: format!("push:{push}"),
            event_id: event_id.clone(),
            sequence: 0,
            body: body.clone(),
            at: status.since,
        })
    });
    if let Err(error) = core.store.write(queued.collect()).await {
        tracing::error!(%app, %room, %push, %error, "a state of a push was not stored for webhooks");
        return;
    }
    for target in targets {
        core.webhooks.wake(app, &target);
    }
}
