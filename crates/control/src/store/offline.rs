//! What the command line does with the database, whether a gateway uses it or not.

use lianmai_rooms::{AppId, Secret, Timestamp};

use super::{Op, Store, StoreError, StoredApp};
use crate::service::AppPolicy;

impl Store {
    /// Ids of all apps, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn app_ids(&self) -> Result<Vec<AppId>, StoreError> {
        let mut ids: Vec<_> = self.apps().await?.into_iter().map(|app| app.id).collect();
        ids.sort();
        Ok(ids)
    }

    /// The secret of an app; `None` if there is no such app. Never to be shown.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn app_secret(&self, id: &AppId) -> Result<Option<Secret>, StoreError> {
        Ok(self
            .apps()
            .await?
            .into_iter()
            .find(|app| app.id == *id)
            .map(|app| app.secret))
    }

    /// Adds an app with this secret; `false` if there is one of this id, or one that is being deleted. A running gateway learns of it when it
    /// [reloads](crate::service::Service::reload).
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn add_app(
        &self,
        id: &AppId,
        secret: Secret,
        policy: AppPolicy,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.app_secret(id).await?.is_some() || self.deleted_apps().await?.contains(id) {
            return Ok(false);
        }
        let app = StoredApp {
            id: id.clone(),
            secret,
            created_at: now,
            policy,
        };
        self.write(vec![Op::SaveApp(app)]).await?;
        Ok(true)
    }

    /// Has an app deleted, with everything stored about it; `false` if there is none of this id. A running gateway does it
    /// when it [reloads](crate::service::Service::reload), another when it starts.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn mark_app_deleted(&self, id: &AppId, now: Timestamp) -> Result<bool, StoreError> {
        if self.app_secret(id).await?.is_none() {
            return Ok(false);
        }
        let mark = Op::MarkAppDeleted {
            app: id.clone(),
            at: now,
        };
        self.write(vec![mark]).await?;
        Ok(true)
    }
}
