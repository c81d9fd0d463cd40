//! Pings and silence.

use std::time::{Duration, Instant};

/// When to ask a silent peer, and when to give it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keepalive {
    /// A ping is sent after so long without a byte from the peer.
    pub ping_after: Duration,
    /// The peer counts as gone after so long without a byte.
    pub silent_after: Duration,
}

impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive {
            ping_after: Duration::from_secs(15),
            silent_after: Duration::from_secs(45),
        }
    }
}

/// What a time-out asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wakeup {
    Nothing,
    /// Send a ping with this number.
    Ping(u32),
    Gone,
}

/// Watches one peer.
#[derive(Debug)]
pub(super) struct Pulse {
    settings: Keepalive,
    start: Instant,
    heard: Instant,
    pinged: bool,
    excused: bool,
}

impl Pulse {
    pub(super) fn new(settings: Keepalive, now: Instant) -> Pulse {
        Pulse {
            settings,
            start: now,
            heard: now,
            pinged: false,
            excused: false,
        }
    }

    /// Bytes arrived.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = false;
        self.excused = false;
    }

    /// The silence so far was ours.
    pub(super) fn excuse(&mut self) {
        self.excused = true;
    }

    pub(super) fn deadline(&self) -> Instant {
        self.heard
            + if self.pinged {
                self.settings.silent_after
            } else {
                self.settings.ping_after
            }
    }

    pub(super) fn timeout(&mut self, now: Instant) -> Wakeup {
        if now < self.deadline() {
            return Wakeup::Nothing;
        }
        if self.excused {
            self.heard(now);
            return Wakeup::Nothing;
        }
        if now >= self.heard + self.settings.silent_after {
            return Wakeup::Gone;
        }
        self.pinged = true;
        // The number is a time in milliseconds by custom; it wraps after 49 days.
        Wakeup::Ping(now.duration_since(self.start).as_millis() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_once_then_gives_up() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pulse = Pulse::new(Keepalive::default(), start);
        assert_eq!(pulse.deadline(), at(15));
        assert_eq!(pulse.timeout(at(14)), Wakeup::Nothing);
        assert_eq!(pulse.timeout(at(15)), Wakeup::Ping(15_000));
        assert_eq!(pulse.timeout(at(16)), Wakeup::Nothing);
        assert_eq!(pulse.deadline(), at(45));
        pulse.heard(at(20));
        assert_eq!(pulse.deadline(), at(35));
        assert_eq!(pulse.timeout(at(35)), Wakeup::Ping(35_000));
        assert_eq!(pulse.timeout(at(65)), Wakeup::Gone);
        pulse.excuse();
        assert_eq!(pulse.timeout(at(65)), Wakeup::Nothing);
        assert_eq!(pulse.deadline(), at(80));
    }
}
