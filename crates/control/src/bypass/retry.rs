//! When a target is tried again (R-P3). Pure: time spans and randomness come in.

use std::time::Duration;

use super::config::RetryConfig;
use super::reason::Severity;

/// What to do after a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Try again after this time.
    After(Duration),
    /// Do not try again.
    GiveUp,
}

/// Failures of one target in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    config: RetryConfig,
    failures: u32,
    refusals: u32,
}

impl Retry {
    pub(super) fn new(config: RetryConfig) -> Self {
        Self {
            config,
            failures: 0,
            refusals: 0,
        }
    }

    /// A connection failed that had taken media for `lived`. `random` spreads targets that failed together by up to a
    /// quarter.
    pub(super) fn failed(&mut self, severity: Severity, lived: Duration, random: u16) -> Verdict {
        if lived >= self.config.stable {
            (self.failures, self.refusals) = (0, 0);
        }
        let (count, first, max) = match severity {
            Severity::Final => return Verdict::GiveUp,
            Severity::Passing => {
                self.refusals = 0;
                self.failures = self.failures.saturating_add(1);
                (self.failures, self.config.first, self.config.max)
            }
            Severity::Refusal => {
                self.refusals = self.refusals.saturating_add(1);
                if self.refusals >= self.config.refusals {
                    return Verdict::GiveUp;
                }
                let config = &self.config;
                (self.refusals, config.refused_first, config.refused_max)
            }
        };
        let full = first.saturating_mul(1 << (count - 1).min(30)).min(max);
        Verdict::After(full.mul_f64(0.75 + 0.25 * f64::from(random) / f64::from(u16::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEVER_LIVE: Duration = Duration::ZERO;

    fn waits(retry: &mut Retry, severity: Severity, times: usize, random: u16) -> Vec<u64> {
        let wait = |_| match retry.failed(severity, NEVER_LIVE, random) {
            Verdict::After(wait) => wait.as_secs(),
            Verdict::GiveUp => u64::MAX,
        };
        (0..times).map(wait).collect()
    }

    /// R-P3.
    #[test]
    fn waits_grow_from_one_second_to_a_minute() {
        let mut retry = Retry::new(RetryConfig::default());
        let passing = waits(&mut retry, Severity::Passing, 9, u16::MAX);
        assert_eq!(passing, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_target_that_was_stable_starts_anew_and_a_flapping_one_does_not() {
        let mut retry = Retry::new(RetryConfig::default());
        waits(&mut retry, Severity::Passing, 5, 0);
        let short = retry.failed(Severity::Passing, Duration::from_secs(29), u16::MAX);
        assert_eq!(short, Verdict::After(Duration::from_secs(32)));
        let long = retry.failed(Severity::Passing, Duration::from_secs(30), u16::MAX);
        assert_eq!(long, Verdict::After(Duration::from_secs(1)));
    }

    #[test]
    fn refusals_are_retried_slowly_and_then_no_more() {
        let mut retry = Retry::new(RetryConfig::default());
        let refused = waits(&mut retry, Severity::Refusal, 12, u16::MAX);
        assert_eq!(refused[..6], [15, 30, 60, 120, 240, 300]);
        assert_eq!(refused[10..], [300, u64::MAX]);
        let mut retry = Retry::new(RetryConfig::default());
        assert_eq!(retry.failed(Severity::Final, NEVER_LIVE, 0), Verdict::GiveUp);
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds(
            failures in prop::collection::vec((any::<bool>(), 0u64..100, any::<u16>()), 1..100),
        ) {
            let config = RetryConfig { refusals: u32::MAX, ..RetryConfig::default() };
            let mut retry = Retry::new(config);
            for (refused, lived, random) in failures {
                let severity = if refused { Severity::Refusal } else { Severity::Passing };
                let max = if refused { config.refused_max } else { config.max };
                let Verdict::After(wait) = retry.failed(severity, Duration::from_secs(lived), random) else {
                    panic!("given up");
                };
                prop_assert!(wait >= Duration::from_millis(750) && wait <= max, "{wait:?}");
            }
        }
    }
}
