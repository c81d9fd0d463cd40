//! What the supervisor and a job's process say to each other: one JSON object per line.

use lianmai_hub::job::{Job, JobId, MixJob};
use serde::{Deserialize, Serialize};

/// Longest line a job takes, in bytes: a mix with its files.
pub(crate) const MAX_COMMAND: usize = 24 << 20;
/// Longest line a supervisor takes, in bytes.
pub(crate) const MAX_LINE: usize = 16 * 1024;

/// What a process is given to do.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// One track into another.
    Transcode(Job),
    /// Many streams into one.
    Mix(Box<MixJob>),
}

impl Work {
    /// The job's number.
    pub(crate) fn id(&self) -> JobId {
        match self {
            Work::Transcode(job) => job.id,
            Work::Mix(job) => job.id,
        }
    }
}

impl From<Work> for Command {
    fn from(work: Work) -> Command {
        match work {
            Work::Transcode(job) => Command::Start { job },
            Work::Mix(job) => Command::StartMix { job },
        }
    }
}

/// Supervisor to job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Do this. The first command.
    Start {
        /// The job.
        job: Job,
    },
    /// Compose this. The first command.
    StartMix {
        /// The job.
        job: Box<MixJob>,
    },
    /// What is composed is to be like this now.
    UpdateMix {
        /// The job as it is now.
        job: Box<MixJob>,
    },
    /// End properly. The end of the input means the same.
    Stop,
}

/// Job to supervisor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum Status {
    /// Everything is loaded; a job may come.
    Ready,
    /// Source and target are connected.
    Started,
    /// How far it is, once a second.
    Progress(Progress),
    /// It ended as told.
    Stopped,
    /// It ended by itself.
    Failed {
        /// A sentence for the log.
        reason: String,
    },
}

/// Counts since the job began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Packets and pictures that came in.
    pub(crate) frames_in: u64,
    /// Packets and pictures that went out.
    pub(crate) frames_out: u64,
    /// What could not be read or decoded.
    pub(crate) broken: u64,
    /// What was left out to keep up.
    pub(crate) late: u64,
    /// What found the queue full.
    pub(crate) dropped: u64,
    /// Samples made up for lost ones.
    pub(crate) concealed: u64,
}

/// A message as a line.
///
/// # Errors
/// When it cannot be written as JSON, which does not happen.
pub(crate) fn to_line(message: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianmai_hub::job::{JobId, JobKind};

    #[test]
    fn messages_are_lines() {
        let job = Job {
            id: JobId(7),
            kind: JobKind::AudioToOpus { bitrate: 64_000 },
            source: "rtmp://h/a/b?t=x\ny".to_owned(),
            target: "rtmp://h/a/b~opus".to_owned(),
        };
        let line = to_line(&Command::Start { job: job.clone() }).unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let Command::Start { job: read } = serde_json::from_slice(&line).unwrap() else {
            panic!("another command");
        };
        assert_eq!(read, job);
        let progress = Status::Progress(Progress {
            frames_in: 3,
            ..Progress::default()
        });
        let read: Status = serde_json::from_slice(&to_line(&progress).unwrap()).unwrap();
        assert_eq!(read, progress);
    }
}
