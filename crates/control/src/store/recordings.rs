//! Recordings and their parts.

use lianmai_rooms::{AppId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query};

use super::read::{from_json, parse, timestamp};
use super::run::{json, millis};
use super::{Store, StoreError};
use crate::recordings::{Part, Recording, RecordingFilter, Upload};

/// Most recordings on one page.
const MAX_PAGE: usize = 200;

impl Store {
    /// Recordings of an app, newest first.
    pub(crate) async fn recordings(
        &self,
        app: &AppId,
        filter: &RecordingFilter,
    ) -> Result<Vec<Recording>, StoreError> {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT * FROM recordings WHERE app = ");
        sql.push_bind(app.as_str());
        if let Some(room) = &filter.room {
            sql.push(" AND room = ").push_bind(room.as_str());
        }
        if let Some(after) = filter.after {
            sql.push(" AND position < ").push_bind(after);
        }
        let limit = i64::try_from(filter.limit.clamp(1, MAX_PAGE)).unwrap_or(1);
        sql.push(" ORDER BY position DESC LIMIT ").push_bind(limit);
        let rows = sql.build().fetch_all(&self.read).await?;
        rows.iter().map(recording).collect()
    }

    /// One recording.
    pub(crate) async fn recording(&self, app: &AppId, id: &str) -> Result<Option<Recording>, StoreError> {
        let row = query("SELECT * FROM recordings WHERE app = ? AND id = ?")
            .bind(app.as_str())
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(recording).transpose()
    }

    /// Recordings that had not ended when this was written.
    pub(crate) async fn unfinished_recordings(&self) -> Result<Vec<Recording>, StoreError> {
        let rows = query("SELECT * FROM recordings WHERE state IN ('recording', 'paused') ORDER BY position")
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(recording).collect()
    }

    /// Recordings that ended before a time, at most 100.
    pub(crate) async fn recordings_before(&self, before: Timestamp) -> Result<Vec<Recording>, StoreError> {
        let rows = query("SELECT * FROM recordings WHERE ended_at < ? ORDER BY ended_at LIMIT 100")
            .bind(millis(before))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(recording).collect()
    }

    /// The parts of a recording in order.
    pub(crate) async fn recording_parts(&self, id: &str) -> Result<Vec<Part>, StoreError> {
        let rows = query(
            "SELECT p.*, u.state AS upload_state, u.queued_at, u.attempts, u.next_at, u.error \
             FROM recording_parts p LEFT JOIN uploads u ON u.recording = p.recording AND u.part = p.part \
             WHERE p.recording = ? ORDER BY p.part",
        )
        .bind(id)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(part).collect()
    }
}

fn recording(row: &SqliteRow) -> Result<Recording, StoreError> {
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    Ok(Recording {
        id: row.try_get("id")?,
        position: row.try_get("position")?,
        app: parse("app id", row.try_get("app")?)?,
        room: parse("room id", row.try_get("room")?)?,
        stream: parse("stream id", row.try_get("stream")?)?,
        setup: from_json("recording", row.try_get("setup")?)?,
        state: from_json("recording state", &quoted(row.try_get("state")?))?,
        error: row.try_get("error")?,
        members: from_json("members", row.try_get("members")?)?,
        started_at: timestamp(row.try_get("started_at")?),
        ended_at: ended_at.map(timestamp),
    })
}

fn part(row: &SqliteRow) -> Result<Part, StoreError> {
    let remote: Option<&str> = row.try_get("remote")?;
    Ok(Part {
        recording: row.try_get("recording")?,
        part: row.try_get("part")?,
        facts: from_json("part", row.try_get("facts")?)?,
        state: from_json("part state", &quoted(row.try_get("state")?))?,
        location: from_json("location", &quoted(row.try_get("location")?))?,
        remote: remote.map(|place| parse("remote", place)).transpose()?,
        upload: upload(row)?,
    })
}

fn upload(row: &SqliteRow) -> Result<Option<Upload>, StoreError> {
    let Some(state) = row.try_get::<Option<&str>, _>("upload_state")? else {
        return Ok(None);
    };
    Ok(Some(Upload {
        state: from_json("upload state", &quoted(state))?,
        queued_at: timestamp(row.try_get("queued_at")?),
        attempts: row.try_get("attempts")?,
        next_at: timestamp(row.try_get("next_at")?),
        error: row.try_get("error")?,
    }))
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

pub(super) async fn save(tx: &mut SqliteConnection, recording: &Recording) -> Result<(), StoreError> {
    query(
        "INSERT INTO recordings (id, app, room, stream, setup, state, error, members, started_at, ended_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
         error = excluded.error, members = excluded.members, ended_at = excluded.ended_at",
    )
    .bind(&recording.id)
    .bind(recording.app.as_str())
    .bind(recording.room.as_str())
    .bind(recording.stream.as_str())
    .bind(json("recording", &recording.setup)?)
    .bind(recording.state.as_str())
    .bind(&recording.error)
    .bind(json("members", &recording.members)?)
    .bind(millis(recording.started_at))
    .bind(recording.ended_at.map(millis))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn save_part(tx: &mut SqliteConnection, part: &Part) -> Result<(), StoreError> {
    query(
        "INSERT INTO recording_parts (recording, part, facts, state) \
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM recordings WHERE id = ?1) \
         ON CONFLICT (recording, part) DO UPDATE SET facts = excluded.facts, state = excluded.state",
    )
    .bind(&part.recording)
    .bind(part.part)
    .bind(json("part", &part.facts)?)
    .bind(part.state.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut SqliteConnection, id: &str) -> Result<(), StoreError> {
    query("DELETE FROM recordings WHERE id = ?")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}
