//! How fast the fastest packets of the last half minute were.

/// A bucket of packets; the last two count.
const BUCKET_NANOS: i64 = 15_000_000_000;

/// Least difference between arrival and sending, with an unknown but constant offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transit {
    present: i64,
    before: i64,
    since: i64,
}

impl Transit {
    /// Of the first packet, which arrived at `now`.
    pub(super) fn new(now: i64, transit: i64) -> Transit {
        Transit {
            present: transit,
            before: transit,
            since: now,
        }
    }

    pub(super) fn push(&mut self, now: i64, transit: i64) {
        if now.saturating_sub(self.since) >= BUCKET_NANOS {
            self.before = self.present;
            self.present = transit;
            self.since = now;
        }
        self.present = self.present.min(transit);
    }

    pub(super) fn least(&self) -> i64 {
        self.present.min(self.before)
    }
}
