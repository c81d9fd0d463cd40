//! What the task, the writing thread and the handle of a recording share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use crate::sample::Sample;

/// What a recording is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordingState {
    /// No frame has come yet.
    Waiting,
    /// Frames are written.
    Recording,
    /// Frames are left out.
    Paused,
    /// No more frames are taken; the last part is being closed.
    Closing,
    /// Everything is on disk.
    Ended,
}

/// What is known about a running recording.
#[derive(Clone, Debug)]
pub struct RecordingStatus {
    /// What it does.
    pub state: RecordingState,
    /// The part being written, or written last; `None` before the first.
    pub part: Option<u32>,
    /// Wall clock at the present part's first frame.
    pub part_started_at: Option<SystemTime>,
    /// Media time in the present part.
    pub part_duration: Duration,
    /// Bytes of the present part.
    pub part_bytes: u64,
    /// Bytes of the recording's finished parts.
    pub closed_bytes: u64,
    /// Frames lost because the disk was too slow, or because no key frame had come.
    pub dropped: u64,
}

/// Shared between the parts of one recording.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) status: Mutex<RecordingStatus>,
    /// The writer waits for a key frame.
    pub(crate) wants_key: AtomicBool,
}

impl Shared {
    pub(crate) fn new() -> Arc<Shared> {
        Arc::new(Shared {
            status: Mutex::new(RecordingStatus {
                state: RecordingState::Waiting,
                part: None,
                part_started_at: None,
                part_duration: Duration::ZERO,
                part_bytes: 0,
                closed_bytes: 0,
                dropped: 0,
            }),
            wants_key: AtomicBool::new(false),
        })
    }
}

/// What the writing thread is told.
#[derive(Debug)]
pub(crate) enum Work {
    /// The next frame, with its share of the queue.
    Sample(Box<Sample>, OwnedSemaphorePermit),
    /// So many frames were lost before the queue.
    Gap(u64),
    /// The part is to be closed; frames come when it goes on.
    Pause,
    /// A new part is to begin at the next key frame.
    Split,
    /// Some time has passed.
    Tick,
}
