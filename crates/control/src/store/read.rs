//! What is read: everything once at start, call records and counts on request.

use lianmai_rooms::{AppId, RoomId, RoomSnapshot, Secret, Timestamp};
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query};

use super::{CallMember, CallRecord, Store, StoreError, StoredSession};
use crate::service::{AppPolicy, CallRecordFilter};

/// An app as stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredApp {
    pub(crate) id: AppId,
    pub(crate) secret: Secret,
    pub(crate) created_at: Timestamp,
    pub(crate) policy: AppPolicy,
}

/// Most call records on one page.
const MAX_PAGE: usize = 500;

pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}

pub(super) fn parse<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { what })
}

pub(super) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what })
}

impl Store {
    /// Apps that were not deleted.
    pub(crate) async fn apps(&self) -> Result<Vec<StoredApp>, StoreError> {
        let sql = "SELECT id, secret, created_at, policy FROM apps WHERE deleted_at IS NULL ORDER BY id";
        let rows = query(sql).fetch_all(&self.read).await?;
        rows.iter().map(app).collect()
    }

    /// Snapshots of all live rooms. One that cannot be read is left out and reported; the others go on.
    pub(crate) async fn room_snapshots(&self) -> Result<Vec<(String, RoomSnapshot)>, StoreError> {
        let rows = query("SELECT app, id, snapshot FROM rooms ORDER BY app, id")
            .fetch_all(&self.read)
            .await?;
        let mut rooms = Vec::with_capacity(rows.len());
        for row in &rows {
            let name = format!(
                "{}/{}",
                row.try_get::<&str, _>("app")?,
                row.try_get::<&str, _>("id")?
            );
            match RoomSnapshot::from_json(row.try_get("snapshot")?) {
                Ok(snapshot) => rooms.push((name, snapshot)),
                Err(error) => tracing::error!(room = name, %error, "a room could not be restored"),
            }
        }
        Ok(rooms)
    }

    /// Stored events of one room in order, as JSON.
    pub(crate) async fn events_of(&self, app: &AppId, room: &RoomId) -> Result<Vec<String>, StoreError> {
        let rows = query("SELECT body FROM events WHERE app = ? AND room = ? ORDER BY sequence")
            .bind(app.as_str())
            .bind(room.as_str())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("body")?)).collect()
    }

    /// All sessions, also those whose time is over: they are forgotten soon after the start.
    pub(crate) async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        let rows = query("SELECT id, app, account, device, rooms, last_seen, expires_at FROM sessions")
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(session).collect()
    }

    pub(crate) async fn call_records(
        &self,
        app: &AppId,
        filter: &CallRecordFilter,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT * FROM call_records WHERE app = ");
        sql.push_bind(app.as_str());
        if let Some(room) = &filter.room {
            sql.push(" AND room = ").push_bind(room.as_str());
        }
        if let Some(account) = &filter.account {
            sql.push(
                " AND EXISTS (SELECT 1 FROM json_each(members) WHERE json_extract(value, '$.account') = ",
            )
            .push_bind(account.as_str())
            .push(")");
        }
        if let Some(from) = filter.from {
            sql.push(" AND ended_at >= ").push_bind(super::run::millis(from));
        }
        if let Some(until) = filter.until {
            sql.push(" AND ended_at < ").push_bind(super::run::millis(until));
        }
        if let Some(after) = filter.after {
            sql.push(" AND position < ").push_bind(after);
        }
        let limit = i64::try_from(filter.limit.clamp(1, MAX_PAGE)).unwrap_or(1);
        sql.push(" ORDER BY position DESC LIMIT ").push_bind(limit);
        let rows = sql.build().fetch_all(&self.read).await?;
        rows.iter().map(record).collect()
    }
}

fn app(row: &SqliteRow) -> Result<StoredApp, StoreError> {
    Ok(StoredApp {
        id: parse("app id", row.try_get("id")?)?,
        secret: Secret::new(row.try_get("secret")?).map_err(|_| StoreError::Corrupt { what: "secret" })?,
        created_at: timestamp(row.try_get("created_at")?),
        policy: from_json("policy", row.try_get("policy")?)?,
    })
}

fn session(row: &SqliteRow) -> Result<StoredSession, StoreError> {
    Ok(StoredSession {
        id: parse("session id", row.try_get("id")?)?,
        app: parse("app id", row.try_get("app")?)?,
        account: parse("account", row.try_get("account")?)?,
        device: parse("device", row.try_get("device")?)?,
        rooms: from_json("session", row.try_get("rooms")?)?,
        last_seen: timestamp(row.try_get("last_seen")?),
        expires_at: timestamp(row.try_get("expires_at")?),
    })
}

fn record(row: &SqliteRow) -> Result<CallRecord, StoreError> {
    let (started_at, ended_at) = (
        timestamp(row.try_get("started_at")?),
        timestamp(row.try_get("ended_at")?),
    );
    let name: Option<&str> = row.try_get("name")?;
    Ok(CallRecord {
        id: row.try_get("id")?,
        position: row.try_get("position")?,
        app: parse("app id", row.try_get("app")?)?,
        room: parse("room id", row.try_get("room")?)?,
        name: name.map(|name| parse("room name", name)).transpose()?,
        kind: row.try_get("kind")?,
        started_at,
        ended_at,
        duration_ms: ended_at.millis_since(started_at),
        reason: from_json("reason", row.try_get("reason")?)?,
        members: from_json("members", row.try_get("members")?)?,
    })
}

/// All stays in a room that are over, the newest `limit`, in order of joining.
pub(super) async fn stays(
    connection: &mut SqliteConnection,
    app: &AppId,
    room: &RoomId,
    limit: i64,
) -> Result<Vec<CallMember>, StoreError> {
    let rows = query(
        "SELECT * FROM (SELECT rowid AS place, id, account, nick, role, joined_at, left_at, reason FROM members \
         WHERE app = ? AND room = ? AND left_at IS NOT NULL ORDER BY left_at DESC LIMIT ?) ORDER BY place",
    )
    .bind(app.as_str())
    .bind(room.as_str())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let member = |row: &SqliteRow| {
        let (joined_at, left_at) = (
            timestamp(row.try_get("joined_at")?),
            timestamp(row.try_get("left_at")?),
        );
        Ok(CallMember {
            member: parse("member id", row.try_get("id")?)?,
            account: parse("account", row.try_get("account")?)?,
            nick: parse("nick", row.try_get("nick")?)?,
            role: from_json("role", &format!("\"{}\"", row.try_get::<&str, _>("role")?))?,
            joined_at,
            left_at,
            duration_ms: left_at.millis_since(joined_at),
            reason: from_json("reason", row.try_get("reason")?)?,
        })
    };
    rows.iter().map(member).collect()
}
