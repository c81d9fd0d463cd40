//! The planner: facts in, actions and notes out.

use std::collections::BTreeMap;
use std::time::Duration;

use lianmai_hub::StreamKey;
use lianmai_hub::job::{JobId, JobReport, WorkerMessage};

use super::super::config::JobTiming;
use super::estimate::Factors;
use super::fleet::{Fleet, Load, WorkerId};
use super::note::{Cause, Note};
use super::rendition::{Condition, Rendition, Shortage};
use super::work::Work;

/// Longest reason of a failure that is kept, in characters.
const MAX_REASON: usize = 200;

/// A rendition that somebody wants, or a mix that a room has.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Want {
    pub(in super::super) key: StreamKey,
    pub(in super::super) work: Work,
    /// First guess of what its job takes, in cores.
    pub(in super::super) need: f64,
}

/// What to tell a worker.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Action {
    Start {
        worker: WorkerId,
        job: JobId,
        key: StreamKey,
        work: Work,
    },
    /// The work of a job that runs has another revision.
    Update {
        worker: WorkerId,
        job: JobId,
        key: StreamKey,
    },
    Stop {
        worker: WorkerId,
        job: JobId,
    },
}

/// Who makes what. Times are spans since an arbitrary start, and never go back.
#[derive(Debug)]
pub(in super::super) struct Planner {
    timing: JobTiming,
    fleet: Fleet,
    renditions: BTreeMap<StreamKey, Rendition>,
    factors: Factors,
    jobs_made: u64,
    orders: u64,
    actions: Vec<Action>,
    notes: Vec<Note>,
}

impl Planner {
    pub(in super::super) fn new(timing: JobTiming) -> Self {
        Self {
            timing,
            fleet: Fleet::default(),
            renditions: BTreeMap::new(),
            factors: Factors::default(),
            jobs_made: 0,
            orders: 0,
            actions: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What is wanted now, all of it. What is not named is wanted no more.
    pub(in super::super) fn want(&mut self, wants: Vec<Want>, now: Duration) {
        let mut before = std::mem::take(&mut self.renditions);
        for want in wants {
            if self.renditions.contains_key(&want.key) {
                continue;
            }
            let known = before.get(&want.key);
            let kept = if known.is_some_and(|known| known.work.continues_as(&want.work)) {
                before.remove(&want.key)
            } else {
                None
            };
            let mut rendition = kept.unwrap_or_else(|| {
                self.orders += 1;
                Rendition::new(want.work.clone(), want.need, self.orders)
            });
            if rendition.work != want.work {
                // What a worker said of it was said of something else.
                rendition.told_need = None;
            }
            rendition.work = want.work;
            rendition.guess = want.need;
            self.renditions.insert(want.key, rendition);
        }
        for (worker, job) in before.values().filter_map(Rendition::job) {
            self.stop(worker, job, now);
        }
    }

    /// A worker that can do `capacity` cores' worth.
    pub(in super::super) fn join(&mut self, name: String, capacity: f64) -> WorkerId {
        self.fleet.join(name, capacity)
    }

    /// A worker's connection has ended, and its jobs with it.
    pub(in super::super) fn leave(&mut self, worker: WorkerId, now: Duration) {
        for (job, key) in self.fleet.leave(worker) {
            self.fail(&key, worker, job, Cause::WorkerLost, now);
        }
    }

    /// A worker says something.
    pub(in super::super) fn hear(&mut self, worker: WorkerId, message: WorkerMessage, now: Duration) {
        match message {
            WorkerMessage::Hello { .. } => self.notes.push(Note::Odd { worker }),
            WorkerMessage::Started { id } => self.started(worker, id, now),
            WorkerMessage::Refused { id, need, free } => {
                let need = if need.is_finite() {
                    need.clamp(0.0, 64.0)
                } else {
                    64.0
                };
                self.fleet.limit_free(worker, free);
                let free = if free.is_finite() { free.max(0.0) } else { 0.0 };
                self.ended(worker, id, Cause::Refused(Shortage { need, free }), now);
            }
            WorkerMessage::Failed { id, reason } => {
                let reason: String = reason
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(MAX_REASON)
                    .collect();
                self.ended(worker, id, Cause::Failed(reason), now);
            }
            WorkerMessage::Stopped { id } => {
                let unasked = Cause::Failed("the worker stopped the job unasked".to_owned());
                self.ended(worker, id, unasked, now);
            }
            WorkerMessage::Report { free, jobs } => self.report(worker, free, &jobs, now),
        }
    }

    /// Looks what is to be done at `now`. Notes are in [`Planner::take_notes`].
    pub(in super::super) fn poll(&mut self, now: Duration) -> Vec<Action> {
        self.expire(now);
        self.update();
        self.hand_out(now);
        std::mem::take(&mut self.actions)
    }

    /// What happened since the last call.
    pub(in super::super) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// When to look again, if nothing happens before.
    pub(in super::super) fn deadline(&self, now: Duration) -> Option<Duration> {
        let renditions = self.renditions.values();
        let renditions = renditions.filter_map(|rendition| rendition.deadline(&self.timing, now));
        renditions.chain(self.fleet.deadline()).min()
    }

    /// The wanted renditions, where they stand, and what went wrong last.
    pub(in super::super) fn renditions(
        &self,
    ) -> impl Iterator<Item = (&StreamKey, &Work, Condition, Option<&Cause>)> {
        let failure = |rendition: &Rendition| rendition.failures > 0;
        self.renditions.iter().map(move |(key, rendition)| {
            let last = rendition.last.as_ref().filter(|_| failure(rendition));
            (key, &rendition.work, rendition.condition, last)
        })
    }

    /// The jobs that were not told to stop.
    pub(in super::super) fn jobs(&self) -> impl Iterator<Item = JobId> {
        let jobs = self.renditions.values().filter_map(Rendition::job);
        jobs.map(|(_, job)| job)
    }

    pub(in super::super) fn loads(&self) -> Vec<(WorkerId, Load)> {
        self.fleet.loads()
    }

    pub(in super::super) fn stopping_jobs(&self) -> usize {
        self.fleet.stopping_jobs()
    }

    fn started(&mut self, worker: WorkerId, job: JobId, now: Duration) {
        let Some(key) = self.fleet.live(worker, job).map(|job| job.key.clone()) else {
            return;
        };
        let Some(rendition) = self.renditions.get_mut(&key) else {
            return;
        };
        if let Condition::Starting { .. } = rendition.condition {
            rendition.condition = Condition::Running {
                worker,
                job,
                since: now,
            };
            let work = rendition.work.clone();
            self.notes.push(Note::Running { job, key, work });
        } else {
            self.notes.push(Note::Odd { worker });
        }
    }

    fn ended(&mut self, worker: WorkerId, job: JobId, cause: Cause, now: Duration) {
        match self.fleet.ended(worker, job) {
            Ok(Some(key)) => self.fail(&key, worker, job, cause, now),
            // As told.
            Ok(None) => {}
            // It may have been given up already.
            Err(()) => self.notes.push(Note::Odd { worker }),
        }
    }

    fn report(&mut self, worker: WorkerId, free: f64, jobs: &[JobReport], now: Duration) {
        let findings = self
            .fleet
            .report(worker, free, jobs, &mut self.factors, &self.timing, now);
        for job in findings.stalled {
            self.give_up(worker, job, Cause::Stalled, now);
        }
        for job in findings.forgotten {
            self.ended(worker, job, Cause::Forgotten, now);
        }
        for job in findings.strays {
            self.actions.push(Action::Stop { worker, job });
        }
    }

    /// Stops a job that runs, or seems to, and counts it as failed.
    fn give_up(&mut self, worker: WorkerId, job: JobId, cause: Cause, now: Duration) {
        let Some(key) = self.fleet.live(worker, job).map(|job| job.key.clone()) else {
            return;
        };
        self.stop(worker, job, now);
        self.fail(&key, worker, job, cause, now);
    }

    fn stop(&mut self, worker: WorkerId, job: JobId, now: Duration) {
        let until = now.saturating_add(self.timing.stop_timeout);
        self.fleet.stopping(worker, job, until);
        self.actions.push(Action::Stop { worker, job });
    }

    fn fail(&mut self, key: &StreamKey, worker: WorkerId, job: JobId, cause: Cause, now: Duration) {
        let Some(rendition) = self.renditions.get_mut(key) else {
            return;
        };
        if rendition.job() != Some((worker, job)) {
            return;
        }
        rendition.fail(worker, cause.clone(), &self.timing, now);
        self.notes.push(Note::Lost {
            job,
            worker,
            key: key.clone(),
            work: rendition.work.clone(),
            cause,
            failures: rendition.failures,
        });
    }

    fn expire(&mut self, now: Duration) {
        self.fleet.expire(now);
        let mut late = Vec::new();
        for rendition in self.renditions.values_mut() {
            match rendition.condition {
                Condition::Starting { worker, job, since }
                    if now.saturating_sub(since) >= self.timing.start_timeout =>
                {
                    late.push((worker, job));
                }
                Condition::Running { since, .. } if now.saturating_sub(since) >= self.timing.stable_after => {
                    rendition.failures = 0;
                    rendition.avoid = None;
                }
                _ => {}
            }
        }
        for (worker, job) in late {
            self.give_up(worker, job, Cause::NotStarted, now);
        }
    }

    /// Tells jobs that run what they are to compose now.
    fn update(&mut self) {
        for (key, rendition) in &mut self.renditions {
            let Some((worker, job)) = rendition.outdated() else {
                continue;
            };
            rendition.told = rendition.work.revision();
            let need = rendition.guess * self.factors.of(&rendition.work);
            self.fleet
                .reassign(worker, job, rendition.work.clone(), (rendition.guess, need));
            self.actions.push(Action::Update {
                worker,
                job,
                key: key.clone(),
            });
        }
    }

    fn hand_out(&mut self, now: Duration) {
        let mut due: Vec<(&StreamKey, &mut Rendition)> = self
            .renditions
            .iter_mut()
            .filter(|(_, rendition)| rendition.is_due(now))
            .collect();
        due.sort_by_key(|(_, rendition)| rendition.rank());
        for (key, rendition) in due {
            let Condition::Waiting { not_before, shortage } = rendition.condition else {
                continue;
            };
            let guess = rendition.guess * self.factors.of(&rendition.work);
            let need = rendition.told_need.unwrap_or(guess);
            let Some(worker) = self.fleet.pick(need, rendition.avoid) else {
                let free = self.fleet.most_free();
                let now_short = Shortage { need, free };
                rendition.condition = Condition::Waiting {
                    not_before,
                    shortage: Some(now_short),
                };
                if shortage.is_none() {
                    self.notes.push(Note::NoCapacity {
                        key: key.clone(),
                        work: rendition.work.clone(),
                        shortage: now_short,
                    });
                }
                continue;
            };
            if shortage.is_some() {
                self.notes.push(Note::CapacityFound { key: key.clone() });
            }
            self.jobs_made += 1;
            let (job, work) = (JobId(self.jobs_made), rendition.work.clone());
            rendition.told = work.revision();
            self.fleet
                .assign(worker, job, key.clone(), work.clone(), (rendition.guess, need));
            rendition.condition = Condition::Starting {
                worker,
                job,
                since: now,
            };
            self.notes.push(Note::Started {
                job,
                worker,
                key: key.clone(),
                work: work.clone(),
            });
            self.actions.push(Action::Start {
                worker,
                job,
                key: key.clone(),
                work,
            });
        }
    }
}
