//! Apps: creating, listing, policy, removal. Secrets are made by the gateway and shown once (R-K1, R-K3).

use std::sync::Arc;

use lianmai_rooms::{Actor, AppId, Command, RoomId, Secret};

use super::{App, AppCreated, AppPolicy, AppView, ErrorKind, Service, ServiceError, WebhookStatus, random};
use crate::store::{Op, StoredApp};

impl Service {
    /// Makes an app with a random secret. `id` `None`: generated.
    ///
    /// # Errors
    /// `app_exists`, `app_being_deleted`, `too_many_apps`, `invalid_argument` for the policy, `store_unavailable`.
    pub async fn create_app(&self, id: Option<AppId>, policy: AppPolicy) -> Result<AppCreated, ServiceError> {
        policy.check()?;
        let id = match id {
            Some(id) => id,
            None => AppId::parse(&random::id::<12>("app")).map_err(|_| ServiceError::invalid("id"))?,
        };
        let (text, secret) = new_secret();
        let app = Arc::new(App::new(
            StoredApp {
                id: id.clone(),
                secret,
                created_at: self.core.config.clock.now(),
                policy,
            },
            &self.core.live.load().default_limits,
        ));
        let added = app.clone();
        let stored = self
            .core
            .change(|_, tx| {
                // Checked and added under the lock of the state: two requests cannot both find the id free.
                if self.core.apps.get(&id).is_some() {
                    return Err(ServiceError::new(
                        ErrorKind::Conflict,
                        "app_exists",
                        "an app with this id exists",
                    ));
                }
                if self.core.apps.is_leaving(&id) {
                    return Err(ServiceError::new(
                        ErrorKind::Conflict,
                        "app_being_deleted",
                        "recordings of a deleted app of this id are not gone yet",
                    ));
                }
                if self.core.apps.list().len() >= self.core.config.max_apps {
                    return Err(ServiceError::limit(
                        "too_many_apps",
                        "the gateway has too many apps",
                    ));
                }
                tx.ops.push(Op::SaveApp(added.stored()));
                self.core.apps.insert(added);
                Ok(())
            })
            .await;
        if let Err(error) = stored {
            // If it is there but not stored, nobody would ever learn its secret.
            if self
                .core
                .apps
                .get(&app.id)
                .is_some_and(|there| Arc::ptr_eq(&there, &app))
            {
                self.core.apps.remove(&app.id);
            }
            return Err(error);
        }
        tracing::info!(app = %app.id, "app created");
        Ok(AppCreated {
            app: app.view(),
            secret: text,
            webhook_secret: app.webhook_secret(),
        })
    }

    /// Makes the app if there is none of this id; `None` if there is, or if a deleted one is not gone yet. For development
    /// configurations.
    ///
    /// # Errors
    /// As [`Service::create_app`], but `app_exists` and `app_being_deleted`.
    pub async fn ensure_app(&self, id: AppId, policy: AppPolicy) -> Result<Option<AppCreated>, ServiceError> {
        match self.create_app(Some(id), policy).await {
            Ok(created) => Ok(Some(created)),
            Err(error) if error.code == "app_exists" => Ok(None),
            Err(error) if error.code == "app_being_deleted" => {
                tracing::warn!(
                    "an app that is to be there is still being deleted: it is made at the next start"
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// All apps in order of their ids.
    #[must_use]
    pub fn apps(&self) -> Vec<AppView> {
        self.core.apps.list().iter().map(|app| app.view()).collect()
    }

    /// One app.
    ///
    /// # Errors
    /// `unknown_app`.
    pub fn app(&self, id: &AppId) -> Result<AppView, ServiceError> {
        Ok(self.core.apps.require(id)?.view())
    }

    /// The secret of an app, to check what was signed with it. Never to be shown.
    #[must_use]
    pub fn app_secret(&self, id: &AppId) -> Option<Secret> {
        Some(self.core.apps.get(id)?.secret.clone())
    }

    /// Replaces the policy of an app. What waits for webhooks that are no longer in it is forgotten.
    ///
    /// # Errors
    /// `unknown_app`, `invalid_argument`, `store_unavailable`.
    pub async fn update_app_policy(&self, id: &AppId, policy: AppPolicy) -> Result<AppView, ServiceError> {
        policy.check()?;
        let change = |_: &mut super::state::State, tx: &mut super::state::Tx| {
            let old = self.core.apps.require(id)?;
            let gone = old
                .policy
                .webhooks
                .iter()
                .filter(|url| !policy.webhooks.contains(url));
            tx.ops.extend(gone.map(|url| Op::ForgetTarget {
                app: id.clone(),
                target: url.clone(),
            }));
            let stored = StoredApp {
                policy,
                ..old.stored()
            };
            let new = Arc::new(App::new(stored, &self.core.live.load().default_limits));
            tx.ops.push(Op::SaveApp(new.stored()));
            self.core.apps.insert(new.clone());
            Ok(new.view())
        };
        let (view, _) = self.core.change(change).await?;
        Ok(view)
    }

    /// Ends all rooms of an app and forgets the app with everything stored about it, call records too. Its recordings go
    /// afterwards, with their files and objects; until then the id is not free. Nobody waits for the disk or the storage:
    /// what fails is tried again, also after a restart.
    ///
    /// # Errors
    /// `unknown_app`, `store_unavailable`.
    pub async fn delete_app(&self, id: &AppId) -> Result<(), ServiceError> {
        self.core
            .change(|state, tx| {
                self.core.apps.require(id)?;
                let rooms: Vec<RoomId> = state.rooms.of_app(id).map(|room| room.id().clone()).collect();
                for room in rooms {
                    // It was there a line ago, under the same lock, and the app may end any room.
                    let _ = state.apply(id, &room, Command::Destroy { by: Actor::App }, tx);
                }
                for session in state.sessions.of_app(id) {
                    state.sessions.remove(&session);
                }
                state.calls.remove_app(id);
                self.core.apps.leave(id);
                tx.ops.push(Op::DeleteApp {
                    app: id.clone(),
                    at: tx.now,
                });
                Ok(())
            })
            .await?;
        tracing::info!(app = %id, "app deleted");
        if !self.core.store.deleted_apps().await?.contains(id) {
            self.core.apps.left(id);
        } else if let Some(recordings) = &self.recordings {
            recordings.app_deleted();
        } else {
            tracing::warn!(app = %id, "recordings of a deleted app stay until recording is enabled");
        }
        Ok(())
    }

    /// How deliveries to the webhooks of an app stand.
    ///
    /// # Errors
    /// `unknown_app`, `store_unavailable`.
    pub async fn webhook_status(&self, id: &AppId) -> Result<Vec<WebhookStatus>, ServiceError> {
        let app = self.core.apps.require(id)?;
        let mut status = Vec::new();
        for url in &app.policy.webhooks {
            let (queued, dead) = self.core.store.webhook_counts(id, url).await?;
            status.push(WebhookStatus {
                url: url.clone(),
                queued,
                dead,
            });
        }
        Ok(status)
    }
}

/// 256 random bits, as text that needs no quoting anywhere.
pub(super) fn new_secret() -> (String, Secret) {
    loop {
        let text = random::id::<52>("");
        // Refused only if the text happens to hold the word of a sample.
        if let Ok(secret) = Secret::new(text.as_bytes()) {
            return (text, secret);
        }
    }
}
