//! The queue of webhooks.

use lianmai_rooms::{AppId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::run::{millis, number};
use super::{QueuedEvent, Store, StoreError, read::timestamp};

/// Most events that wait for one target; beyond it the newest are given up, so that the order of the rest stays.
const MAX_QUEUED: i64 = 20_000;

/// One event at the head of its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) lane: String,
    pub(crate) event_id: String,
    pub(crate) sequence: u64,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) next_at: Timestamp,
}

impl Store {
    /// The first event of every lane of one target, the most urgent `limit` of them.
    pub(crate) async fn lane_heads(
        &self,
        app: &AppId,
        target: &str,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows = query(
            "SELECT id, lane, event_id, sequence, body, created_at, attempts, next_at FROM webhook_queue \
             WHERE id IN (SELECT min(id) FROM webhook_queue WHERE app = ? AND target = ? GROUP BY lane) \
             ORDER BY next_at, id LIMIT ?",
        )
        .bind(app.as_str())
        .bind(target)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// Apps and targets that have events waiting.
    pub(crate) async fn waiting_targets(&self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(sqlx::query_as("SELECT DISTINCT app, target FROM webhook_queue")
            .fetch_all(&self.read)
            .await?)
    }

    /// How many events wait for a target, and how many were given up.
    pub(crate) async fn webhook_counts(&self, app: &AppId, target: &str) -> Result<(u64, u64), StoreError> {
        let (queued, dead): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM webhook_queue WHERE app = ?1 AND target = ?2), \
             coalesce((SELECT count FROM webhook_dead WHERE app = ?1 AND target = ?2), 0)",
        )
        .bind(app.as_str())
        .bind(target)
        .fetch_one(&self.read)
        .await?;
        Ok((queued.unsigned_abs(), dead.unsigned_abs()))
    }
}

fn delivery(row: &SqliteRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.try_get("id")?,
        lane: row.try_get("lane")?,
        event_id: row.try_get("event_id")?,
        sequence: row.try_get::<i64, _>("sequence")?.unsigned_abs(),
        body: row.try_get("body")?,
        created_at: timestamp(row.try_get("created_at")?),
        attempts: row.try_get("attempts")?,
        next_at: timestamp(row.try_get("next_at")?),
    })
}

pub(super) async fn queue(tx: &mut SqliteConnection, event: &QueuedEvent) -> Result<(), StoreError> {
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

pub(super) async fn count_dead(
    tx: &mut SqliteConnection,
    app: &AppId,
    target: &str,
) -> Result<(), StoreError> {
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
