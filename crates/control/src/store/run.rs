//! How each [`Op`] is written.

use std::collections::HashSet;

use lianmai_rooms::{AppId, Role, RoomId, StreamKind, Timestamp};
use serde::Serialize;
use sqlx::{Sqlite, SqliteConnection, Transaction, query};

use super::op::{EndedRoom, NewRoomRow, StayEnd};
use super::{CallRecord, Op, QueuedEvent, StoreError, StoredSession, read};
use crate::webhook::message;

/// Most events that wait for one target; beyond it the newest are given up, so that the order of the rest stays.
const MAX_QUEUED: i64 = 20_000;
/// Stays of those who left that are kept for the record of one room.
const MAX_STAYS: i64 = 10_000;

pub(super) async fn all<'a>(
    tx: &mut Transaction<'_, Sqlite>,
    ops: impl Iterator<Item = &'a Op>,
) -> Result<(), StoreError> {
    let ops: Vec<&Op> = ops.collect();
    let skip = superseded(&ops);
    for (index, op) in ops.iter().enumerate() {
        if !skip.contains(&index) {
            one(tx, op).await?;
        }
    }
    Ok(())
}

/// Snapshots that a later one of the same batch replaces.
fn superseded(ops: &[&Op]) -> HashSet<usize> {
    let mut later: HashSet<(&AppId, &RoomId)> = HashSet::new();
    let mut skip = HashSet::new();
    for (index, op) in ops.iter().enumerate().rev() {
        if let Op::SaveRoom { app, room, created, .. } = op
            && !later.insert((app, room))
            && created.is_none()
        {
            skip.insert(index);
        }
    }
    skip
}

pub(super) fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(super) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt { what })
}

/// The word serde uses for a unit variant.
pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Audience => "audience",
        Role::Talker => "talker",
        Role::Admin => "admin",
    }
}

const fn stream_kind_word(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Camera => "camera",
        StreamKind::Screen => "screen",
        StreamKind::Mix => "mix",
    }
}

async fn one(tx: &mut SqliteConnection, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::SaveApp(app) => {
            query(
                "INSERT INTO apps (id, secret, created_at, policy) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (id) DO UPDATE SET policy = excluded.policy",
            )
            .bind(app.id.as_str())
            .bind(app.secret.expose())
            .bind(millis(app.created_at))
            .bind(json("policy", &app.policy)?)
            .execute(tx)
            .await?;
        }
        Op::DeleteApp(app) => {
            query("DELETE FROM apps WHERE id = ?").bind(app.as_str()).execute(tx).await?;
        }
        Op::SaveRoom { app, room, created, snapshot } => {
            let snapshot = snapshot
                .to_json()
                .map_err(|_| StoreError::Corrupt { what: "snapshot" })?;
            save_room(tx, app, room, created.as_ref(), snapshot).await?;
        }
        Op::EndRoom(ended) => end_room(tx, ended).await?,
        Op::SaveEvent { app, room, sequence, body } => {
            query("INSERT OR REPLACE INTO events (app, room, sequence, body) VALUES (?, ?, ?, ?)")
                .bind(app.as_str())
                .bind(room.as_str())
                .bind(number(*sequence))
                .bind(body)
                .execute(tx)
                .await?;
        }
        Op::ForgetEvents { app, room, before } => {
            query("DELETE FROM events WHERE app = ? AND room = ? AND sequence < ?")
                .bind(app.as_str())
                .bind(room.as_str())
                .bind(number(*before))
                .execute(tx)
                .await?;
        }
        Op::StayBegan { .. } | Op::StayRenamed { .. } | Op::StayRole { .. } | Op::StayEnded(_) => {
            stay(tx, op).await?;
        }
        Op::SaveStream { .. }
        | Op::StreamVersion { .. }
        | Op::StreamOnAir { .. }
        | Op::DeleteStream { .. } => stream(tx, op).await?,
        Op::SaveSession(session) => save_session(tx, session).await?,
        Op::DeleteSession(id) => {
            query("DELETE FROM sessions WHERE id = ?").bind(id.as_str()).execute(tx).await?;
        }
        Op::QueueWebhook(event) => queue_webhook(tx, event).await?,
        Op::WebhookDone(id) => {
            query("DELETE FROM webhook_queue WHERE id = ?").bind(id).execute(tx).await?;
        }
        Op::WebhookRetry { id, next_at } => {
            query("UPDATE webhook_queue SET attempts = attempts + 1, next_at = ? WHERE id = ?")
                .bind(millis(*next_at))
                .bind(id)
                .execute(tx)
                .await?;
        }
        Op::WebhookDead { id, app, target } => {
            query("DELETE FROM webhook_queue WHERE id = ?").bind(id).execute(&mut *tx).await?;
            count_dead(tx, app, target).await?;
        }
        Op::ForgetTarget { app, target } => {
            for sql in [
                "DELETE FROM webhook_queue WHERE app = ? AND target = ?",
                "DELETE FROM webhook_dead WHERE app = ? AND target = ?",
            ] {
                query(sql).bind(app.as_str()).bind(target).execute(&mut *tx).await?;
            }
        }
        Op::Housekeeping { now, records_before } => housekeeping(tx, *now, *records_before).await?,
    }
    Ok(())
}

async fn save_room(
    tx: &mut SqliteConnection,
    app: &AppId,
    room: &RoomId,
    created: Option<&NewRoomRow>,
    snapshot: String,
) -> Result<(), StoreError> {
    let Some(row) = created else {
        query("UPDATE rooms SET snapshot = ? WHERE app = ? AND id = ?")
            .bind(snapshot)
            .bind(app.as_str())
            .bind(room.as_str())
            .execute(tx)
            .await?;
        return Ok(());
    };
    // A room before it may have had the same id; its events are no longer of use to anybody.
    query("DELETE FROM events WHERE app = ? AND room = ?")
        .bind(app.as_str())
        .bind(room.as_str())
        .execute(&mut *tx)
        .await?;
    query("INSERT INTO rooms (app, id, name, kind, created_at, snapshot) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(app.as_str())
        .bind(room.as_str())
        .bind(row.name.as_ref().map(|name| name.as_str()))
        .bind(row.kind)
        .bind(millis(row.at))
        .bind(snapshot)
        .execute(tx)
        .await?;
    Ok(())
}

async fn end_room(tx: &mut SqliteConnection, ended: &EndedRoom) -> Result<(), StoreError> {
    let (app, room) = (ended.app.as_str(), ended.room.as_str());
    let row: Option<(Option<String>, String, i64)> =
        sqlx::query_as("SELECT name, kind, created_at FROM rooms WHERE app = ? AND id = ?")
            .bind(app)
            .bind(room)
            .fetch_optional(&mut *tx)
            .await?;
    let Some((name, kind, started_at)) = row else {
        return Ok(());
    };
    let members = read::stays(tx, &ended.app, &ended.room, MAX_STAYS).await?;
    let inserted = query(
        "INSERT INTO call_records (id, app, room, name, kind, started_at, ended_at, reason, members) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&ended.record)
    .bind(app)
    .bind(room)
    .bind(&name)
    .bind(&kind)
    .bind(started_at)
    .bind(millis(ended.at))
    .bind(json("reason", &ended.reason)?)
    .bind(json("members", &members)?)
    .execute(&mut *tx)
    .await?;
    query("DELETE FROM rooms WHERE app = ? AND id = ?")
        .bind(app)
        .bind(room)
        .execute(&mut *tx)
        .await?;
    let record = CallRecord {
        id: ended.record.clone(),
        position: inserted.last_insert_rowid(),
        app: ended.app.clone(),
        room: ended.room.clone(),
        name: name.and_then(|name| name.parse().ok()),
        kind,
        started_at: read::timestamp(started_at),
        ended_at: ended.at,
        duration_ms: ended.at.millis_since(read::timestamp(started_at)),
        reason: ended.reason.clone(),
        members,
    };
    for target in &ended.webhooks {
        queue_webhook(tx, &message::call_record(&record, ended.sequence, target)).await?;
    }
    Ok(())
}

async fn stay(tx: &mut SqliteConnection, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::StayBegan { app, room, member } => {
            query(
                "INSERT OR REPLACE INTO members (app, room, id, account, nick, role, joined_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(app.as_str())
            .bind(room.as_str())
            .bind(member.id.as_str())
            .bind(member.account.as_str())
            .bind(member.nick.as_str())
            .bind(role_word(member.role))
            .bind(millis(member.joined_at))
            .execute(tx)
            .await?;
        }
        Op::StayRenamed { app, room, member, nick } => {
            query("UPDATE members SET nick = ? WHERE app = ? AND room = ? AND id = ?")
                .bind(nick.as_str())
                .bind(app.as_str())
                .bind(room.as_str())
                .bind(member.as_str())
                .execute(tx)
                .await?;
        }
        Op::StayRole { app, room, member, role } => {
            query("UPDATE members SET role = ? WHERE app = ? AND room = ? AND id = ?")
                .bind(role_word(*role))
                .bind(app.as_str())
                .bind(room.as_str())
                .bind(member.as_str())
                .execute(tx)
                .await?;
        }
        Op::StayEnded(StayEnd { app, room, member, role, at, reason }) => {
            query(
                "UPDATE members SET left_at = ?, reason = ?, role = ? WHERE app = ? AND room = ? AND id = ?",
            )
            .bind(millis(*at))
            .bind(json("reason", reason)?)
            .bind(role_word(*role))
            .bind(app.as_str())
            .bind(room.as_str())
            .bind(member.as_str())
            .execute(tx)
            .await?;
        }
        _ => {}
    }
    Ok(())
}

async fn stream(tx: &mut SqliteConnection, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::SaveStream { app, room, stream } => {
            query(
                "INSERT OR REPLACE INTO streams (app, id, room, member, kind, version, min_version) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(app.as_str())
            .bind(stream.id.as_str())
            .bind(room.as_str())
            .bind(stream.owner.as_ref().map(|owner| owner.as_str()))
            .bind(stream_kind_word(stream.kind))
            .bind(stream.url_version)
            .bind(stream.url_version)
            .execute(tx)
            .await?;
        }
        Op::StreamVersion { app, stream, version, previous_until } => {
            query(
                "UPDATE streams SET min_version = version, version = ?, previous_until = ? \
                 WHERE app = ? AND id = ?",
            )
            .bind(version)
            .bind(millis(*previous_until))
            .bind(app.as_str())
            .bind(stream.as_str())
            .execute(tx)
            .await?;
        }
        Op::StreamOnAir { app, stream, on } => {
            query("UPDATE streams SET on_air = ? WHERE app = ? AND id = ?")
                .bind(on)
                .bind(app.as_str())
                .bind(stream.as_str())
                .execute(tx)
                .await?;
        }
        Op::DeleteStream { app, stream } => {
            query("DELETE FROM streams WHERE app = ? AND id = ?")
                .bind(app.as_str())
                .bind(stream.as_str())
                .execute(tx)
                .await?;
        }
        _ => {}
    }
    Ok(())
}

async fn save_session(tx: &mut SqliteConnection, session: &StoredSession) -> Result<(), StoreError> {
    query(
        "INSERT INTO sessions (id, app, account, device, rooms, last_seen, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET device = excluded.device, \
         rooms = excluded.rooms, last_seen = excluded.last_seen, expires_at = excluded.expires_at",
    )
    .bind(session.id.as_str())
    .bind(session.app.as_str())
    .bind(session.account.as_str())
    .bind(session.device.as_str())
    .bind(json("session", &session.rooms)?)
    .bind(millis(session.last_seen))
    .bind(millis(session.expires_at))
    .execute(tx)
    .await?;
    Ok(())
}

async fn queue_webhook(tx: &mut SqliteConnection, event: &QueuedEvent) -> Result<(), StoreError> {
    let queued = query(
        "INSERT INTO webhook_queue (app, target, lane, event_id, sequence, body, created_at, next_at) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7 \
         WHERE (SELECT count(*) FROM webhook_queue WHERE app = ?1 AND target = ?2) < ?8",
    )
    .bind(event.app.as_str())
    .bind(&event.target)
    .bind(&event.lane)
    .bind(&event.event_id)
    .bind(number(event.sequence))
    .bind(&event.body)
    .bind(millis(event.at))
    .bind(MAX_QUEUED)
    .execute(&mut *tx)
    .await?;
    if queued.rows_affected() == 0 {
        count_dead(tx, &event.app, &event.target).await?;
    }
    Ok(())
}

async fn count_dead(tx: &mut SqliteConnection, app: &AppId, target: &str) -> Result<(), StoreError> {
    metrics::counter!("lianmai_webhooks_dead_total").increment(1);
    query(
        "INSERT INTO webhook_dead (app, target, count) VALUES (?, ?, 1) \
         ON CONFLICT (app, target) DO UPDATE SET count = count + 1",
    )
    .bind(app.as_str())
    .bind(target)
    .execute(tx)
    .await?;
    Ok(())
}

async fn housekeeping(
    tx: &mut SqliteConnection,
    now: Timestamp,
    records_before: Timestamp,
) -> Result<(), StoreError> {
    query("DELETE FROM call_records WHERE ended_at < ?")
        .bind(millis(records_before))
        .execute(&mut *tx)
        .await?;
    query("DELETE FROM sessions WHERE expires_at <= ?")
        .bind(millis(now))
        .execute(&mut *tx)
        .await?;
    // A room that lives for months must not pile up everybody who ever came by.
    query(
        "DELETE FROM members WHERE left_at IS NOT NULL AND rowid IN ( \
           SELECT row FROM (SELECT rowid AS row, row_number() OVER (PARTITION BY app, room ORDER BY left_at DESC) \
           AS place FROM members WHERE left_at IS NOT NULL) WHERE place > ?)",
    )
    .bind(MAX_STAYS)
    .execute(tx)
    .await?;
    Ok(())
}
