//! Metrics and log lines of the dispatcher.

use std::collections::HashMap;

use metrics::{counter, gauge};

use super::job::kind_name;
use super::plan::{Cause, Note};
use super::status::{RenditionState, Snapshot};

const STATES: [RenditionState; 4] = [
    RenditionState::Starting,
    RenditionState::Running,
    RenditionState::NoCapacity,
    RenditionState::Failed,
];
const KINDS: [&str; 3] = ["audio_to_opus", "audio_to_aac", "video_to_h264"];

/// Counters are there from the start, because an alarm on a missing series never rings.
pub(super) fn announce() {
    for kind in KINDS {
        counter!("lianmai_jobs_started_total", "kind" => kind).increment(0);
        counter!("lianmai_jobs_failed_total", "kind" => kind).increment(0);
    }
    counter!("lianmai_jobs_refused_total").increment(0);
    counter!("lianmai_jobs_stalled_total").increment(0);
    counter!("lianmai_jobs_no_capacity_total").increment(0);
    counter!("lianmai_worker_odd_messages_total").increment(0);
}

/// Figures of the present state.
pub(super) fn show(snapshot: &Snapshot, stopping: usize) {
    let mut states: HashMap<RenditionState, usize> = HashMap::new();
    for status in snapshot.renditions.values().flatten() {
        *states.entry(status.state).or_default() += 1;
    }
    for state in STATES {
        let number = states.get(&state).copied().unwrap_or(0);
        gauge!("lianmai_worker_jobs", "state" => state.as_str()).set(number as f64);
    }
    gauge!("lianmai_worker_jobs", "state" => "stopping").set(stopping as f64);
    let workers = &snapshot.workers;
    gauge!("lianmai_workers").set(workers.len() as f64);
    let sum = |of: fn(&super::WorkerStatus) -> f64| workers.iter().map(of).fold(0.0, |sum, one| sum + one);
    gauge!("lianmai_worker_capacity_cores").set(sum(|worker| worker.capacity));
    gauge!("lianmai_worker_free_cores").set(sum(|worker| worker.free));
    gauge!("lianmai_worker_job_cpu_cores").set(sum(|worker| worker.cpu));
    gauge!("lianmai_worker_job_memory_bytes").set(sum(|worker| worker.memory as f64));
}

/// Counts and logs what happened.
pub(super) fn tell(note: &Note) {
    match note {
        Note::Started {
            job,
            worker,
            key,
            kind,
        } => {
            counter!("lianmai_jobs_started_total", "kind" => kind_name(kind)).increment(1);
            tracing::debug!(stream = %key, job = job.0, worker = worker.0, "a job was handed out");
        }
        Note::Running { job, key } => {
            tracing::info!(stream = %key, job = job.0, "a rendition is on air");
        }
        Note::Lost {
            job,
            worker,
            key,
            kind,
            cause,
            failures,
        } => {
            match cause {
                Cause::Refused(_) => counter!("lianmai_jobs_refused_total").increment(1),
                _ => counter!("lianmai_jobs_failed_total", "kind" => kind_name(kind)).increment(1),
            }
            if *cause == Cause::Stalled {
                counter!("lianmai_jobs_stalled_total").increment(1);
            }
            tracing::warn!(
                stream = %key, job = job.0, worker = worker.0, cause = cause.as_str(), failures,
                reason = cause.sentence(), "a rendition's job is no more"
            );
        }
        Note::NoCapacity { key, shortage } => {
            counter!("lianmai_jobs_no_capacity_total").increment(1);
            tracing::warn!(
                stream = %key, need = shortage.need, free = shortage.free,
                "no capacity: no worker has room for a rendition"
            );
        }
        Note::CapacityFound { key } => tracing::info!(stream = %key, "there is room for a rendition again"),
        Note::Odd { worker } => {
            counter!("lianmai_worker_odd_messages_total").increment(1);
            tracing::debug!(worker = worker.0, "a worker spoke of a job it does not have");
        }
    }
}
