//! Wakes readers: at once, or at most once per interval.
//!
//! System calls dominate the cost of fan-out, so readers that accept it are woken together, once per interval,
//! and write everything that has come since. One task per stream and interval does the timing for all of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One group of readers with the same interval.
pub(crate) struct Pulse {
    interval: Duration,
    readers: Notify,
    news: Notify,
}

impl Pulse {
    pub(crate) fn new(interval: Duration) -> Arc<Pulse> {
        Arc::new(Pulse {
            interval,
            readers: Notify::new(),
            news: Notify::new(),
        })
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// Where readers wait.
    pub(crate) fn readers(&self) -> &Notify {
        &self.readers
    }

    /// There is something to read.
    pub(crate) fn signal(&self) {
        if self.interval.is_zero() {
            self.readers.notify_waiters();
        } else {
            self.news.notify_one();
        }
    }

    /// Wakes everybody now, for what must not wait for the interval.
    pub(crate) fn wake(&self) {
        self.readers.notify_waiters();
    }

    /// Passes signals on, at most one per interval, until `stop`.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.news.notified() => {}
            }
            if next > Instant::now() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(next) => {}
                }
            }
            next = Instant::now() + self.interval;
            self.readers.notify_waiters();
        }
    }
}
