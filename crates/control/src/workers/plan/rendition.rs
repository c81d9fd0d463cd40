//! One wanted rendition (or mix): whether it runs, and if not, why and until when.

use std::time::Duration;

use lianmai_hub::job::JobId;

use super::super::config::JobTiming;
use super::fleet::WorkerId;
use super::note::Cause;
use super::work::Work;

/// What is needed and what there is at most, in cores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Shortage {
    pub(in super::super) need: f64,
    pub(in super::super) free: f64,
}

/// Where a rendition stands.
///
/// ```text
/// Waiting ── room on a worker ──► Starting ── Started ──► Running
///    ▲                               │                       │
///    └──── refused, failed, lost, too slow (with back-off) ──┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Condition {
    Waiting {
        /// Earliest time of the next attempt.
        not_before: Duration,
        /// No worker has room.
        shortage: Option<Shortage>,
    },
    Starting {
        worker: WorkerId,
        job: JobId,
        since: Duration,
    },
    Running {
        worker: WorkerId,
        job: JobId,
        since: Duration,
    },
}

#[derive(Debug)]
pub(super) struct Rendition {
    pub(super) work: Work,
    /// The revision that its job was told.
    pub(super) told: u64,
    /// The guess for its job.
    pub(super) guess: f64,
    /// What a worker said it needs.
    pub(super) told_need: Option<f64>,
    pub(super) condition: Condition,
    /// Failures in a row.
    pub(super) failures: u32,
    /// The last failure.
    pub(super) last: Option<Cause>,
    /// Where it failed last: elsewhere first.
    pub(super) avoid: Option<WorkerId>,
    /// Order of arrival.
    pub(super) order: u64,
}

impl Rendition {
    pub(super) fn new(work: Work, guess: f64, order: u64) -> Self {
        Self {
            work,
            told: 0,
            guess,
            told_need: None,
            condition: Condition::Waiting {
                not_before: Duration::ZERO,
                shortage: None,
            },
            failures: 0,
            last: None,
            avoid: None,
            order,
        }
    }

    /// Sound before pictures, then first come, first served.
    pub(super) fn rank(&self) -> (bool, u64) {
        (self.work.has_picture(), self.order)
    }

    /// The worker and the job that has not been told to stop.
    pub(super) fn job(&self) -> Option<(WorkerId, JobId)> {
        match self.condition {
            Condition::Waiting { .. } => None,
            Condition::Starting { worker, job, .. } | Condition::Running { worker, job, .. } => {
                Some((worker, job))
            }
        }
    }

    /// The worker and the job that run and were told of another revision.
    pub(super) fn outdated(&self) -> Option<(WorkerId, JobId)> {
        match self.condition {
            // Who is starting is told when it runs.
            Condition::Running { worker, job, .. } if self.told != self.work.revision() => {
                Some((worker, job))
            }
            _ => None,
        }
    }

    /// Whether it waits and may be tried at `now`.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        matches!(self.condition, Condition::Waiting { not_before, .. } if not_before <= now)
    }

    /// Its job is no more. The first time it is tried again at once, then with growing waits.
    pub(super) fn fail(&mut self, worker: WorkerId, cause: Cause, timing: &JobTiming, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        let wait = match self.failures.checked_sub(2) {
            None => Duration::ZERO,
            Some(doublings) => {
                let factor = 2_u32.saturating_pow(doublings.min(16));
                timing.retry_min.saturating_mul(factor).min(timing.retry_max)
            }
        };
        if let Cause::Refused(shortage) = &cause {
            self.told_need = Some(shortage.need);
        }
        self.last = Some(cause);
        self.avoid = Some(worker);
        self.condition = Condition::Waiting {
            not_before: now.saturating_add(wait),
            shortage: None,
        };
    }

    /// When something is to be done about it, if nothing happens before.
    pub(super) fn deadline(&self, timing: &JobTiming, now: Duration) -> Option<Duration> {
        match self.condition {
            // Who is due and did not get a place waits for news, not for time.
            Condition::Waiting { not_before, .. } => Some(not_before).filter(|at| *at > now),
            Condition::Starting { since, .. } => Some(since.saturating_add(timing.start_timeout)),
            Condition::Running { since, .. } => {
                (self.failures > 0).then(|| since.saturating_add(timing.stable_after))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lianmai_hub::job::JobKind;

    use super::*;

    #[test]
    fn the_first_retry_is_at_once_and_later_ones_wait_longer_and_longer() {
        let timing = JobTiming::default();
        let mut rendition = Rendition::new(Work::Rendition(JobKind::AudioToAac { bitrate: 1 }), 0.1, 0);
        let now = Duration::from_secs(100);
        let mut waits = Vec::new();
        for _ in 0..40 {
            rendition.fail(WorkerId(1), Cause::WorkerLost, &timing, now);
            let Condition::Waiting { not_before, .. } = rendition.condition else {
                panic!("it waits");
            };
            waits.push((not_before - now).as_millis());
        }
        assert_eq!(waits[..9], [0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(waits.last(), Some(&5_000));
    }
}
