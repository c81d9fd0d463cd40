//! The jobs of one connection: their processes, shares and counts.

use std::collections::BTreeMap;
use std::time::Instant;

use lianmai_hub::job::{JobId, JobReport, MixJob};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::{Admission, NoRoom, Share};
use super::child::{Events, JobEvent, Update};
use super::load::ProcessLoad;
use super::spare::Spares;
use crate::job::{Progress, Work};

/// Events that may wait; the jobs' tasks wait beyond that.
const MAX_EVENTS: usize = 256;
/// No worker has this many jobs; each costs descriptors and a process.
const MAX_JOBS: usize = 1_024;

/// The table of jobs.
pub(super) struct Jobs {
    spares: Spares,
    tasks: TaskTracker,
    events: mpsc::Sender<(JobId, JobEvent)>,
    table: BTreeMap<JobId, Entry>,
}

struct Entry {
    /// Where a mix is told how it is to be.
    updates: watch::Sender<Update>,
    stop: CancellationToken,
    share: Share,
    load: Option<ProcessLoad>,
    progress: Progress,
    cpu: f64,
    memory: u64,
}

/// Why a job is not begun.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Rejected {
    /// There is no room.
    NoRoom(NoRoom),
    /// It makes no sense.
    Senseless(&'static str),
}

impl Jobs {
    /// An empty table, and where its events come out.
    pub(super) fn new(spares: Spares) -> (Jobs, mpsc::Receiver<(JobId, JobEvent)>) {
        let (events, queue) = mpsc::channel(MAX_EVENTS);
        let jobs = Jobs {
            spares,
            tasks: TaskTracker::new(),
            events,
            table: BTreeMap::new(),
        };
        (jobs, queue)
    }

    /// Begins a job.
    pub(super) fn start(&mut self, work: Work, admission: &Admission) -> Result<(), Rejected> {
        let id = work.id();
        if self.table.contains_key(&id) {
            return Err(Rejected::Senseless("a job of this number runs already"));
        }
        if self.table.len() >= MAX_JOBS {
            return Err(Rejected::Senseless("too many jobs"));
        }
        let need = admission.admit(&work, self.shares()).map_err(Rejected::NoRoom)?;
        let stop = CancellationToken::new();
        let (updates, updated) = watch::channel(None);
        self.table.insert(
            id,
            Entry {
                updates,
                stop: stop.clone(),
                share: Share::expected(need),
                load: None,
                progress: Progress::default(),
                cpu: 0.0,
                memory: 0,
            },
        );
        let spares = self.spares.clone();
        let events = Events {
            id,
            queue: self.events.clone(),
        };
        self.tasks.spawn(async move {
            let process = tokio::select! {
                process = spares.take() => process,
                () = stop.cancelled() => return events.tell(JobEvent::Ended(None)).await,
            };
            match process {
                Ok(process) => process.run(work, updated, stop, events).await,
                Err(error) => {
                    let reason = format!("no process for it: {error}");
                    events.tell(JobEvent::Ended(Some(reason))).await;
                }
            }
        });
        Ok(())
    }

    /// A mix is to be like this; false when there is none of this number.
    pub(super) fn update(&mut self, job: Box<MixJob>) -> bool {
        let entry = self.table.get(&job.id);
        entry
            .inspect(|entry| drop(entry.updates.send_replace(Some(job))))
            .is_some()
    }

    /// Ends a job; false when there is none of this number. Its end comes as an event.
    pub(super) fn stop(&mut self, id: JobId) -> bool {
        let entry = self.table.get(&id);
        entry.inspect(|entry| entry.stop.cancel()).is_some()
    }

    /// Takes note of what an event says. An event of an unknown job says nothing.
    pub(super) fn note(&mut self, id: JobId, event: &JobEvent) {
        match (event, self.table.get_mut(&id)) {
            (JobEvent::Process(pid), Some(entry)) => entry.load = Some(ProcessLoad::new(*pid)),
            (JobEvent::Progress(progress), Some(entry)) => {
                let before = std::mem::replace(&mut entry.progress, *progress);
                warn_of_losses(id, &before, progress);
            }
            (JobEvent::Ended(_), Some(_)) => {
                self.table.remove(&id);
            }
            _ => {}
        }
    }

    fn shares(&self) -> impl Iterator<Item = f64> {
        self.table.values().map(|entry| entry.share.cores())
    }

    /// Measures all jobs: what is free, and how each is.
    pub(super) fn report(&mut self, admission: &Admission) -> (f64, Vec<JobReport>) {
        let now = Instant::now();
        for entry in self.table.values_mut() {
            let measured = entry.load.as_mut().and_then(|load| load.measure(now));
            if let Some((cpu, memory)) = measured {
                (entry.cpu, entry.memory) = (cpu, memory);
                entry.share.measure(cpu);
            }
        }
        let reports = self.table.iter().map(|(id, entry)| JobReport {
            id: *id,
            cpu: entry.cpu,
            memory: entry.memory,
            frames_in: entry.progress.frames_in,
            frames_out: entry.progress.frames_out,
        });
        (admission.free(self.shares()), reports.collect())
    }

    /// Ends all jobs and waits until their processes are gone. `events` must be read or let go meanwhile.
    pub(super) async fn end(self) {
        for entry in self.table.values() {
            entry.stop.cancel();
        }
        drop(self.events);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Says when a job loses media, once a second at most, as it tells its counts.
fn warn_of_losses(id: JobId, before: &Progress, now: &Progress) {
    let (broken, dropped, late) = (
        now.broken.saturating_sub(before.broken),
        now.dropped.saturating_sub(before.dropped),
        now.late.saturating_sub(before.late),
    );
    if dropped > 0 {
        tracing::warn!(job = id.0, dropped, late, broken, "a job cannot keep up");
    } else if broken + late > 0 {
        tracing::info!(job = id.0, late, broken, "a job loses media");
    }
}
