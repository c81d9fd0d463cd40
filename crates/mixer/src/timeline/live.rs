//! When sound is overdue: media time as the wall clock has it (R-A4).
//!
//! The least delay seen between stamp and arrival says where media time is now. Output may be missing for as long as
//! packets may jitter; then silence takes their place, so that the sound goes on as long as the source is on air.

use std::time::Duration;

use super::{PER_MILLI, RATE};

/// How late a packet may be before its place is filled.
const PATIENCE: i64 = 150 * PER_MILLI;
/// How late it may be while its place is being filled anyway.
const PATIENCE_WHILE_FILLING: i64 = 60 * PER_MILLI;
/// The least that is filled at a time.
const CHUNK: i64 = 20 * PER_MILLI;
/// The least delay is forgotten by one part in this many: it follows a path that slowly becomes longer.
const LEAK: i64 = 200;

/// Media time by the wall clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiveClock {
    /// Arrival minus stamp of the fastest packet, in samples.
    base: Option<i64>,
    last: i64,
    filling: bool,
}

impl LiveClock {
    /// A packet stamped `at` arrived at `now`; `late` when its place had been filled by then.
    pub(crate) fn heard(&mut self, now: Duration, at: i64, late: bool) {
        let now = samples(now);
        let delay = now.saturating_sub(at);
        self.base = Some(match self.base {
            Some(base) if !late => {
                let leak = now.saturating_sub(self.last).max(0) / LEAK;
                delay.min(base.saturating_add(leak))
            }
            // The path has become longer for good, as far as anybody knows.
            _ => delay,
        });
        self.last = now;
        self.filling = false;
    }

    /// The stamps start anew.
    pub(crate) fn reset(&mut self) {
        *self = LiveClock::default();
    }

    /// How many samples to fill at `now`, when the next to be written is `next`.
    pub(crate) fn due(&mut self, now: Duration, next: i64) -> i64 {
        let Some(base) = self.base else { return 0 };
        let missing = samples(now).saturating_sub(base).saturating_sub(next);
        if missing < self.patience() + CHUNK {
            return 0;
        }
        self.filling = true;
        missing - PATIENCE_WHILE_FILLING
    }

    /// How long from `now` until something is due; `None` before the first packet.
    pub(crate) fn wait(&self, now: Duration, next: i64) -> Option<Duration> {
        let at = self.base?.saturating_add(next) + self.patience() + CHUNK;
        let left = at.saturating_sub(samples(now)).max(0);
        Some(Duration::from_micros(
            left.unsigned_abs() * 1_000 / PER_MILLI as u64 + 1,
        ))
    }

    fn patience(&self) -> i64 {
        if self.filling {
            PATIENCE_WHILE_FILLING
        } else {
            PATIENCE
        }
    }
}

fn samples(time: Duration) -> i64 {
    i64::try_from(time.as_micros())
        .unwrap_or(i64::MAX / RATE)
        .saturating_mul(PER_MILLI)
        / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: i64) -> Duration {
        Duration::from_millis(millis as u64)
    }

    #[test]
    fn nothing_is_due_while_packets_come() {
        let mut clock = LiveClock::default();
        assert_eq!((clock.due(ms(5_000), 0), clock.wait(ms(5_000), 0)), (0, None));
        for n in 0..500_i64 {
            let jitter = n * 7 % 90;
            clock.heard(ms(1_000 + n * 20 + jitter), n * 960, false);
            assert_eq!(clock.due(ms(1_000 + n * 20 + jitter), (n + 1) * 960), 0);
        }
        let wait = clock.wait(ms(11_000), 500 * 960).unwrap();
        assert!(wait > ms(100) && wait < ms(260), "{wait:?}");
    }

    /// R-A4: after the packets stop, samples come at the pace of the wall clock.
    #[test]
    fn silence_is_as_long_as_the_wall_clock_says() {
        let mut clock = LiveClock::default();
        clock.heard(ms(1_000), 0, false);
        let mut next = 960;
        let mut now = ms(1_000);
        while now < ms(61_000) {
            now += clock.wait(now, next).unwrap();
            let due = clock.due(now, next);
            assert!(due >= CHUNK, "{due} after the time it asked for");
            next += due;
        }
        let real = samples(now) - samples(ms(1_000));
        assert_eq!(real - next, PATIENCE_WHILE_FILLING);
    }

    /// Packets that all come later than before are waited for from then on, not cut off for ever.
    #[test]
    fn a_longer_path_costs_its_length_once() {
        let mut clock = LiveClock::default();
        let mut next = 0;
        let mut lost = 0;
        for n in 0..500_i64 {
            let at = n * 960;
            let now = ms(1_000 + n * 20 + if n < 100 { 0 } else { 400 });
            next += clock.due(now, next);
            let late = at + 384 < next;
            clock.heard(now, at, late);
            if late {
                lost += 1;
            } else {
                next = next.max(at) + 960;
            }
        }
        assert!(lost < 30, "{lost} packets lost");
    }
}
