//! Wakes readers, or writes to them: at once, or at most once per interval.
//!
//! System calls dominate the cost of fan-out, so readers that accept it are served together, once per interval, with
//! everything that has come since. One task per pulse does it; a pulse has a bounded number of readers, so that a
//! stream with many uses many tasks and one task never works for long without a pause.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::direct::Direct;
use crate::stream::Stream;

/// Readers of one pulse at most.
const MEMBERS: usize = 512;
/// Readers written to before other tasks get their turn.
const TURN: usize = 64;

/// One group of readers with the same interval.
pub(crate) struct Pulse {
    interval: Duration,
    members: AtomicUsize,
    readers: Notify,
    news: Notify,
    directs: Mutex<Arc<Vec<Arc<Direct>>>>,
}

impl Pulse {
    pub(crate) fn new(interval: Duration) -> Arc<Pulse> {
        Arc::new(Pulse {
            interval,
            members: AtomicUsize::new(0),
            readers: Notify::new(),
            news: Notify::new(),
            directs: Mutex::default(),
        })
    }

    /// Takes a place for one more reader of `interval`, if this is the pulse for it.
    pub(crate) fn enter(&self, interval: Duration) -> bool {
        let enter = |members| (members < MEMBERS).then_some(members + 1);
        self.interval == interval
            && self
                .members
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter)
                .is_ok()
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, direct: Option<&Arc<Direct>>) {
        self.members.fetch_sub(1, Ordering::Relaxed);
        if let Some(direct) = direct {
            Arc::make_mut(&mut *self.directs.lock()).retain(|other| !Arc::ptr_eq(other, direct));
        }
    }

    /// From now on writes to this reader whenever it lends its output.
    pub(crate) fn add(&self, direct: Arc<Direct>) {
        Arc::make_mut(&mut *self.directs.lock()).push(direct);
    }

    /// Where readers wait.
    pub(crate) fn readers(&self) -> &Notify {
        &self.readers
    }

    /// There is something to read.
    pub(crate) fn signal(&self) {
        if self.interval.is_zero() {
            self.readers.notify_waiters();
        }
        self.news.notify_one();
    }

    /// Wakes everybody now, for what must not wait for the interval and needs each reader's own look.
    pub(crate) fn wake(&self) {
        for direct in self.directs.lock().iter() {
            direct.park();
        }
        self.readers.notify_waiters();
    }

    /// Passes signals on, at most one per interval, until `stop`.
    pub(crate) async fn run(self: Arc<Self>, stream: Weak<Stream>, stop: CancellationToken) {
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.news.notified() => {}
            }
            if !self.interval.is_zero() {
                if next > Instant::now() {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep_until(next) => {}
                    }
                }
                next = Instant::now() + self.interval;
                self.readers.notify_waiters();
            }
            self.serve(&stream).await;
        }
    }

    async fn serve(&self, stream: &Weak<Stream>) {
        let directs = self.directs.lock().clone();
        let mut memo = None;
        for turn in directs.chunks(TURN) {
            let Some(stream) = stream.upgrade() else { return };
            let head = stream.read(|state| state.ring.head());
            let wrote = turn
                .iter()
                .filter(|direct| direct.serve(&stream, head, &mut memo))
                .count();
            drop(stream);
            if wrote > TURN / 2 {
                tokio::task::yield_now().await;
            }
        }
    }
}
