//! One app in memory, and the register of all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use hmac::{Hmac, KeyInit, Mac};
use lianmai_rooms::{AppId, Secret, Timestamp};
use parking_lot::Mutex;
use sha2::Sha256;

use crate::service::{AppLimits, AppPolicy, AppView, ServiceError};
use crate::store::StoredApp;

/// An app as the service uses it. A changed policy makes a new one.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) secret: Secret,
    pub(crate) created_at: Timestamp,
    pub(crate) policy: AppPolicy,
    pub(crate) limits: AppLimits,
}

impl App {
    pub(crate) fn new(stored: StoredApp, default_limits: &AppLimits) -> Self {
        let limits = stored
            .policy
            .limits
            .clone()
            .unwrap_or_else(|| default_limits.clone());
        Self {
            id: stored.id,
            secret: stored.secret,
            created_at: stored.created_at,
            policy: stored.policy,
            limits,
        }
    }

    pub(crate) fn stored(&self) -> StoredApp {
        StoredApp {
            id: self.id.clone(),
            secret: self.secret.clone(),
            created_at: self.created_at,
            policy: self.policy.clone(),
        }
    }

    pub(crate) fn view(&self) -> AppView {
        AppView {
            id: self.id.clone(),
            created_at: self.created_at,
            policy: self.policy.clone(),
        }
    }

    /// The key under which hooks to this app are signed.
    pub(crate) fn webhook_secret(&self) -> String {
        webhook_secret(&self.secret)
    }
}

/// The key under which hooks are signed, as text: derived from the app's secret, so that whoever receives hooks learns
/// nothing of that one.
#[must_use]
pub fn webhook_secret(secret: &Secret) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(b"lianmai/webhook/1");
    let key = mac.finalize().into_bytes();
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All apps. Reading takes no lock.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    all: ArcSwap<BTreeMap<AppId, Arc<App>>>,
    changing: Mutex<()>,
    /// Deleted, but their recordings are not gone yet: nobody may take the id.
    leaving: Mutex<BTreeSet<AppId>>,
}

impl Apps {
    pub(crate) fn get(&self, id: &AppId) -> Option<Arc<App>> {
        self.all.load().get(id).cloned()
    }

    pub(crate) fn require(&self, id: &AppId) -> Result<Arc<App>, ServiceError> {
        self.get(id).ok_or_else(ServiceError::unknown_app)
    }

    pub(crate) fn list(&self) -> Vec<Arc<App>> {
        self.all.load().values().cloned().collect()
    }

    pub(crate) fn insert(&self, app: Arc<App>) {
        self.change(|all| {
            all.insert(app.id.clone(), app);
        });
    }

    pub(crate) fn remove(&self, id: &AppId) {
        self.change(|all| {
            all.remove(id);
        });
    }

    /// Takes an app out that was deleted.
    pub(crate) fn leave(&self, id: &AppId) {
        self.leaving.lock().insert(id.clone());
        self.remove(id);
    }

    pub(crate) fn is_leaving(&self, id: &AppId) -> bool {
        self.leaving.lock().contains(id)
    }

    /// All that are leaving.
    pub(crate) fn leaving(&self) -> Vec<AppId> {
        self.leaving.lock().iter().cloned().collect()
    }

    /// Nothing is left of it.
    pub(crate) fn left(&self, id: &AppId) {
        self.leaving.lock().remove(id);
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<AppId, Arc<App>>)) {
        let _one_at_a_time = self.changing.lock();
        let mut all = BTreeMap::clone(&self.all.load());
        change(&mut all);
        self.all.store(Arc::new(all));
    }
}
