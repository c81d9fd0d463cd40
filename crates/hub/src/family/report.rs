//! One stream at one moment, in figures, whatever forms it is read in.

use lianmai_media::TrackKind;

use super::{Family, Origin};
use crate::StreamStats;

impl Family {
    /// Codec facts are those of what the member publishes. Readers and their losses are those of the plain form and of
    /// the feeds, of which a viewer has one per track.
    pub(crate) fn stats(&self) -> StreamStats {
        let air = *self.air();
        let (plain, rtc) = (self.form(Origin::Plain.form()), self.form(Origin::Rtc.form()));
        let (plain, rtc) = (plain.map(|s| s.stats()), rtc.map(|s| s.stats()));
        let (main, other) = match air.last {
            Some(Origin::Rtc) => (rtc, plain.clone()),
            Some(Origin::Plain) | None => (plain.clone(), rtc),
        };
        let mut stats = main.or(other.clone()).unwrap_or_default();
        stats.on_air = air.publisher.is_some();
        if let Some(other) = other {
            stats.publications += other.publications;
            stats.bytes_in += other.bytes_in;
            stats.discontinuities += other.discontinuities;
            stats.corrections += other.corrections;
        }
        let (readers, dropped) = plain.map_or((0, 0), |plain| (plain.readers, plain.dropped));
        let feeds = self.feeds.lock();
        let counted = || feeds.present.iter().filter(|feed| feed.counted);
        let of_kind = |kind| counted().filter(|feed| feed.kind == kind).count();
        stats.readers = readers + of_kind(TrackKind::Video).max(of_kind(TrackKind::Audio));
        let lost: u64 = counted().map(|feed| feed.stats.dropped()).sum();
        stats.dropped = dropped + feeds.dropped_by_departed + lost;
        stats
    }
}
