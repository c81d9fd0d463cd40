//! The workers that are connected, what they have to do, and how much room they have.

use std::collections::BTreeMap;
use std::time::Duration;

use lianmai_hub::StreamKey;
use lianmai_hub::job::{JobId, JobReport};

use super::super::config::JobTiming;
use super::estimate::Factors;
use super::work::Work;

/// A worker's connection; a worker that comes back is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct WorkerId(pub(in super::super) u64);

/// Weight of a new measurement in a job's share.
const WEIGHT: f64 = 0.3;
/// Reports after which a job is part of what the worker measures as in use.
const SETTLED: u32 = 2;
/// Reports in a row that may leave a job out.
const MAX_MISSING: u32 = 3;
/// Input frames without output that make a stall; a source of few frames may take its time.
const STALL_FRAMES: u64 = 10;

/// A worker as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Load {
    pub(in super::super) name: String,
    pub(in super::super) capacity: f64,
    /// Cores that a new job may count on.
    pub(in super::super) free: f64,
    pub(in super::super) jobs: usize,
    /// Cores its jobs use, measured.
    pub(in super::super) cpu: f64,
    /// Bytes its jobs use, measured.
    pub(in super::super) memory: u64,
}

#[derive(Debug, Default)]
pub(super) struct Fleet {
    workers: BTreeMap<WorkerId, Worker>,
    joined: u64,
}

#[derive(Debug)]
struct Worker {
    name: String,
    capacity: f64,
    /// What it measured as free.
    measured_free: f64,
    jobs: BTreeMap<JobId, Assigned>,
}

/// A job at a worker.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) key: StreamKey,
    pub(super) work: Work,
    guess: f64,
    /// Its share: the guess at first, then measured.
    share: f64,
    cpu: f64,
    memory: u64,
    reports: u32,
    missing: u32,
    /// Told to stop, and until when that counts.
    stopping_until: Option<Duration>,
    progress: Option<Progress>,
}

/// When output last came, and how much input there was then.
#[derive(Debug, Clone, Copy)]
struct Progress {
    at: Duration,
    frames_in: u64,
    frames_out: u64,
}

/// What a report shows.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Findings {
    pub(super) stalled: Vec<JobId>,
    pub(super) forgotten: Vec<JobId>,
    /// Jobs the worker has and should not have.
    pub(super) strays: Vec<JobId>,
}

impl Fleet {
    pub(super) fn join(&mut self, name: String, capacity: f64) -> WorkerId {
        self.joined += 1;
        let id = WorkerId(self.joined);
        let worker = Worker {
            name,
            capacity,
            measured_free: capacity,
            jobs: BTreeMap::new(),
        };
        self.workers.insert(id, worker);
        id
    }

    /// The jobs it had that were not told to stop.
    pub(super) fn leave(&mut self, id: WorkerId) -> Vec<(JobId, StreamKey)> {
        let worker = self.workers.remove(&id);
        let jobs = worker.into_iter().flat_map(|worker| worker.jobs);
        jobs.filter(|(_, job)| job.stopping_until.is_none())
            .map(|(id, job)| (id, job.key))
            .collect()
    }

    /// The worker with the most room, if that is enough; `avoid` only if there is no other.
    pub(super) fn pick(&self, need: f64, avoid: Option<WorkerId>) -> Option<WorkerId> {
        let fitting = self.workers.iter().map(|(id, worker)| (*id, worker.free()));
        let best = fitting.filter(|(_, free)| *free >= need).max_by(|a, b| {
            let key = |(id, free): &(WorkerId, f64)| (Some(*id) != avoid, *free, std::cmp::Reverse(*id));
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
        });
        best.map(|(id, _)| id)
    }

    /// The most room on one worker.
    pub(super) fn most_free(&self) -> f64 {
        self.workers.values().map(Worker::free).fold(0.0, f64::max)
    }

    pub(super) fn assign(
        &mut self,
        worker: WorkerId,
        job: JobId,
        key: StreamKey,
        work: Work,
        (guess, need): (f64, f64),
    ) {
        let assigned = Assigned {
            key,
            work,
            guess,
            share: need,
            cpu: 0.0,
            memory: 0,
            reports: 0,
            missing: 0,
            stopping_until: None,
            progress: None,
        };
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.jobs.insert(job, assigned);
        }
    }

    /// The job was told to stop; its share stays taken until it says so, or until `until`.
    pub(super) fn stopping(&mut self, worker: WorkerId, job: JobId, until: Duration) {
        let worker = self.workers.get_mut(&worker);
        if let Some(job) = worker.and_then(|worker| worker.jobs.get_mut(&job)) {
            job.stopping_until = Some(until);
        }
    }

    /// The job has ended. Its key, unless it is unknown or was told to stop.
    pub(super) fn ended(&mut self, worker: WorkerId, job: JobId) -> Result<Option<StreamKey>, ()> {
        let worker = self.workers.get_mut(&worker).ok_or(())?;
        let job = worker.jobs.remove(&job).ok_or(())?;
        Ok(job.stopping_until.is_none().then_some(job.key))
    }

    /// The job, if the worker has it and was not told to stop it.
    pub(super) fn live(&self, worker: WorkerId, job: JobId) -> Option<&Assigned> {
        let job = self.workers.get(&worker)?.jobs.get(&job)?;
        job.stopping_until.is_none().then_some(job)
    }

    /// The job goes on with other work, which is guessed at `guess` and expected to take `need` cores.
    pub(super) fn reassign(&mut self, worker: WorkerId, job: JobId, work: Work, (guess, need): (f64, f64)) {
        let worker = self.workers.get_mut(&worker);
        if let Some(job) = worker.and_then(|worker| worker.jobs.get_mut(&job)) {
            // What was measured stays known; only what is new is guessed.
            let ratio = if job.guess > 0.0 { guess / job.guess } else { 1.0 };
            job.share = if job.reports < SETTLED {
                need
            } else {
                job.share * ratio.clamp(0.1, 10.0)
            };
            job.guess = guess;
            job.work = work;
        }
    }

    /// A worker says how much room it has.
    pub(super) fn limit_free(&mut self, worker: WorkerId, free: f64) {
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.measured_free = worker.measured_free.min(sane(free));
        }
    }

    pub(super) fn report(
        &mut self,
        worker: WorkerId,
        free: f64,
        reports: &[JobReport],
        factors: &mut Factors,
        timing: &JobTiming,
        now: Duration,
    ) -> Findings {
        let mut findings = Findings::default();
        let Some(worker) = self.workers.get_mut(&worker) else {
            return findings;
        };
        worker.measured_free = sane(free);
        let reported: BTreeMap<JobId, &JobReport> =
            reports.iter().map(|report| (report.id, report)).collect();
        for (id, job) in &mut worker.jobs {
            let Some(report) = reported.get(id) else {
                job.missing += 1;
                if job.missing >= MAX_MISSING && job.reports > 0 && job.stopping_until.is_none() {
                    findings.forgotten.push(*id);
                }
                continue;
            };
            if job.take(report, factors, timing, now) && job.stopping_until.is_none() {
                findings.stalled.push(*id);
            }
        }
        let strays = reported.keys().filter(|id| !worker.jobs.contains_key(id));
        findings.strays.extend(strays.copied());
        findings
    }

    /// Forgets jobs that did not stop in time.
    pub(super) fn expire(&mut self, now: Duration) {
        for worker in self.workers.values_mut() {
            worker
                .jobs
                .retain(|_, job| job.stopping_until.is_none_or(|until| until > now));
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let jobs = self.workers.values().flat_map(|worker| worker.jobs.values());
        jobs.filter_map(|job| job.stopping_until).min()
    }

    pub(super) fn loads(&self) -> Vec<(WorkerId, Load)> {
        let load = |worker: &Worker| Load {
            name: worker.name.clone(),
            capacity: worker.capacity,
            free: worker.free(),
            jobs: worker.jobs.len(),
            cpu: worker
                .jobs
                .values()
                .map(|job| job.cpu)
                .fold(0.0, |sum, cpu| sum + cpu),
            memory: worker
                .jobs
                .values()
                .fold(0, |sum, job| sum.saturating_add(job.memory)),
        };
        self.workers
            .iter()
            .map(|(id, worker)| (*id, load(worker)))
            .collect()
    }

    /// Jobs that were told to stop and have not said that they did.
    pub(super) fn stopping_jobs(&self) -> usize {
        let jobs = self.workers.values().flat_map(|worker| worker.jobs.values());
        jobs.filter(|job| job.stopping_until.is_some()).count()
    }
}

impl Worker {
    /// What is left of its capacity, or what it measured as free without the jobs it could not measure yet.
    fn free(&self) -> f64 {
        let taken: f64 = self.jobs.values().map(|job| job.share).sum();
        let unmeasured = self.jobs.values().filter(|job| job.reports < SETTLED);
        let unmeasured: f64 = unmeasured.map(|job| job.share).sum();
        (self.capacity - taken)
            .min(self.measured_free - unmeasured)
            .max(0.0)
    }
}

impl Assigned {
    /// Takes a report; whether the job is stuck.
    fn take(&mut self, report: &JobReport, factors: &mut Factors, timing: &JobTiming, now: Duration) -> bool {
        self.missing = 0;
        self.reports = self.reports.saturating_add(1);
        self.cpu = sane(report.cpu);
        self.memory = report.memory;
        // The first measurement covers a part of a second only.
        if self.reports >= SETTLED {
            self.share += (self.cpu - self.share) * WEIGHT;
            factors.learn(&self.work, self.guess, self.cpu);
        }
        let Some(last) = self.progress.filter(|last| last.frames_out == report.frames_out) else {
            self.progress = Some(Progress {
                at: now,
                frames_in: report.frames_in,
                frames_out: report.frames_out,
            });
            return false;
        };
        let waiting = report.frames_in.saturating_sub(last.frames_in);
        if waiting == 0 {
            // Nothing came in: nothing can go out.
            self.progress = Some(Progress { at: now, ..last });
        }
        waiting >= STALL_FRAMES && now.saturating_sub(last.at) >= timing.stall_after
    }
}

/// A number of cores that somebody else measured.
fn sane(cores: f64) -> f64 {
    if cores.is_finite() {
        cores.clamp(0.0, 4_096.0)
    } else {
        0.0
    }
}
