//! The loop that brings what runs into line with what is wanted.
//!
//! Every round looks at everything: the wanted renditions, the mixes, the workers, the clock. What wakes it is only a
//! hint.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::job::{GatewayMessage, JobId};
use lianmai_hub::{Hub, StreamKey};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::link::FromLink;
use super::plan::{Action, Planner, Work, WorkerId};
use super::registry::Workers;
use super::status::Snapshot;
use super::urls::{Known, Urls};
use super::{figures, job};
use crate::mixing::Plans;
use crate::service::Clock;

/// Longest time between two rounds.
const ROUND: Duration = Duration::from_secs(1);
/// Messages taken in one round.
const BATCH: usize = 256;

/// Hands out jobs until it is dropped.
pub(crate) struct Dispatcher {
    workers: Arc<Workers>,
    hub: Hub,
    clock: Clock,
    said: mpsc::Receiver<FromLink>,
    planner: Planner,
    links: HashMap<WorkerId, mpsc::Sender<GatewayMessage>>,
    mixes: watch::Receiver<Plans>,
    /// The mixes of this round.
    plans: Plans,
    /// What jobs of mixes were told.
    known: HashMap<JobId, Known>,
    began: Instant,
}

impl Dispatcher {
    pub(super) fn new(
        workers: Arc<Workers>,
        hub: Hub,
        clock: Clock,
        said: mpsc::Receiver<FromLink>,
        mixes: watch::Receiver<Plans>,
    ) -> Self {
        Self {
            planner: Planner::new(workers.config().timing),
            workers,
            hub,
            clock,
            said,
            links: HashMap::new(),
            mixes,
            plans: Plans::default(),
            known: HashMap::new(),
            began: Instant::now(),
        }
    }

    /// Runs for ever.
    pub(crate) async fn run(mut self) {
        figures::announce();
        let mut watch = self.hub.renditions_changed();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let next = self.round(self.hub.wanted_renditions());
            tokio::select! {
                () = watch.changed() => {}
                // Without its sender the gateway is about to end.
                Ok(()) = self.mixes.changed() => {}
                // The sender lives in `workers`, so there is always another message to wait for.
                _ = self.said.recv_many(&mut batch, BATCH) => {}
                () = tokio::time::sleep(next) => {}
            }
            for said in batch.drain(..) {
                self.take(said);
            }
        }
    }

    /// Everything is looked at once; says after how long to look again.
    fn round(&mut self, wanted: Vec<StreamKey>) -> Duration {
        self.sweep();
        let config = self.workers.config();
        let renditions = wanted
            .into_iter()
            .filter_map(|key| job::want(config, &self.hub, key));
        self.plans = self.mixes.borrow_and_update().clone();
        let mixes = self.plans.iter();
        let mixes = mixes.map(|(key, plan)| job::want_mix(&self.hub, key, plan));
        let wants = renditions.chain(mixes).collect();
        self.planner.want(wants, self.began.elapsed());
        // Telling a worker may show that it is gone; then its jobs go elsewhere at once.
        while !self.act() {}
        let jobs: HashSet<JobId> = self.planner.jobs().collect();
        self.known.retain(|job, _| jobs.contains(job));
        let snapshot = Snapshot::of(&self.planner, &self.plans);
        figures::show(&snapshot, self.planner.stopping_jobs());
        self.workers.show(snapshot);
        let now = self.began.elapsed();
        let next = self.planner.deadline(now);
        next.map_or(ROUND, |at| at.saturating_sub(now).min(ROUND))
    }

    /// Carries out what the planner says; `false`: a worker could not be told and is gone.
    fn act(&mut self) -> bool {
        let actions = self.planner.poll(self.began.elapsed());
        for note in self.planner.take_notes() {
            figures::tell(&note);
        }
        let mut all_told = true;
        for action in actions {
            let (worker, message) = self.message(action);
            // A mix that is none any more is stopped in the next round.
            let Some(message) = message else { continue };
            let link = self.links.get(&worker);
            let told = link.is_some_and(|outbox| outbox.try_send(message).is_ok());
            if !told && self.links.remove(&worker).is_some() {
                self.planner.leave(worker, self.began.elapsed());
                all_told = false;
            }
        }
        all_told
    }

    fn message(&mut self, action: Action) -> (WorkerId, Option<GatewayMessage>) {
        let urls = Urls {
            base: &self.workers.config().rtmp_base,
            signer: self.workers.signer(),
            now: self.clock.now(),
        };
        match action {
            Action::Start {
                worker,
                job,
                key,
                work: Work::Rendition(kind),
            } => {
                let job = urls.job(job, kind, &key);
                (worker, Some(GatewayMessage::Start { job }))
            }
            Action::Start { worker, job, key, .. } => {
                let mix = self.plans.get(&key).map(|plan| {
                    let known = self.known.entry(job).or_default();
                    Box::new(urls.mix(job, &key, plan, known))
                });
                (worker, mix.map(|job| GatewayMessage::StartMix { job }))
            }
            Action::Update { worker, job, key } => {
                let mix = self.plans.get(&key).map(|plan| {
                    let known = self.known.entry(job).or_default();
                    Box::new(urls.mix(job, &key, plan, known))
                });
                (worker, mix.map(|job| GatewayMessage::UpdateMix { job }))
            }
            Action::Stop { worker, job } => (worker, Some(GatewayMessage::Stop { id: job })),
        }
    }

    fn take(&mut self, said: FromLink) {
        let now = self.began.elapsed();
        match said {
            FromLink::Joined {
                name,
                capacity,
                outbox,
                id,
            } => {
                let worker = self.planner.join(name, capacity);
                self.links.insert(worker, outbox);
                // Who is gone by now is found by the next sweep.
                let _ = id.send(worker);
            }
            FromLink::Said { worker, message } => {
                if self.links.contains_key(&worker) {
                    self.planner.hear(worker, message, now);
                }
            }
            FromLink::Left { worker } => {
                if self.links.remove(&worker).is_some() {
                    self.planner.leave(worker, now);
                }
            }
        }
    }

    /// Forgets workers whose connection ended without a word.
    fn sweep(&mut self) {
        let now = self.began.elapsed();
        let (links, planner) = (&mut self.links, &mut self.planner);
        links.retain(|worker, outbox| {
            let gone = outbox.is_closed();
            if gone {
                planner.leave(*worker, now);
            }
            !gone
        });
    }
}
