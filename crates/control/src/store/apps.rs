//! The end of apps: everything goes at once except recordings, which are needed to find their files and objects.

use lianmai_rooms::{AppId, Timestamp};
use sqlx::{Row, SqliteConnection, query};

use super::read::parse;
use super::run::millis;
use super::{Store, StoreError};

/// What belongs to apps, except recordings; what belongs to these goes with them.
pub(super) const TABLES: [&str; 9] = [
    "account_messages",
    "call_records",
    "calls",
    "ended_calls",
    "events",
    "rooms",
    "sessions",
    "webhook_dead",
    "webhook_queue",
];

impl Store {
    /// Apps that were deleted and are not gone yet.
    pub(crate) async fn deleted_apps(&self) -> Result<Vec<AppId>, StoreError> {
        let rows = query("SELECT id FROM apps WHERE deleted_at IS NOT NULL ORDER BY id")
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| parse("app id", row.try_get("id")?))
            .collect()
    }

    /// How many recordings an app has.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn count_recordings(&self, app: &AppId) -> Result<u64, StoreError> {
        let row = query("SELECT count(*) AS count FROM recordings WHERE app = ?")
            .bind(app.as_str())
            .fetch_one(&self.read)
            .await?;
        Ok(row.try_get::<i64, _>("count")?.unsigned_abs())
    }
}

/// Notes that an app is to be deleted.
pub(super) async fn mark(tx: &mut SqliteConnection, app: &AppId, at: Timestamp) -> Result<(), StoreError> {
    query("UPDATE apps SET deleted_at = coalesce(deleted_at, ?) WHERE id = ?")
        .bind(millis(at))
        .bind(app.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes all of an app but its recordings, its secret too; and its row when it has none.
pub(super) async fn delete(tx: &mut SqliteConnection, app: &AppId, at: Timestamp) -> Result<(), StoreError> {
    mark(tx, app, at).await?;
    for table in TABLES {
        // The names are ours.
        let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE app = ?"));
        query(sql).bind(app.as_str()).execute(&mut *tx).await?;
    }
    for sql in [
        "UPDATE apps SET secret = zeroblob(0), policy = '{}' WHERE id = ?",
        "DELETE FROM apps WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM recordings WHERE app = ?1)",
    ] {
        query(sql).bind(app.as_str()).execute(&mut *tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::Secret;

    use super::*;
    use crate::service::{AppPolicy, random};
    use crate::store::{Op, StoreConfig, StoredApp};

    /// A new table of apps has to be in the list above.
    #[tokio::test]
    async fn all_tables_of_apps_are_known() {
        let store = Store::open(&StoreConfig::memory()).await.unwrap();
        let rows = query(
            "SELECT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f ON f.\"table\" = 'apps' \
             WHERE m.type = 'table' ORDER BY m.name",
        )
        .fetch_all(&store.read)
        .await
        .unwrap();
        let found: Vec<&str> = rows.iter().map(|row| row.get("name")).collect();
        let known: Vec<&str> = found
            .iter()
            .copied()
            .filter(|name| *name != "recordings")
            .collect();
        assert_eq!(known, TABLES);
        assert!(found.contains(&"recordings"));
    }

    #[tokio::test]
    async fn a_marked_app_is_no_app_any_more() {
        let store = Store::open(&StoreConfig::memory()).await.unwrap();
        let (id, at) = (AppId::parse("acme").unwrap(), Timestamp::from_millis(7));
        let secret = || Secret::new(&random::bytes::<32>()).unwrap();
        let app = StoredApp {
            id: id.clone(),
            secret: secret(),
            created_at: at,
            policy: AppPolicy::default(),
        };
        store.write(vec![Op::SaveApp(app)]).await.unwrap();
        assert!(store.deleted_apps().await.unwrap().is_empty());
        assert!(store.mark_app_deleted(&id, at).await.unwrap());
        assert!(!store.mark_app_deleted(&id, at).await.unwrap(), "once");
        assert!(store.app_ids().await.unwrap().is_empty());
        assert!(store.app_secret(&id).await.unwrap().is_none());
        assert_eq!(
            store.deleted_apps().await.unwrap().as_slice(),
            std::slice::from_ref(&id)
        );
        let add = || store.add_app(&id, secret(), AppPolicy::default(), at);
        assert!(!add().await.unwrap(), "it is still there");
        let app = id.clone();
        store.write(vec![Op::DeleteApp { app, at }]).await.unwrap();
        assert!(store.deleted_apps().await.unwrap().is_empty());
        assert!(add().await.unwrap());
    }
}
