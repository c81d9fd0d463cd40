//! Settings that change while the gateway runs.

use std::sync::Arc;

use super::{App, AppLimits, Service, ServiceConfig, ServiceError};

/// The settings that can change, as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) rtmp_host: String,
    pub(crate) rtmp_port: u16,
    pub(crate) rtmps_port: Option<u16>,
    pub(crate) http_base: String,
    pub(crate) push_url_ttl: std::time::Duration,
    pub(crate) pull_url_ttl: std::time::Duration,
    pub(crate) default_limits: AppLimits,
}

impl Live {
    pub(crate) fn of(config: &ServiceConfig) -> Live {
        Live {
            rtmp_host: config.rtmp_host.clone(),
            rtmp_port: config.rtmp_port,
            rtmps_port: config.rtmps_port,
            http_base: config.http_base.clone(),
            push_url_ttl: config.push_url_ttl,
            pull_url_ttl: config.pull_url_ttl,
            default_limits: config.default_limits.clone(),
        }
    }
}

impl Service {
    /// Takes over what of `config` can change while running (public addresses, validity of URLs, default limits)
    /// and the apps that were added to the database from outside, or marked there as deleted. Nobody else is cut off.
    ///
    /// # Errors
    /// `store_unavailable`: the apps cannot be read or deleted; the rest is taken over.
    pub async fn reload(&self, config: &ServiceConfig) -> Result<(), ServiceError> {
        let live = Live::of(config);
        let limits = live.default_limits.clone();
        self.core.live.store(Arc::new(live));
        for app in self.core.store.deleted_apps().await? {
            if self.core.apps.get(&app).is_some() {
                self.delete_app(&app).await?;
            }
        }
        let stored = self.core.store.apps().await?;
        // Under the lock of the state, so that a policy changed at this moment is not overwritten.
        let take_over = |_: &mut super::state::State, _: &mut super::state::Tx| {
            for app in self.core.apps.list() {
                self.core.apps.insert(Arc::new(App::new(app.stored(), &limits)));
            }
            for app in stored
                .into_iter()
                .filter(|app| self.core.apps.get(&app.id).is_none())
            {
                tracing::info!(app = %app.id, "app taken over");
                self.core.apps.insert(Arc::new(App::new(app, &limits)));
            }
            Ok(())
        };
        self.core.change(take_over).await?;
        Ok(())
    }

    /// A random secret for an app, as text to be shown once and as value.
    #[must_use]
    pub fn new_app_secret() -> (String, lianmai_rooms::Secret) {
        super::apps::new_secret()
    }
}
