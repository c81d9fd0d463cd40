//! What the tracks of one publisher share.

use std::time::Instant;

use super::super::ntp::ntp_between;

/// A point of the publisher's NTP clock on the timeline.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    ntp: u64,
    nanos: i64,
}

/// The timeline of one publisher: one for all its tracks and layers.
#[derive(Debug, Default)]
pub struct SourceClock {
    origin: Option<Instant>,
    anchor: Option<Anchor>,
    /// How often the publisher's NTP clock was set.
    settings: u32,
}

impl SourceClock {
    /// A timeline whose zero is the arrival of the first packet.
    pub fn new() -> SourceClock {
        SourceClock::default()
    }

    /// Nanoseconds from the timeline's zero to `instant`.
    pub(super) fn nanos_at(&mut self, instant: Instant) -> i64 {
        nanos_between(*self.origin.get_or_insert(instant), instant)
    }

    /// Where `ntp` is on the timeline. The first time asked for is put at `first`.
    pub(super) fn nanos_of(&mut self, ntp: u64, first: i64) -> i64 {
        let anchor = *self.anchor.get_or_insert(Anchor { ntp, nanos: first });
        anchor.nanos.saturating_add(ntp_between(anchor.ntp, ntp))
    }

    /// Moves the publisher's NTP clock on the timeline.
    pub(super) fn shift(&mut self, nanos: i64) {
        if let Some(anchor) = &mut self.anchor {
            anchor.nanos = anchor.nanos.saturating_add(nanos);
        }
    }

    /// The publisher's NTP clock was set, forward by `nanos`.
    pub(super) fn was_set(&mut self, nanos: i64) {
        self.shift(nanos.saturating_neg());
        self.settings = self.settings.wrapping_add(1);
    }

    pub(super) fn settings(&self) -> u32 {
        self.settings
    }
}

/// Nanoseconds from `a` to `b`.
pub(super) fn nanos_between(a: Instant, b: Instant) -> i64 {
    let (sign, length) = match b.checked_duration_since(a) {
        Some(length) => (1, length),
        None => (-1, a.saturating_duration_since(b)),
    };
    sign * i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
