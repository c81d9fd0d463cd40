//! From what happened to what is written and told.

use std::sync::Arc;

use lianmai_rooms::call::Addressee;
use lianmai_rooms::{Event, EventKind, RoomEvents, RoomKind};

use super::effects::Told;
use super::silence::Silence;
use super::state::{State, Tx};
use super::{Core, random};
use crate::calls::{self, Letter, Post};
use crate::events::RoomEvent;
use crate::store::{EndedRoom, Op, QueuedEvent, StayEnd};
use crate::webhook::message;

/// Every how many events of a room the store forgets those the journal has forgotten.
const PRUNE_EVERY: u64 = 32;

/// The rows of one change, and what is to be told once they are durable.
pub(crate) fn of(core: &Core, state: &State, tx: Tx) -> (Vec<Op>, Told) {
    let mut ops = Vec::new();
    let mut told = Told::default();
    for changed in tx.changed {
        let ended = changed.ended();
        let RoomEvents { app, room, events } = changed;
        let targets = core.targets(&app);
        let created = events.first().and_then(new_row);
        let silence = events.iter().any(|event| Silence::follows(&event.kind));
        if let Some(live) = state.rooms.get(&app, &room).filter(|_| silence && !ended) {
            told.silences.extend(Silence::of(live));
        }
        match state.rooms.get(&app, &room) {
            // If another room of the same id was made by the same change, its own entry saves it.
            Some(live) if !ended => ops.push(Op::SaveRoom {
                app: app.clone(),
                room: room.clone(),
                created,
                snapshot: Box::new(live.snapshot()),
            }),
            _ => {}
        }
        for event in events {
            let event = Arc::new(RoomEvent {
                app: app.clone(),
                room: room.clone(),
                event,
            });
            let body = serde_json::to_string(&event.event).unwrap_or_default();
            told.events.push((event.clone(), body.len()));
            members(&mut ops, &event);
            streams(&mut ops, &event);
            webhooks(&mut ops, &event, &targets);
            if let EventKind::RoomEnded { reason } = &event.event.kind {
                ops.push(Op::EndRoom(Box::new(EndedRoom {
                    app: app.clone(),
                    room: room.clone(),
                    record: random::id::<20>("rec"),
                    at: event.event.at,
                    reason: reason.clone(),
                    sequence: event.event.sequence.saturating_add(1),
                    webhooks: targets.clone(),
                })));
            }
            // Those of a room that has ended go with it.
            if !ended {
                journal(core, &mut ops, &event, body);
            }
        }
        told.targets
            .extend(targets.into_iter().map(|target| (app.clone(), target)));
    }
    for change in tx.calls {
        calls::tell(core, change, &mut ops, &mut told);
    }
    told.letters
        .extend(tx.kicked.into_iter().map(|(app, account, session)| Letter {
            app,
            to: Addressee::Session { account, session },
            post: Post::Kicked,
        }));
    let ended = tx.ops.iter().filter_map(|op| match op {
        Op::DeleteSession(session) => Some(session.clone()),
        _ => None,
    });
    told.ended_sessions.extend(ended);
    ops.extend(tx.ops);
    (ops, told)
}

fn journal(core: &Core, ops: &mut Vec<Op>, event: &RoomEvent, body: String) {
    let sequence = event.event.sequence;
    ops.push(Op::SaveEvent {
        app: event.app.clone(),
        room: event.room.clone(),
        sequence,
        body,
    });
    if sequence.is_multiple_of(PRUNE_EVERY)
        && let Some(journal) = core.journals.get(&event.app, &event.room)
    {
        ops.push(Op::ForgetEvents {
            app: event.app.clone(),
            room: event.room.clone(),
            before: journal.oldest(),
        });
    }
}

fn new_row(first: &Event) -> Option<crate::store::NewRoomRow> {
    let EventKind::RoomCreated { room } = &first.kind else {
        return None;
    };
    Some(crate::store::NewRoomRow {
        name: room.settings.name.clone(),
        kind: match room.settings.kind {
            RoomKind::Communication => "communication",
            RoomKind::CommunicationMix => "communication_mix",
            RoomKind::Live => "live",
        },
        at: first.at,
    })
}

fn members(ops: &mut Vec<Op>, event: &RoomEvent) {
    let (app, room) = (event.app.clone(), event.room.clone());
    ops.push(match event.event.kind.clone() {
        EventKind::MemberJoined { member } => Op::StayBegan { app, room, member },
        EventKind::MemberUpdated { member, nick, .. } => Op::StayRenamed {
            app,
            room,
            member,
            nick,
        },
        EventKind::RoleChanged { member, role, .. } => Op::StayRole {
            app,
            room,
            member,
            role,
        },
        EventKind::MemberLeft {
            member, role, reason, ..
        } => Op::StayEnded(StayEnd {
            app,
            room,
            member,
            role,
            at: event.event.at,
            reason,
        }),
        _ => return,
    });
}

fn streams(ops: &mut Vec<Op>, event: &RoomEvent) {
    let app = event.app.clone();
    ops.push(match event.event.kind.clone() {
        EventKind::StreamAdded { stream } => Op::SaveStream {
            app,
            room: event.room.clone(),
            stream,
        },
        EventKind::StreamRemoved { stream, .. } => Op::DeleteStream { app, stream },
        EventKind::MediaStarted { stream, .. } => Op::StreamOnAir {
            app,
            stream,
            on: true,
        },
        EventKind::MediaStopped { stream, .. } => Op::StreamOnAir {
            app,
            stream,
            on: false,
        },
        EventKind::UrlReissued {
            stream,
            version,
            previous_until,
        } => Op::StreamVersion {
            app,
            stream,
            version,
            previous_until,
        },
        _ => return,
    });
}

fn webhooks(ops: &mut Vec<Op>, event: &RoomEvent, targets: &[String]) {
    if targets.is_empty() || event.event.kind.recipients() == lianmai_rooms::Recipients::Gateway {
        return;
    }
    let event_id = random::id::<20>("evt");
    let body = message::room_event(&event_id, event);
    ops.extend(targets.iter().map(|target| {
        Op::QueueWebhook(QueuedEvent {
            app: event.app.clone(),
            target: target.clone(),
            lane: event.room.to_string(),
            event_id: event_id.clone(),
            sequence: event.event.sequence,
            body: body.clone(),
            at: event.event.at,
        })
    }));
}
