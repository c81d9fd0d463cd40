//! Rates over the last seconds, without keeping the events.

use std::time::{Duration, Instant};

const SLOTS: usize = 5;
const SLOT: Duration = Duration::from_secs(1);

/// Sums amounts in one-second slots and tells the mean per second over the finished ones.
#[derive(Debug)]
pub(crate) struct Rate {
    slots: [u64; SLOTS],
    current: u64,
    filled: usize,
    next: usize,
    slot_start: Instant,
}

impl Rate {
    pub(crate) fn new(now: Instant) -> Rate {
        Rate {
            slots: [0; SLOTS],
            current: 0,
            filled: 0,
            next: 0,
            slot_start: now,
        }
    }

    pub(crate) fn add(&mut self, amount: u64, now: Instant) {
        self.advance(now);
        self.current += amount;
    }

    /// Mean amount per second; from the running slot alone during the first second.
    pub(crate) fn per_second(&mut self, now: Instant) -> f64 {
        self.advance(now);
        if self.filled == 0 {
            let elapsed = now.saturating_duration_since(self.slot_start).as_secs_f64();
            return if elapsed < 0.05 {
                0.0
            } else {
                self.current as f64 / elapsed
            };
        }
        self.slots[..self.filled].iter().sum::<u64>() as f64 / self.filled as f64
    }

    fn advance(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.slot_start);
        if passed < SLOT {
            return;
        }
        let whole = passed.as_secs();
        for _ in 0..whole.min(SLOTS as u64) {
            self.slots[self.next] = std::mem::take(&mut self.current);
            self.next = (self.next + 1) % SLOTS;
            self.filled = (self.filled + 1).min(SLOTS);
        }
        self.current = 0;
        self.slot_start += SLOT * u32::try_from(whole).unwrap_or(u32::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_mean_of_the_last_full_seconds() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        for tenth in 0..80 {
            rate.add(100, start + Duration::from_millis(tenth * 100));
        }
        assert_eq!(rate.per_second(start + Duration::from_secs(8)), 1_000.0);
        assert_eq!(rate.per_second(start + Duration::from_secs(60)), 0.0);
    }

    #[test]
    fn says_something_sensible_in_the_first_second() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        assert_eq!(rate.per_second(start), 0.0);
        rate.add(500, start);
        assert_eq!(rate.per_second(start + Duration::from_millis(500)), 1_000.0);
    }
}
