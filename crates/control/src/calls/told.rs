//! From what happened in calls to rows, letters, and webhooks.

use axum::extract::ws::Utf8Bytes;
use lianmai_rooms::AccountId;
use lianmai_rooms::call::{Addressee, Call, Change, Event, EventKind, Record};
use serde_json::{Map, Value, json};

use super::view::{entry, opens};
use super::{Letter, Post, message};
use crate::service::{Core, Told, random};
use crate::store::{Op, QueuedEvent};

/// Rows of one change, and what is to be told once they are durable.
pub(crate) fn tell(core: &Core, change: Change, ops: &mut Vec<Op>, told: &mut Told) {
    let Change { call, events, .. } = change;
    let is_passing = |event: &Event| matches!(event.kind, EventKind::Control { .. });
    let nothing_to_store = !events.is_empty() && events.iter().all(is_passing);
    if !nothing_to_store && !call.has_ended() {
        ops.push(Op::SaveCall(Box::new(call.clone())));
    }
    for event in events {
        told.letters.extend(event.to.iter().map(|to| Letter {
            app: call.app().clone(),
            to: to.clone(),
            post: frame(core, &call, &event, to),
        }));
        if let EventKind::Ended { record, .. } = &event.kind {
            metrics::counter!("lianmai_calls_ended_total", "status" => record.status.as_str()).increment(1);
            ops.push(Op::EndCall {
                app: call.app().clone(),
                record: record.clone(),
            });
            webhooks(core, &call, &event, record, ops, told);
            messages(core, &call, record, ops, &mut told.letters);
        }
    }
}

/// An event as it is sent: `{"event", "call", "sequence", "at", …}`.
fn frame(core: &Core, call: &Call, event: &Event, to: &Addressee) -> Post {
    let mut body = json(call, event);
    if opens(&event.kind)
        && let Some(entry) = entry(core, call, to.account())
        && let Ok(Value::Object(mut fields)) = serde_json::to_value(entry)
    {
        body.append(&mut fields);
    }
    Post::Frame {
        text: Utf8Bytes::from(Value::Object(body).to_string()),
        call: Some((call.id().clone(), event.sequence)),
    }
}

fn json(call: &Call, event: &Event) -> Map<String, Value> {
    let mut out = Map::new();
    let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else {
        return out;
    };
    if let Some(name) = fields.remove("event") {
        out.insert("event".to_owned(), name);
    }
    out.insert("call".to_owned(), Value::from(call.id().as_str()));
    out.append(&mut fields);
    out
}

/// `{"event": "call_invited", …}` for a device that comes online while its account rings.
pub(super) fn invitation(call: &Call, account: &AccountId, at: lianmai_rooms::Timestamp) -> Option<Value> {
    let event = Event {
        sequence: call.sequence(),
        at,
        kind: call.invitation(account, true)?,
        to: Vec::new(),
    };
    Some(Value::Object(json(call, &event)))
}

fn webhooks(core: &Core, call: &Call, event: &Event, record: &Record, ops: &mut Vec<Op>, told: &mut Told) {
    let targets = core.targets(call.app());
    if targets.is_empty() {
        return;
    }
    let wake = targets.iter().map(|target| (call.app().clone(), target.clone()));
    told.targets.extend(wake);
    let event_id = random::id::<20>("evt");
    let body = json!({
        "id": event_id,
        "app": call.app(),
        "event": "call.ended",
        "call": call.id(),
        "room": record.room,
        "sequence": event.sequence,
        "at": event.at,
        "record": record,
    });
    let body = body.to_string();
    ops.extend(targets.into_iter().map(|target| {
        Op::QueueWebhook(QueuedEvent {
            app: call.app().clone(),
            target,
            // No room has such an id, so a call has a lane of its own.
            lane: format!("call/{}", call.id()),
            event_id: event_id.clone(),
            sequence: event.sequence,
            body: body.clone(),
            at: event.at,
        })
    }));
}

/// The message of a call record: now to accounts that are online, later to the others.
fn messages(core: &Core, call: &Call, record: &Record, ops: &mut Vec<Op>, letters: &mut Vec<Letter>) {
    let Some((accounts, message)) = message::of(record, &random::id::<20>("msg")) else {
        return;
    };
    let text = message.to_string();
    for account in accounts {
        if core.effects.mail.reaches(call.app(), &account) {
            letters.push(Letter {
                app: call.app().clone(),
                to: Addressee::Account {
                    account,
                    except: None,
                },
                post: Post::Frame {
                    text: Utf8Bytes::from(text.clone()),
                    call: None,
                },
            });
        } else {
            ops.push(Op::KeepMessage {
                app: call.app().clone(),
                account,
                at: record.ended_at,
                body: text.clone(),
            });
        }
    }
}
