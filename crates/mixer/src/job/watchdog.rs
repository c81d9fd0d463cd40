//! Input without output (R-A6): a decoder or encoder that is stuck is not waited for.

use std::time::Duration;

/// Longest that input may bring nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// A decoder that reorders pictures may hold a few of a slow source.
const MIN_INPUTS: u32 = 10;

/// Watches one job. Times since the job began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watchdog {
    /// When the first input since the last output came, and how many there were since.
    unanswered: Option<(Duration, u32)>,
}

impl Watchdog {
    /// An input was handed over at `now`.
    pub(super) fn input(&mut self, now: Duration) {
        let (since, count) = self.unanswered.unwrap_or((now, 0));
        self.unanswered = Some((since, count.saturating_add(1)));
    }

    /// Output came.
    pub(super) fn output(&mut self) {
        self.unanswered = None;
    }

    /// Whether the job is stuck.
    pub(super) fn barks(&self, now: Duration) -> bool {
        self.unanswered
            .is_some_and(|(since, count)| count >= MIN_INPUTS && now.saturating_sub(since) >= PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// R-A6: two seconds of input and nothing to show for it.
    #[test]
    fn input_without_output_is_noticed() {
        let mut dog = Watchdog::default();
        assert!(!dog.barks(ms(100_000)));
        for n in 0..100 {
            dog.input(ms(n * 20));
            assert!(!dog.barks(ms(n * 20)));
        }
        assert!(dog.barks(ms(2_000)));
        dog.output();
        assert!(!dog.barks(ms(2_000)));
    }

    #[test]
    fn silence_and_slow_sources_are_no_alarm() {
        let mut dog = Watchdog::default();
        dog.input(ms(0));
        dog.input(ms(1_000));
        assert!(!dog.barks(ms(60_000)), "a source that paused");
        for n in 0..500 {
            dog.input(ms(60_000 + n * 20));
            if n % 90 == 0 {
                dog.output();
            }
            assert!(!dog.barks(ms(60_000 + n * 20)));
        }
    }
}
