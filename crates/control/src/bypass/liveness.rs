//! Whether a target still takes what is sent (R-P2). Pure: the time comes in.
//!
//! Judged by bytes the connection has taken, while something waits to be taken. Acknowledgements and answers to pings
//! prove nothing: some servers send none, and a wedged one may go on sending them.

use std::time::{Duration, Instant};

/// Fewer bytes than this in the allowed time are no progress: a kernel probes a full window with single bytes.
const LEAST: u64 = 4 * 1024;

/// Watches one connection.
#[derive(Debug)]
pub(super) struct Liveness {
    allowed: Duration,
    /// Since when something waits without progress, and how much had been taken then.
    waiting: Option<(Instant, u64)>,
}

impl Liveness {
    pub(super) fn new(allowed: Duration) -> Self {
        Self {
            allowed,
            waiting: None,
        }
    }

    /// Everything sent has been taken.
    pub(super) fn caught_up(&mut self) {
        self.waiting = None;
    }

    /// Something waits, and `taken` bytes have been taken in all; false when the target counts as wedged.
    pub(super) fn waits(&mut self, taken: u64, now: Instant) -> bool {
        match self.waiting {
            Some((since, before)) if taken.saturating_sub(before) < LEAST => {
                now.saturating_duration_since(since) < self.allowed
            }
            _ => {
                self.waiting = Some((now, taken));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Duration = Duration::from_secs(15);

    /// When a target counts as wedged that takes `taken(seconds)` bytes, looked at every second.
    fn wedged_at(taken: impl Fn(u64) -> u64, seconds: u64) -> Option<u64> {
        let (start, mut liveness) = (Instant::now(), Liveness::new(ALLOWED));
        (0..seconds).find(|&s| !liveness.waits(taken(s), start + Duration::from_secs(s)))
    }

    #[test]
    fn no_progress_for_the_allowed_time_is_wedged() {
        assert_eq!(wedged_at(|_| 100_000, 100), Some(15));
        assert_eq!(wedged_at(|s| 100_000 * s.min(20), 100), Some(35));
    }

    #[test]
    fn dripping_is_no_progress_and_slowness_is_no_wedge() {
        assert_eq!(wedged_at(|s| s, 100), Some(15));
        assert_eq!(wedged_at(|s| 1_000 * s, 100), None);
    }

    #[test]
    fn a_target_that_took_everything_starts_anew() {
        let (start, mut liveness) = (Instant::now(), Liveness::new(ALLOWED));
        let at = |s| start + Duration::from_secs(s);
        assert!(liveness.waits(10, at(0)));
        assert!(liveness.waits(10, at(14)));
        liveness.caught_up();
        assert!(liveness.waits(20, at(16)));
        assert!(liveness.waits(20, at(30)));
        assert!(!liveness.waits(20, at(31)));
    }
}
