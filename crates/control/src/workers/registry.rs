//! What the rest of the gateway knows of workers.

use std::sync::Arc;

use arc_swap::ArcSwap;
use lianmai_hub::{Hub, StreamKey};
use tokio::sync::{Semaphore, mpsc};

use super::dispatcher::Dispatcher;
use super::link::{FromLink, INBOX};
use super::status::{RenditionStatus, Snapshot, WorkerStatus};
use super::{InternalKey, WorkerSecret, WorkersConfig};
use crate::service::Clock;

/// The workers of a gateway and what they make.
pub struct Workers {
    config: WorkersConfig,
    secret: WorkerSecret,
    signer: InternalKey,
    snapshot: ArcSwap<Snapshot>,
    inbox: mpsc::Sender<FromLink>,
    places: Arc<Semaphore>,
}

impl Workers {
    /// The workers' side and the dispatcher, which somebody has to run.
    pub(crate) fn new(config: WorkersConfig, hub: Hub, clock: Clock) -> (Arc<Self>, Dispatcher) {
        let (inbox, said) = mpsc::channel(INBOX);
        let workers = Arc::new(Self {
            secret: config.secret.clone().unwrap_or_else(WorkerSecret::generate),
            signer: InternalKey::random(),
            snapshot: ArcSwap::default(),
            places: Arc::new(Semaphore::new(config.max_workers.min(Semaphore::MAX_PERMITS))),
            inbox,
            config,
        });
        let dispatcher = Dispatcher::new(workers.clone(), hub, clock, said);
        (workers, dispatcher)
    }

    /// What workers prove themselves with. For the worker that the gateway itself starts.
    #[must_use]
    pub fn secret(&self) -> &WorkerSecret {
        &self.secret
    }

    /// The workers that are connected.
    #[must_use]
    pub fn list(&self) -> Vec<WorkerStatus> {
        self.snapshot.load().workers.clone()
    }

    /// The renditions of a stream that are wanted now. `stream` is its plain key.
    #[must_use]
    pub fn renditions(&self, stream: &StreamKey) -> Vec<RenditionStatus> {
        let snapshot = self.snapshot.load();
        snapshot.renditions.get(stream).cloned().unwrap_or_default()
    }

    /// How many of the readers of a stream are workers. `stream` is its plain key.
    pub(crate) fn readers(&self, stream: &StreamKey) -> usize {
        let snapshot = self.snapshot.load();
        let renditions = snapshot.renditions.get(stream);
        renditions.map_or(0, |all| {
            all.iter().filter(|rendition| rendition.plays_plain()).count()
        })
    }

    /// Checks tokens of internal URLs.
    pub(crate) fn signer(&self) -> &InternalKey {
        &self.signer
    }

    pub(super) fn config(&self) -> &WorkersConfig {
        &self.config
    }

    pub(super) fn inbox(&self) -> &mpsc::Sender<FromLink> {
        &self.inbox
    }

    pub(super) fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    pub(super) fn show(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
