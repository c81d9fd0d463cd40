//! How each [`Op`] is written.

use std::collections::HashSet;

use lianmai_rooms::{AppId, RoomId, Timestamp};
use serde::Serialize;
use sqlx::{Sqlite, SqliteConnection, Transaction, query};

use super::op::{EndedRoom, NewRoomRow};
use super::room_rows::{stay, stream};
use super::webhooks::{count_dead, queue};
use super::{CallRecord, Op, StoreError, StoredSession, apps, calls, mix_assets, read, recordings, uploads};
use crate::webhook::message;

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
        if let Op::SaveRoom {
            app, room, created, ..
        } = op
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

pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(super) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt { what })
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
        Op::MarkAppDeleted { app, at } => apps::mark(tx, app, *at).await?,
        Op::DeleteApp { app, at } => apps::delete(tx, app, *at).await?,
        Op::SaveRoom {
            app,
            room,
            created,
            snapshot,
        } => {
            let snapshot = snapshot
                .to_json()
                .map_err(|_| StoreError::Corrupt { what: "snapshot" })?;
            save_room(tx, app, room, created.as_ref(), snapshot).await?;
        }
        Op::EndRoom(ended) => end_room(tx, ended).await?,
        Op::SaveEvent {
            app,
            room,
            sequence,
            body,
        } => {
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
            query("DELETE FROM sessions WHERE id = ?")
                .bind(id.as_str())
                .execute(tx)
                .await?;
        }
        Op::QueueWebhook(event) => queue(tx, event).await?,
        Op::WebhookDone(id) => {
            query("DELETE FROM webhook_queue WHERE id = ?")
                .bind(id)
                .execute(tx)
                .await?;
        }
        Op::WebhookRetry { id, next_at } => {
            query("UPDATE webhook_queue SET attempts = attempts + 1, next_at = ? WHERE id = ?")
                .bind(millis(*next_at))
                .bind(id)
                .execute(tx)
                .await?;
        }
        Op::WebhookDead { id, app, target } => {
            query("DELETE FROM webhook_queue WHERE id = ?")
                .bind(id)
                .execute(&mut *tx)
                .await?;
            count_dead(tx, app, target).await?;
        }
        Op::ForgetTarget { app, target } => {
            for sql in [
                "DELETE FROM webhook_queue WHERE app = ? AND target = ?",
                "DELETE FROM webhook_dead WHERE app = ? AND target = ?",
            ] {
                query(sql)
                    .bind(app.as_str())
                    .bind(target)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        Op::SaveRecording(recording) => recordings::save(tx, recording).await?,
        Op::SavePart(part) => recordings::save_part(tx, part).await?,
        Op::Upload(change) => uploads::one(tx, change).await?,
        Op::DeleteRecording(id) => recordings::delete(tx, id).await?,
        Op::SaveMixAsset { app, room, asset } => mix_assets::save(tx, (app, room), asset).await?,
        Op::DeleteMixAsset { app, room, name } => mix_assets::delete(tx, (app, room), name).await?,
        Op::SaveCall(call) => calls::save(tx, call).await?,
        Op::EndCall { app, record } => calls::end(tx, app, record).await?,
        Op::KeepMessage {
            app,
            account,
            at,
            body,
        } => calls::keep_message(tx, app, account, *at, body).await?,
        Op::ForgetMessages { app, account, until } => {
            calls::forget_messages(tx, app, account, *until).await?;
        }
        Op::Housekeeping { now, records_before } => {
            calls::housekeeping(tx, *now, *records_before).await?;
            housekeeping(tx, *records_before).await?;
        }
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
    for sql in [
        "DELETE FROM events WHERE app = ? AND room = ?",
        "DELETE FROM rooms WHERE app = ? AND id = ?",
    ] {
        query(sql).bind(app).bind(room).execute(&mut *tx).await?;
    }
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
        queue(tx, &message::call_record(&record, ended.sequence, target)).await?;
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

async fn housekeeping(tx: &mut SqliteConnection, records_before: Timestamp) -> Result<(), StoreError> {
    query("DELETE FROM call_records WHERE ended_at < ?")
        .bind(millis(records_before))
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
