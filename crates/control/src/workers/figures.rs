//! Metrics and log lines of the dispatcher.

use std::collections::HashMap;

use metrics::{counter, gauge};

use super::plan::{Cause, Note, Work};
use super::status::{RenditionState, Snapshot};

const STATES: [RenditionState; 4] = [
    RenditionState::Starting,
    RenditionState::Running,
    RenditionState::NoCapacity,
    RenditionState::Failed,
];
const KINDS: [&str; 4] = ["audio_to_opus", "audio_to_aac", "video_to_h264", "mix"];

/// Counters are there from the start, because an alarm on a missing series never rings.
pub(super) fn announce() {
    for kind in KINDS {
        counter!("lianmai_jobs_started_total", "kind" => kind).increment(0);
        counter!("lianmai_jobs_failed_total", "kind" => kind).increment(0);
    }
    counter!("lianmai_jobs_refused_total").increment(0);
    counter!("lianmai_jobs_stalled_total").increment(0);
    counter!("lianmai_jobs_no_capacity_total").increment(0);
    counter!("lianmai_mixes_refused_total").increment(0);
    counter!("lianmai_worker_odd_messages_total").increment(0);
}

/// Figures of the present state.
pub(super) fn show(snapshot: &Snapshot, stopping: usize) {
    let mut states: HashMap<RenditionState, usize> = HashMap::new();
    for status in snapshot.renditions.values().flatten() {
        *states.entry(status.state).or_default() += 1;
    }
    let mut mixes: HashMap<RenditionState, usize> = HashMap::new();
    for status in snapshot.mixes.values() {
        *mixes.entry(status.state).or_default() += 1;
    }
    for state in STATES {
        let number = |of: &HashMap<RenditionState, usize>| of.get(&state).copied().unwrap_or(0) as f64;
        gauge!("lianmai_worker_jobs", "state" => state.as_str()).set(number(&states) + number(&mixes));
        gauge!("lianmai_mixes", "state" => state.as_str()).set(number(&mixes));
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
            work,
        } => {
            counter!("lianmai_jobs_started_total", "kind" => work.name()).increment(1);
            tracing::debug!(stream = %key, job = job.0, worker = worker.0, "a job was handed out");
        }
        Note::Running { job, key, work } => {
            tracing::info!(stream = %key, job = job.0, kind = work.name(), "a job's output is on air");
        }
        Note::Lost {
            job,
            worker,
            key,
            work,
            cause,
            failures,
        } => {
            match cause {
                Cause::Refused(_) => {
                    counter!("lianmai_jobs_refused_total").increment(1);
                    refused_mix(work);
                }
                _ => counter!("lianmai_jobs_failed_total", "kind" => work.name()).increment(1),
            }
            if *cause == Cause::Stalled {
                counter!("lianmai_jobs_stalled_total").increment(1);
            }
            tracing::warn!(
                stream = %key, job = job.0, worker = worker.0, kind = work.name(), cause = cause.as_str(), failures,
                reason = cause.sentence(), "a job is no more that is wanted"
            );
        }
        Note::NoCapacity { key, work, shortage } => {
            counter!("lianmai_jobs_no_capacity_total").increment(1);
            refused_mix(work);
            tracing::warn!(
                stream = %key, kind = work.name(), need = shortage.need, free = shortage.free,
                "no capacity: no worker has room for a job"
            );
        }
        Note::CapacityFound { key } => tracing::info!(stream = %key, "there is room for a job again"),
        Note::Odd { worker } => {
            counter!("lianmai_worker_odd_messages_total").increment(1);
            tracing::debug!(worker = worker.0, "a worker spoke of a job it does not have");
        }
    }
}

/// A mix that cannot be made where or when it is wanted (R-M7).
fn refused_mix(work: &Work) {
    if matches!(work, Work::Mix { .. }) {
        counter!("lianmai_mixes_refused_total").increment(1);
    }
}
