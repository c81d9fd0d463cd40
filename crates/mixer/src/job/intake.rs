//! The way into the codec thread: a bounded queue, and what is left out when it is full.
//!
//! Pictures that follow a lost one are lost too, up to the next key frame. A configuration is never lost: a queue that has
//! no room for one belongs to a thread that is stuck, and the job ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use lianmai_media::TrackKind;

use crate::transcode::Input;

/// Inputs that may wait: more than ten seconds of anything.
pub(super) const MAX_WAITING: usize = 1_024;
/// Bytes that may wait.
const MAX_BYTES: usize = 24 << 20;

/// What the queue holds, known on both sides.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) bytes: AtomicUsize,
    /// The newest stamp put in, in milliseconds.
    pub(super) newest: AtomicI64,
}

/// An input on its way, with the time it came.
pub(super) struct Queued {
    pub(super) input: Input,
    pub(super) at: Duration,
    pub(super) bytes: usize,
}

/// The queue cannot be used any more.
#[derive(Debug, thiserror::Error)]
#[error("the codec thread is stuck or gone")]
pub(super) struct Stuck;

/// The entrance.
pub(super) struct Intake {
    queue: SyncSender<Queued>,
    waiting: Arc<Waiting>,
    /// Pictures are left out until the next key frame.
    needs_keyframe: bool,
    dropped: u64,
}

impl Intake {
    pub(super) fn new(queue: SyncSender<Queued>, waiting: Arc<Waiting>) -> Intake {
        Intake {
            queue,
            waiting,
            needs_keyframe: false,
            dropped: 0,
        }
    }

    /// What was left out so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Puts an input in, or leaves it out; true when it is in.
    pub(super) fn offer(&mut self, input: Input, at: Duration) -> Result<bool, Stuck> {
        let (bytes, is_frame) = match &input {
            Input::Frame(frame) => {
                if frame.kind == TrackKind::Video && self.needs_keyframe && !frame.keyframe {
                    self.dropped += 1;
                    return Ok(false);
                }
                (frame.payload.len(), true)
            }
            Input::Metadata(_) | Input::Audio(_) | Input::Video(_) => (0, false),
        };
        if is_frame && self.waiting.bytes.load(Relaxed).saturating_add(bytes) > MAX_BYTES {
            self.drop_frame();
            return Ok(false);
        }
        let stamp = match &input {
            Input::Frame(frame) => Some(frame.dts.as_millis()),
            _ => None,
        };
        // Counted before it is in: the other side takes the bytes off again.
        self.waiting.bytes.fetch_add(bytes, Relaxed);
        match self.queue.try_send(Queued { input, at, bytes }) {
            Ok(()) => {
                if let Some(stamp) = stamp {
                    self.waiting.newest.store(stamp, Relaxed);
                    self.needs_keyframe = false;
                }
                Ok(true)
            }
            Err(TrySendError::Full(_)) if is_frame => {
                self.waiting.bytes.fetch_sub(bytes, Relaxed);
                self.drop_frame();
                Ok(false)
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Stuck),
        }
    }

    fn drop_frame(&mut self) {
        self.needs_keyframe = true;
        self.dropped += 1;
        metrics::counter!("lianmai_worker_dropped_frames_total").increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use lianmai_media::{Frame, MediaDuration, MediaTime, Metadata};
    use std::sync::mpsc::sync_channel;

    fn picture(millis: i64, keyframe: bool, size: usize) -> Input {
        Input::Frame(Frame {
            kind: TrackKind::Video,
            dts: MediaTime::from_millis(millis),
            composition: MediaDuration::from_millis(0),
            keyframe,
            payload: Bytes::from(vec![0; size]),
        })
    }

    #[test]
    fn a_full_queue_loses_pictures_up_to_a_key_frame() {
        let (queue, thread) = sync_channel(2);
        let mut intake = Intake::new(queue, Arc::default());
        let mut offer = |input| intake.offer(input, Duration::ZERO);
        assert!(offer(picture(0, true, 10)).unwrap());
        assert!(offer(picture(40, false, 10)).unwrap());
        assert!(!offer(picture(80, false, 10)).unwrap());
        thread.recv().unwrap();
        assert!(
            !offer(picture(120, false, 10)).unwrap(),
            "it refers to a lost one"
        );
        assert!(offer(picture(160, true, 10)).unwrap());
        thread.recv().unwrap();
        assert!(offer(picture(200, false, 10)).unwrap());
        assert!(offer(Input::Metadata(Metadata::default())).is_err(), "stuck");
        assert_eq!(intake.dropped(), 2);
        assert_eq!(intake.waiting.newest.load(Relaxed), 200);
    }

    #[test]
    fn bytes_are_bounded() {
        let (queue, thread) = sync_channel(MAX_WAITING);
        let waiting = Arc::new(Waiting::default());
        let mut intake = Intake::new(queue, waiting.clone());
        for n in 0..100 {
            let _ = intake.offer(picture(n, true, 1 << 20), Duration::ZERO).unwrap();
        }
        assert_eq!(intake.dropped(), 76);
        assert_eq!(waiting.bytes.load(Relaxed), MAX_BYTES);
        drop(thread);
        waiting.bytes.store(0, Relaxed);
        assert!(intake.offer(picture(0, true, 1), Duration::ZERO).is_err());
    }
}
