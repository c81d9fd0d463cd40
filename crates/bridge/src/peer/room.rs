//! Whether a viewer's connection has room for a picture.
//!
//! The estimate of a connection that carries sound only says little about what it would carry, and rises all the same.
//! So a picture that had to be taken away comes back as a trial: when the estimate allows it, and the later the more
//! often that went wrong. Pure.

use std::time::{Duration, Instant};

/// Taken away when less than this share of it fits, and back when this share does.
const STARVING: f64 = 0.6;
const ENOUGH: f64 = 0.9;
/// First and longest wait before a picture comes back.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A picture that stayed as long was no failed trial.
const STAYED: Duration = Duration::from_secs(20);

/// One picture's room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Since when there is none.
    lacking: Option<Instant>,
    /// When the picture came back.
    back: Option<Instant>,
    wait: Duration,
}

impl Room {
    pub(crate) fn new() -> Room {
        Room {
            lacking: None,
            back: None,
            wait: FIRST_WAIT,
        }
    }

    /// Whether there is none.
    pub(crate) fn is_lacking(&self) -> bool {
        self.lacking.is_some()
    }

    /// Takes what the picture needs and what is available, in bits per second. Whether anything changed.
    pub(crate) fn look(&mut self, needed: f64, available: f64, now: Instant) -> bool {
        match self.lacking {
            None if needed * STARVING > available => {
                let stayed = self.back.map(|back| now.saturating_duration_since(back));
                self.wait = match stayed {
                    Some(stayed) if stayed < STAYED => (self.wait * 2).min(LONGEST_WAIT),
                    _ => FIRST_WAIT,
                };
                self.lacking = Some(now);
                true
            }
            Some(since)
                if needed * ENOUGH < available && now.saturating_duration_since(since) >= self.wait =>
            {
                self.lacking = None;
                self.back = Some(now);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: f64 = 1_000_000.0;

    #[test]
    fn a_picture_goes_at_once_and_comes_back_later_and_later() {
        let start = Instant::now();
        let mut room = Room::new();
        assert!(!room.look(NEEDED, 700_000.0, start));
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..6 {
            assert!(room.look(NEEDED, 250_000.0, now));
            let since = now;
            // The estimate rises at once, and is wrong.
            while !room.look(NEEDED, 2_000_000.0, now) {
                assert!(room.is_lacking());
                now += Duration::from_millis(500);
            }
            waits.push((now - since).as_secs());
            now += Duration::from_secs(2);
        }
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        // It stays for long: that is forgotten.
        assert!(room.look(NEEDED, 250_000.0, now + STAYED));
        assert!(room.look(NEEDED, 2_000_000.0, now + STAYED + FIRST_WAIT));
    }

    #[test]
    fn a_little_less_than_needed_is_no_reason() {
        let start = Instant::now();
        let mut room = Room::new();
        for second in 0..60 {
            assert!(!room.look(NEEDED, 650_000.0, start + Duration::from_secs(second)));
        }
        assert!(room.look(NEEDED, 500_000.0, start));
        let later = start + Duration::from_secs(60);
        assert!(!room.look(NEEDED, 800_000.0, later), "not before it fits");
    }
}
