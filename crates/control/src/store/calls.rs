//! Calls under way, calls that have ended, and messages for accounts that are offline.

use lianmai_rooms::call::{Call, CallId, Record};
use lianmai_rooms::{AccountId, AppId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query};

use super::read::from_json;
use super::run::{json, millis};
use super::{Store, StoreError};
use crate::calls::{EndedCall, EndedCallFilter};

/// Most records on one page.
const MAX_PAGE: usize = 500;
/// Messages kept for one account at most: the newest.
const MAX_MESSAGES: i64 = 100;
/// For how long messages are kept.
const MESSAGE_MILLIS: u64 = 7 * 24 * 3600 * 1000;

impl Store {
    /// Calls under way. One that cannot be read is left out and reported.
    pub(crate) async fn calls(&self) -> Result<Vec<Call>, StoreError> {
        let rows = query("SELECT id, snapshot FROM calls ORDER BY app, id")
            .fetch_all(&self.read)
            .await?;
        let mut calls = Vec::with_capacity(rows.len());
        for row in &rows {
            match serde_json::from_str(row.try_get("snapshot")?) {
                Ok(call) => calls.push(call),
                Err(error) => {
                    let id: &str = row.try_get("id")?;
                    tracing::error!(call = id, %error, "a call could not be restored");
                }
            }
        }
        Ok(calls)
    }

    /// Calls that have ended, newest first.
    pub(crate) async fn ended_calls(
        &self,
        app: &AppId,
        filter: &EndedCallFilter,
    ) -> Result<Vec<EndedCall>, StoreError> {
        let mut sql: QueryBuilder<Sqlite> =
            QueryBuilder::new("SELECT position, record FROM ended_calls c WHERE app = ");
        sql.push_bind(app.as_str());
        if let Some(account) = &filter.account {
            sql.push(" AND position IN (SELECT position FROM ended_call_members WHERE app = ")
                .push_bind(app.as_str())
                .push(" AND account = ")
                .push_bind(account.as_str())
                .push(")");
        }
        if let Some(status) = filter.status {
            sql.push(" AND status = ").push_bind(status.as_str());
        }
        if let Some(from) = filter.from {
            sql.push(" AND ended_at >= ").push_bind(millis(from));
        }
        if let Some(until) = filter.until {
            sql.push(" AND ended_at < ").push_bind(millis(until));
        }
        if let Some(after) = filter.after {
            sql.push(" AND position < ").push_bind(after);
        }
        let limit = i64::try_from(filter.limit.clamp(1, MAX_PAGE)).unwrap_or(1);
        sql.push(" ORDER BY position DESC LIMIT ").push_bind(limit);
        let rows = sql.build().fetch_all(&self.read).await?;
        rows.iter().map(ended).collect()
    }

    /// One call that has ended.
    pub(crate) async fn ended_call(
        &self,
        app: &AppId,
        call: &CallId,
    ) -> Result<Option<EndedCall>, StoreError> {
        let row = query("SELECT position, record FROM ended_calls WHERE app = ? AND id = ?")
            .bind(app.as_str())
            .bind(call.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(ended).transpose()
    }

    /// Messages kept for an account, oldest first.
    pub(crate) async fn messages_of(
        &self,
        app: &AppId,
        account: &AccountId,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = query("SELECT id, body FROM account_messages WHERE app = ? AND account = ? ORDER BY id")
            .bind(app.as_str())
            .bind(account.as_str())
            .fetch_all(&self.read)
            .await?;
        let message = |row: &SqliteRow| Ok((row.try_get("id")?, row.try_get("body")?));
        rows.iter().map(message).collect()
    }
}

fn ended(row: &SqliteRow) -> Result<EndedCall, StoreError> {
    Ok(EndedCall {
        position: row.try_get("position")?,
        record: from_json("call record", row.try_get("record")?)?,
    })
}

pub(super) async fn save(tx: &mut SqliteConnection, call: &Call) -> Result<(), StoreError> {
    query("INSERT OR REPLACE INTO calls (app, id, snapshot) VALUES (?, ?, ?)")
        .bind(call.app().as_str())
        .bind(call.id().as_str())
        .bind(json("call", call)?)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn end(tx: &mut SqliteConnection, app: &AppId, record: &Record) -> Result<(), StoreError> {
    query("DELETE FROM calls WHERE app = ? AND id = ?")
        .bind(app.as_str())
        .bind(record.call.as_str())
        .execute(&mut *tx)
        .await?;
    let inserted =
        query("INSERT INTO ended_calls (app, id, status, ended_at, record) VALUES (?, ?, ?, ?, ?)")
            .bind(app.as_str())
            .bind(record.call.as_str())
            .bind(record.status.as_str())
            .bind(millis(record.ended_at))
            .bind(json("call record", record)?)
            .execute(&mut *tx)
            .await?;
    for member in &record.members {
        query("INSERT INTO ended_call_members (app, account, position) VALUES (?, ?, ?)")
            .bind(app.as_str())
            .bind(member.account.as_str())
            .bind(inserted.last_insert_rowid())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

pub(super) async fn keep_message(
    tx: &mut SqliteConnection,
    app: &AppId,
    account: &AccountId,
    at: Timestamp,
    body: &str,
) -> Result<(), StoreError> {
    query("INSERT INTO account_messages (app, account, at, body) VALUES (?, ?, ?, ?)")
        .bind(app.as_str())
        .bind(account.as_str())
        .bind(millis(at))
        .bind(body)
        .execute(&mut *tx)
        .await?;
    query(
        "DELETE FROM account_messages WHERE app = ?1 AND account = ?2 AND id <= ( \
           SELECT id FROM account_messages WHERE app = ?1 AND account = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)",
    )
    .bind(app.as_str())
    .bind(account.as_str())
    .bind(MAX_MESSAGES)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn forget_messages(
    tx: &mut SqliteConnection,
    app: &AppId,
    account: &AccountId,
    until: i64,
) -> Result<(), StoreError> {
    query("DELETE FROM account_messages WHERE app = ? AND account = ? AND id <= ?")
        .bind(app.as_str())
        .bind(account.as_str())
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets records and messages whose time is over.
pub(super) async fn housekeeping(
    tx: &mut SqliteConnection,
    now: Timestamp,
    records_before: Timestamp,
) -> Result<(), StoreError> {
    query("DELETE FROM ended_calls WHERE ended_at < ?")
        .bind(millis(records_before))
        .execute(&mut *tx)
        .await?;
    let oldest = Timestamp::from_millis(now.as_millis().saturating_sub(MESSAGE_MILLIS));
    query("DELETE FROM account_messages WHERE at < ?")
        .bind(millis(oldest))
        .execute(tx)
        .await?;
    Ok(())
}
