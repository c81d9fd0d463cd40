//! The one place where the control plane reads the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lianmai_rooms::Timestamp;
use tokio::sync::watch;

/// The time of day, with an offset that simulations move forward. Cheap to clone; all clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    offset_millis: AtomicU64,
    moved: watch::Sender<u64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        let (moved, _) = watch::channel(0);
        Self {
            inner: Arc::new(Inner {
                offset_millis: AtomicU64::new(0),
                moved,
            }),
        }
    }

    /// Milliseconds since the Unix epoch; 0 before it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(system.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(millis.saturating_add(self.inner.offset_millis.load(Ordering::SeqCst)))
    }

    /// Moves the clock forward and wakes everybody who sleeps by it. For tests and simulations.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.inner.offset_millis.fetch_add(millis, Ordering::SeqCst);
        self.inner
            .moved
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Sleeps until this clock shows `deadline`, also when it is moved there.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        let mut moved = self.inner.moved.subscribe();
        loop {
            let left = deadline.millis_since(self.now());
            if left == 0 {
                return;
            }
            // Slept in pieces, so that a step of the system's clock is noticed.
            let piece = Duration::from_millis(left.min(60_000));
            tokio::select! {
                () = tokio::time::sleep(piece) => {}
                _ = moved.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_moved_clock_wakes_sleepers() {
        let clock = Clock::system();
        let deadline = Timestamp::from_millis(clock.now().as_millis() + 3_600_000);
        let sleeper = {
            let clock = clock.clone();
            async move { clock.sleep_until(deadline).await }
        };
        let mover = async { clock.advance(Duration::from_secs(3_601)) };
        tokio::join!(sleeper, mover);
        assert!(clock.now() >= deadline);
    }
}
