//! How many kilobits per second a target takes. Pure: the time comes in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Over how long it is averaged.
const WINDOW: Duration = Duration::from_secs(5);

/// Bytes taken at the last few looks.
#[derive(Debug, Default)]
pub(super) struct Meter {
    looks: VecDeque<(Instant, u64)>,
}

impl Meter {
    /// Looks at a counter that only grows; the rate over the last seconds in kbit/s. To be called about once a second.
    pub(super) fn look(&mut self, bytes: u64, now: Instant) -> u32 {
        self.looks.push_back((now, bytes));
        while self.looks.len() > 2
            && self
                .looks
                .get(1)
                .is_some_and(|(at, _)| now.saturating_duration_since(*at) >= WINDOW)
        {
            self.looks.pop_front();
        }
        let Some((since, before)) = self.looks.front() else {
            return 0;
        };
        let millis = now.saturating_duration_since(*since).as_millis();
        let bits = u128::from(bytes.saturating_sub(*before)) * 8;
        // Bits per millisecond are kilobits per second.
        bits.checked_div(millis)
            .map_or(0, |kbps| u32::try_from(kbps).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let (start, mut meter) = (Instant::now(), Meter::default());
        let rates: Vec<u32> = (0..20)
            .map(|s| meter.look(125_000 * s.min(10), start + Duration::from_secs(s)))
            .collect();
        assert_eq!(rates[0], 0);
        assert_eq!(rates[1..11], [1_000; 10]);
        assert_eq!(rates[19], 0);
        assert!(meter.looks.len() <= 7);
    }
}
