//! Where an input's stamps lie on the mix's timeline: one answer for its sound and its pictures (R-M1).
//!
//! The least and the greatest delay between stamp and arrival of the last seconds say how long the input has to be held
//! back so that it is there when its turn comes. Pure: arrivals and stamps come in, as positions at 48 kHz.

use lianmai_media::TrackKind;

use crate::timeline::{PER_MILLI, RATE};

/// Delays are remembered for one to two of these.
const WINDOW: i64 = 5 * RATE;
/// At the start, as long is waited for past media to pass: a player is sent what the stream has kept first.
const SETTLE: i64 = 100 * PER_MILLI;
/// Kept in hand beyond the latest arrival: the sum's step, and some.
const MARGIN: i64 = 35 * PER_MILLI;
/// What later arrivals may add: of sound, and of pictures, which sound does not wait for longer than that.
const MOST_SOUND: i64 = 300 * PER_MILLI;
const MOST_PICTURE: i64 = 150 * PER_MILLI;
/// A larger step than this is taken at once, a smaller one slowly.
const STEP: i64 = 100 * PER_MILLI;
/// Late media counts at once from here on.
const LATE: i64 = 15 * PER_MILLI;
/// Slow steps: one part in this many of the time that passes, within what resampling takes up.
const SLEW: i64 = 300;
/// Stamps that jump by this began anew.
const JUMP: i64 = 3 * RATE;

/// The clock of one input's connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct InputClock {
    since: Option<i64>,
    last: i64,
    /// Sound, pictures: the window that fills, and the one before.
    windows: [[Option<Span>; 2]; 2],
    window_since: i64,
    offset: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    least: i64,
    most: i64,
}

impl InputClock {
    /// A packet stamped `stamp` arrived at `now`.
    pub(crate) fn heard(&mut self, kind: TrackKind, stamp: i64, now: i64) {
        let delay = now.saturating_sub(stamp);
        let base = self.base();
        let jumped = base.is_some_and(|base| {
            delay < base.saturating_sub(JUMP) || (self.offset.is_some() && delay > base.saturating_add(JUMP))
        });
        if jumped {
            // What comes late as a whole is a stall; it also settles anew then.
            *self = InputClock::default();
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(self.window_since) > WINDOW {
            self.window_since = now;
            for [current, before] in &mut self.windows {
                *before = current.take();
            }
        }
        let [current, _] = &mut self.windows[usize::from(kind == TrackKind::Video)];
        let settled = self.offset.is_some();
        *current = Some(match *current {
            Some(span) => Span {
                least: span.least.min(delay),
                // What was kept of the past came late because it is old.
                most: if settled {
                    span.most.max(delay)
                } else {
                    span.least.min(delay)
                },
            },
            None => Span {
                least: delay,
                most: delay,
            },
        });
        if settled {
            self.follow(now);
        } else if now.saturating_sub(since) >= SETTLE {
            self.offset = self.target();
        }
        self.last = now;
    }

    /// What to add to a stamp of this input; `None` while it settles.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.offset
    }

    /// The same, when `now` is late enough to settle without a packet.
    pub(crate) fn settle(&mut self, now: i64) -> Option<i64> {
        if self.offset.is_none()
            && self
                .since
                .is_some_and(|since| now.saturating_sub(since) >= SETTLE)
        {
            self.offset = self.target();
        }
        self.offset
    }

    fn base(&self) -> Option<i64> {
        self.windows
            .iter()
            .flatten()
            .flatten()
            .map(|span| span.least)
            .min()
    }

    fn target(&self) -> Option<i64> {
        let base = self.base()?;
        let most = |track: &[Option<Span>; 2], limit: i64| {
            let most = track.iter().flatten().map(|span| span.most).max();
            most.map(|most| most.min(base + limit))
        };
        let [sound, pictures] = &self.windows;
        let latest = most(sound, MOST_SOUND).max(most(pictures, MOST_PICTURE));
        Some(latest? + MARGIN)
    }

    fn follow(&mut self, now: i64) {
        let (Some(offset), Some(target)) = (self.offset, self.target()) else {
            return;
        };
        let error = target - offset;
        let slow = (now.saturating_sub(self.last).max(0) / SLEW).max(1);
        self.offset = Some(if error > LATE || error.abs() > STEP {
            target
        } else {
            offset + error.clamp(-slow, slow)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: i64) -> i64 {
        millis * PER_MILLI
    }

    /// Past media at the start does not make the input late for ever.
    #[test]
    fn the_past_is_passed_over() {
        let mut clock = InputClock::default();
        for n in 0..100 {
            clock.heard(TrackKind::Audio, ms(n * 20), ms(5_000 + n / 50));
        }
        assert_eq!(clock.offset(), None);
        for n in 100..400 {
            clock.heard(TrackKind::Audio, ms(n * 20), ms(5_000 + (n - 99) * 20));
        }
        // 1 980 was the newest at 5 000.
        let offset = clock.offset().unwrap() / PER_MILLI;
        assert!((3_020..=3_080).contains(&offset), "{offset}");
    }

    /// R-M1: what jitters is held back by as much, and not by more than a bound.
    #[test]
    fn jitter_costs_its_length() {
        let mut clock = InputClock::default();
        let mut late = 0;
        for n in 0..1_000 {
            let jitter = n * 7 % 60;
            let now = ms(1_000 + n * 20 + jitter);
            clock.heard(TrackKind::Audio, ms(n * 20), now);
            if n > 50 {
                let due = ms(n * 20) + clock.offset().unwrap();
                late += u32::from(due < now + ms(20));
            }
        }
        assert_eq!(late, 0);
        let held = clock.offset().unwrap() / PER_MILLI - 1_000;
        assert!((80..110).contains(&held), "{held}");
        // Pictures that come much later than sound: sound waits for them up to a bound.
        for n in 1_000..2_000 {
            clock.heard(TrackKind::Audio, ms(n * 20), ms(1_000 + n * 20));
            clock.heard(TrackKind::Video, ms(n * 20), ms(1_800 + n * 20));
        }
        let held = clock.offset().unwrap() / PER_MILLI - 1_000;
        assert!(held < 200, "{held}");
    }

    #[test]
    fn clocks_that_differ_are_followed_slowly_and_jumps_at_once() {
        let mut clock = InputClock::default();
        let mut before: Option<i64> = None;
        for n in 0..6_000_i64 {
            // 300 parts per million.
            let now = ms(1_000) + ms(n * 20) * 10_003 / 10_000;
            clock.heard(TrackKind::Audio, ms(n * 20), now);
            if let (Some(before), Some(offset)) = (before, clock.offset()) {
                assert!((offset - before).abs() <= ms(1), "{n}");
            }
            before = clock.offset();
            assert!(n < 20 || ms(n * 20) + clock.offset().unwrap() >= now + ms(20));
        }
        // The source began anew at zero.
        for n in 0..50 {
            clock.heard(TrackKind::Audio, ms(n * 20), ms(200_000 + n * 20));
        }
        let offset = clock.offset().unwrap() / PER_MILLI;
        assert!((200_000..200_100).contains(&offset), "{offset}");
    }
}
