//! The queue between a recording's task and its writing thread, bounded by bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::sample::Sample;
use crate::shared::Work;

/// Kilobytes of frames that wait for the disk. What comes then stays in the stream's ring, and is lost there in time.
const KILOBYTES: u32 = 8 << 10;
/// Places for what is no frame. Every frame takes a kilobyte at least, so there is always room for those.
const OTHERS: usize = 256;

/// The task's end of the queue.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Work>,
    bytes: Arc<Semaphore>,
}

/// Kilobytes that a frame takes.
pub(crate) fn share(sample: &Sample) -> u32 {
    let kilobytes = sample.frame.payload.len() / 1_024 + 1;
    u32::try_from(kilobytes).unwrap_or(u32::MAX).min(KILOBYTES)
}

impl Queue {
    pub(crate) fn new() -> (Queue, mpsc::Receiver<Work>) {
        let (sender, receiver) = mpsc::channel(KILOBYTES as usize + OTHERS);
        let bytes = Arc::new(Semaphore::new(KILOBYTES as usize));
        (Queue { sender, bytes }, receiver)
    }

    /// Waits for room for so many kilobytes.
    pub(crate) async fn room(&self, kilobytes: u32) -> Option<OwnedSemaphorePermit> {
        self.bytes.clone().acquire_many_owned(kilobytes).await.ok()
    }

    /// Room for so many kilobytes, if there is.
    pub(crate) fn try_room(&self, kilobytes: u32) -> Option<OwnedSemaphorePermit> {
        self.bytes.clone().try_acquire_many_owned(kilobytes).ok()
    }

    /// Hands something over. `false` if the writer is gone, or so much waits that this has to be left out.
    pub(crate) fn put(&self, work: Work) -> bool {
        self.sender.try_send(work).is_ok()
    }

    /// Waits until the writer takes nothing more.
    pub(crate) async fn closed(&self) {
        self.sender.closed().await;
    }
}
