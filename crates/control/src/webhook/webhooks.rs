//! The outboxes of all targets: one task per target that has something to deliver, none for the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use lianmai_rooms::AppId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Egress, WebhookConfig, outbox};
use crate::service::{Apps, Clock, ServiceConfig};
use crate::store::{Store, StoreError};

type Key = (AppId, String);

/// What every outbox needs, and which are running.
pub(crate) struct Webhooks {
    pub(super) config: WebhookConfig,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) apps: Arc<Apps>,
    pub(crate) egress: Egress,
    running: Mutex<HashMap<Key, Arc<Wake>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    own: Weak<Webhooks>,
}

/// How a running outbox hears of more to do.
#[derive(Debug, Default)]
pub(super) struct Wake {
    notify: Notify,
    count: AtomicU64,
}

impl Wake {
    /// How often there was something new so far.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    pub(super) async fn more(&self) {
        self.notify.notified().await;
    }
}

impl Webhooks {
    pub(crate) fn new(
        config: &ServiceConfig,
        store: Store,
        apps: Arc<Apps>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Result<Arc<Self>, reqwest::Error> {
        let egress = Egress::new(config.allow_private_targets)?;
        Ok(Arc::new_cyclic(|own| Self {
            config: config.webhook.clone(),
            clock: config.clock.clone(),
            store,
            apps,
            egress,
            running: Mutex::default(),
            tasks,
            stop,
            own: own.clone(),
        }))
    }

    /// Goes on with what waited when the gateway stopped.
    pub(crate) async fn resume(&self) -> Result<(), StoreError> {
        for (app, target) in self.store.waiting_targets().await? {
            if let Ok(app) = AppId::parse(&app) {
                self.wake(&app, &target);
            }
        }
        Ok(())
    }

    /// There is something to deliver.
    pub(crate) fn wake(&self, app: &AppId, target: &str) {
        let key = (app.clone(), target.to_owned());
        let mut running = self.running.lock();
        if let Some(wake) = running.get(&key) {
            wake.count.fetch_add(1, Ordering::SeqCst);
            wake.notify.notify_one();
            return;
        }
        let Some(own) = self.own.upgrade() else { return };
        if self.stop.is_cancelled() {
            return;
        }
        let wake = Arc::new(Wake::default());
        running.insert(key.clone(), wake.clone());
        let outbox = outbox::run(own, key.0, key.1, wake);
        self.tasks
            .spawn(self.stop.clone().run_until_cancelled_owned(outbox));
    }

    /// An outbox that found nothing ends, unless it was woken since `count`.
    pub(super) fn rest(&self, app: &AppId, target: &str, wake: &Wake, count: u64) -> bool {
        let mut running = self.running.lock();
        if wake.count() != count {
            return false;
        }
        running.remove(&(app.clone(), target.to_owned()));
        true
    }
}
