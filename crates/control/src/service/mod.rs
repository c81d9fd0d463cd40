//! What the gateway's control plane can do, apart from how it is asked: used by REST, WebSocket and vendor protocols alike.
//!
//! [`Service`] turns requests into room commands, and their events into rows, journal entries, webhooks and hub
//! actions. Rules of rooms are in `lianmai-rooms`; nothing here knows HTTP. A change is answered only when it is
//! durable, and the events of a room are told in the order in which they happened.

mod accounts;
mod answer;
mod app;
mod apps;
mod call_records;
mod clock;
mod config;
mod core;
mod deadlines;
mod effects;
mod error;
mod housekeeping;
mod join;
mod media;
mod password;
mod policy;
mod push;
pub(crate) mod random;
mod reload;
mod request;
mod restore;
mod room;
mod rows;
mod session;
mod sessions;
mod silence;
mod state;
mod stream;
mod urls;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use lianmai_hub::Hub;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::bypass::Bypass;
use crate::recordings::{OpenRecordingsError, Recordings};
use crate::store::{Store, StoreError};
use crate::webhook::Webhooks;
use crate::workers::Workers;

pub(crate) use self::core::Core;
pub use answer::{
    AppCreated, AppView, IssuedTicket, Joined, Outcome, Published, PullUrls, PushUrl, Reissued, RoomState,
    SessionInfo, StreamStatus, WebhookStatus,
};
pub use app::webhook_secret;
pub(crate) use app::{App, Apps};
pub use clock::Clock;
pub use config::ServiceConfig;
pub(crate) use effects::Told;
pub use error::{ErrorKind, ServiceError};
pub use password::Password;
pub use policy::{AppLimits, AppPolicy, MAX_HOOK_URL, MAX_WEBHOOKS};
pub use push::PushInfo;
pub use request::{CallRecordFilter, CreateRoom, JoinCredential, JoinRequest, PublishRequest, TicketRequest};
pub(crate) use room::open_room;
pub(crate) use state::{State, Tx};

/// The control plane. Dropping it stops its tasks; [`Service::shut_down`] also waits for them.
pub struct Service {
    pub(crate) core: Arc<Core>,
    access: Arc<Access>,
    workers: Arc<Workers>,
    recordings: Option<Arc<Recordings>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Service {
    /// Restores what is stored and begins to work. All sessions count as gone and all media as stopped: members have
    /// their grace to come back. Takes the hub's events; let nobody publish before this returns.
    ///
    /// # Errors
    /// The store cannot be read, or the HTTP client for hooks cannot be made.
    pub async fn open(config: ServiceConfig, store: Store, hub: Hub) -> Result<Arc<Self>, OpenError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let apps = restore::apps(&config, &store).await?;
        let webhooks = Webhooks::new(&config, store.clone(), apps.clone(), tasks.clone(), stop.clone())
            .map_err(|error| OpenError::Client(error.to_string()))?;
        let bypass = Bypass::new(
            config.bypass.clone(),
            config.clock.clone(),
            hub.clone(),
            tasks.clone(),
            stop.clone(),
        );
        let core = Arc::new(restore::core(config, store, hub, apps, webhooks, bypass).await?);
        let media = media::Media::new(core.clone());
        restore::connections_lost(&core).await?;
        core.webhooks.resume().await?;
        tasks.spawn(
            stop.clone()
                .run_until_cancelled_owned(deadlines::run(core.clone())),
        );
        tasks.spawn(stop.clone().run_until_cancelled_owned(media.run()));
        tasks.spawn(
            stop.clone()
                .run_until_cancelled_owned(housekeeping::run(core.clone())),
        );
        let bypass = core.bypass.clone();
        tasks.spawn(
            stop.clone()
                .run_until_cancelled_owned(bypass.follow(core.clone())),
        );
        let (workers, dispatcher) = Workers::new(
            core.config.workers.clone(),
            core.hub.clone(),
            core.config.clock.clone(),
            &core.mixing.plans,
        );
        tasks.spawn(stop.clone().run_until_cancelled_owned(dispatcher.run()));
        tasks.spawn(
            stop.clone()
                .run_until_cancelled_owned(crate::mixing::conduct(core.clone(), workers.clone())),
        );
        tasks.spawn(
            stop.clone()
                .run_until_cancelled_owned(crate::signals::watch(core.clone())),
        );
        let recordings = Recordings::open(core.clone(), tasks.clone(), stop.clone()).await?;
        let access = Arc::new(Access::new(core.clone(), workers.clone()));
        Ok(Arc::new(Self {
            core,
            access,
            workers,
            recordings,
            tasks,
            stop,
        }))
    }

    /// The one authoriser for all protocols.
    #[must_use]
    pub fn access(&self) -> Arc<Access> {
        self.access.clone()
    }

    /// The workers and what they make.
    #[must_use]
    pub fn workers(&self) -> &Arc<Workers> {
        &self.workers
    }

    /// Recordings.
    ///
    /// # Errors
    /// `recording_disabled` when the gateway has no place for them.
    pub fn recordings(&self) -> Result<&Arc<Recordings>, ServiceError> {
        self.recordings.as_ref().ok_or_else(|| {
            let text = "this gateway does not record";
            ServiceError::new(ErrorKind::Unavailable, "recording_disabled", text)
        })
    }

    /// The clock everything here goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.core.config.clock
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ServiceConfig {
        &self.core.config
    }

    /// Whether changes can be stored.
    pub async fn is_ready(&self) -> bool {
        self.core.store.is_ready().await
    }

    /// Stops the tasks, writes what waits, and closes the store. Rooms stay as they are, for the next start.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.core.store.close().await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What is stored cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Recordings cannot be kept.
    #[error(transparent)]
    Recordings(#[from] OpenRecordingsError),
    /// The HTTP client for hooks cannot be made.
    #[error("HTTP client: {0}")]
    Client(String),
}
