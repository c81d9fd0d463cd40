//! What happened, for logs and figures.

use lianmai_hub::StreamKey;
use lianmai_hub::job::JobId;

use super::fleet::WorkerId;
use super::rendition::Shortage;
use super::work::Work;

/// Why a job is no more although it is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Cause {
    /// The worker has no room.
    Refused(Shortage),
    /// The worker gave it up, with a sentence.
    Failed(String),
    /// The worker is gone.
    WorkerLost,
    /// It did not start in time.
    NotStarted,
    /// Input without output (R-A6).
    Stalled,
    /// The worker's reports no longer name it.
    Forgotten,
}

impl Cause {
    /// A word for metrics.
    pub(in super::super) fn as_str(&self) -> &'static str {
        match self {
            Cause::Refused(_) => "refused",
            Cause::Failed(_) => "failed",
            Cause::WorkerLost => "worker_lost",
            Cause::NotStarted => "not_started",
            Cause::Stalled => "stalled",
            Cause::Forgotten => "forgotten",
        }
    }

    /// A sentence for people.
    pub(in super::super) fn sentence(&self) -> String {
        match self {
            Cause::Refused(shortage) => format!(
                "the worker has {:.2} cores free, {:.2} are needed",
                shortage.free, shortage.need
            ),
            Cause::Failed(reason) => reason.clone(),
            Cause::WorkerLost => "the worker is gone".to_owned(),
            Cause::NotStarted => "the job did not start in time".to_owned(),
            Cause::Stalled => "the job took media and gave none".to_owned(),
            Cause::Forgotten => "the worker does not know the job any more".to_owned(),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Note {
    /// A job was handed out.
    Started {
        job: JobId,
        worker: WorkerId,
        key: StreamKey,
        work: Work,
    },
    /// A job's output is on air.
    Running { job: JobId, key: StreamKey, work: Work },
    /// A job ended although it is wanted.
    Lost {
        job: JobId,
        worker: WorkerId,
        key: StreamKey,
        work: Work,
        cause: Cause,
        /// How many in a row.
        failures: u32,
    },
    /// No worker has room for a rendition. Told once, until it got one.
    NoCapacity {
        key: StreamKey,
        work: Work,
        shortage: Shortage,
    },
    /// There is room again for a rendition that had none.
    CapacityFound { key: StreamKey },
    /// A worker spoke of a job it does not have, or out of turn.
    Odd { worker: WorkerId },
}
