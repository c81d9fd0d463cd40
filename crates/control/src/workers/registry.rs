//! What the rest of the gateway knows of workers.

use std::sync::Arc;

use arc_swap::ArcSwap;
use lianmai_hub::{Hub, StreamKey};
use tokio::sync::{Semaphore, mpsc};

use super::dispatcher::Dispatcher;
use super::link::{FromLink, INBOX};
use super::status::{MixStatus, RenditionState, RenditionStatus, Snapshot, WorkerStatus};
use super::{InternalKey, WorkerSecret, WorkersConfig, job};
use crate::mixing::PlanBoard;
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
    pub(crate) fn new(
        config: WorkersConfig,
        hub: Hub,
        clock: Clock,
        mixes: &PlanBoard,
    ) -> (Arc<Self>, Dispatcher) {
        let (inbox, said) = mpsc::channel(INBOX);
        let workers = Arc::new(Self {
            secret: config.secret.clone().unwrap_or_else(WorkerSecret::generate),
            signer: InternalKey::random(),
            snapshot: ArcSwap::default(),
            places: Arc::new(Semaphore::new(config.max_workers.min(Semaphore::MAX_PERMITS))),
            inbox,
            config,
        });
        let dispatcher = Dispatcher::new(workers.clone(), hub, clock, said, mixes.watch());
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

    /// Whether a rendition is made already or could be now; else the cores it needs, and the most that are free on one
    /// worker.
    pub(crate) fn has_room(&self, hub: &Hub, rendition: &StreamKey) -> Result<(), (f64, f64)> {
        let snapshot = self.snapshot.load();
        let known = snapshot.renditions.get(&rendition.plain());
        let known = known.and_then(|all| all.iter().find(|one| Some(one.form) == rendition.form_of()));
        if let Some(status) = known {
            return match (status.state, status.need, status.free) {
                (RenditionState::NoCapacity, Some(need), Some(free)) => Err((need, free)),
                _ => Ok(()),
            };
        }
        let Some(want) = job::want(&self.config, hub, rendition.clone()) else {
            return Ok(());
        };
        let free = snapshot
            .workers
            .iter()
            .map(|worker| worker.free)
            .fold(0.0, f64::max);
        if want.need <= free {
            Ok(())
        } else {
            Err((want.need, free))
        }
    }

    /// Where a mix stands that a room has. `stream` is its key.
    #[must_use]
    pub fn mix(&self, stream: &StreamKey) -> Option<MixStatus> {
        self.snapshot.load().mixes.get(stream).cloned()
    }

    /// Whether a stream is a mix, or a sound beside one. `stream` is its plain key.
    pub(crate) fn makes(&self, stream: &StreamKey) -> bool {
        self.snapshot.load().made.contains(stream)
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
