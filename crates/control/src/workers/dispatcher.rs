//! The loop that brings what runs into line with what is wanted.
//!
//! Every round looks at everything: the wanted renditions, the workers, the clock. What wakes it is only a hint.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::job::GatewayMessage;
use lianmai_hub::{Hub, StreamKey};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::link::FromLink;
use super::plan::{Action, Planner, WorkerId};
use super::registry::Workers;
use super::status::Snapshot;
use super::{figures, job, urls};
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
    began: Instant,
}

impl Dispatcher {
    pub(super) fn new(workers: Arc<Workers>, hub: Hub, clock: Clock, said: mpsc::Receiver<FromLink>) -> Self {
        Self {
            planner: Planner::new(workers.config().timing),
            workers,
            hub,
            clock,
            said,
            links: HashMap::new(),
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
        let wants = wanted
            .into_iter()
            .filter_map(|key| job::want(config, &self.hub, key));
        self.planner.want(wants.collect(), self.began.elapsed());
        // Telling a worker may show that it is gone; then its jobs go elsewhere at once.
        while !self.act() {}
        let snapshot = Snapshot::of(&self.planner);
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
            let link = self.links.get(&worker);
            let told = link.is_some_and(|outbox| outbox.try_send(message).is_ok());
            if !told && self.links.remove(&worker).is_some() {
                self.planner.leave(worker, self.began.elapsed());
                all_told = false;
            }
        }
        all_told
    }

    fn message(&self, action: Action) -> (WorkerId, GatewayMessage) {
        match action {
            Action::Start {
                worker,
                job,
                key,
                kind,
            } => {
                let base = &self.workers.config().rtmp_base;
                let signer = self.workers.signer();
                let job = urls::job(base, signer, job, kind, &key, self.clock.now());
                (worker, GatewayMessage::Start { job })
            }
            Action::Stop { worker, job } => (worker, GatewayMessage::Stop { id: job }),
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
