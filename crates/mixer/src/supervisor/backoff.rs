//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(5);

/// Waiting times that double, with jitter so that many workers do not come at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff { next: FIRST }
    }
}

impl Backoff {
    /// The next wait; `random` is uniform over 0…1.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let wait = self.next.mul_f64(0.75 + 0.5 * random.clamp(0.0, 1.0));
        self.next = (self.next * 2).min(MOST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..10).map(|_| backoff.next(0.5)).collect();
        assert_eq!(waits[..3], [100, 200, 400].map(Duration::from_millis));
        assert_eq!(waits[9], MOST);
        assert_eq!(backoff.next(1.0), MOST.mul_f64(1.25));
    }
}
