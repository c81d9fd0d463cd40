//! The recording's timeline: the stream's, whichever protocol its publisher uses.
//!
//! A stream has a timeline per protocol. Where the publisher comes back over the other one, the wall clock tells how
//! far apart the two are; while it stays, times are those of the stream, gaps included. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lianmai_media::TrackKind;
use tokio::time::Instant;

/// A timeline that was left and is this close to where it should be is taken up as it was.
const CLOSE_MILLIS: i64 = 2_000;
/// The newest frame was not longer on its way than the fastest one and this.
const MOST_JITTER_MILLIS: i64 = 250;
/// Assumed distance to the next frame where none is known.
const STEP_MILLIS: i64 = 20;

/// Moves the timelines of a stream onto the one of its recording.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offsets: [Option<i64>; 2],
    active: [Option<u8>; 2],
    /// Latest time given out, and when.
    newest: Option<(i64, Instant)>,
    /// Wall clock in milliseconds at time zero.
    wall: Option<i64>,
}

impl Clock {
    /// By how many milliseconds a batch of `kind` on `timeline` is to be moved, whose first and last items have these
    /// times. The last one has just come.
    pub(crate) fn place(
        &mut self,
        kind: TrackKind,
        timeline: u8,
        (first, last): (i64, i64),
        now: (Instant, SystemTime),
    ) -> i64 {
        let track = usize::from(kind == TrackKind::Video);
        let line = usize::from(timeline & 1);
        let joined = self.active.contains(&Some(timeline));
        let offset = match self.offsets[line].filter(|_| joined) {
            Some(offset) => offset,
            None => self.join(line, first, last, now.0),
        };
        self.offsets[line] = Some(offset);
        self.active[track] = Some(timeline);
        // What the other track still has of the timeline that was left must not bring it back.
        let out = last.saturating_add(offset);
        if self.newest.is_none_or(|(newest, _)| out >= newest) {
            self.newest = Some((out, now.0));
        }
        let since = now.1.duration_since(UNIX_EPOCH).unwrap_or_default();
        let zero = i64::try_from(since.as_millis())
            .unwrap_or(i64::MAX)
            .saturating_sub(out);
        self.wall = Some(self.wall.map_or(zero, |wall| wall.min(zero)));
        offset
    }

    fn join(&self, line: usize, first: i64, last: i64, now: Instant) -> i64 {
        let Some((newest, at)) = self.newest else {
            return first.saturating_neg();
        };
        let idle = i64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(0);
        let expected = newest.saturating_add(idle);
        let is_close = |offset: &i64| {
            let off = last.saturating_add(*offset).saturating_sub(expected);
            off.saturating_abs() <= CLOSE_MILLIS && first.saturating_add(*offset) > newest
        };
        self.offsets[line].filter(is_close).unwrap_or_else(|| {
            let by_wall = expected.saturating_sub(last);
            by_wall.max(newest.saturating_add(STEP_MILLIS).saturating_sub(first))
        })
    }

    /// The recording's time now: that of the newest frame and what has passed since, or somewhat later where frames have
    /// come faster before.
    pub(crate) fn time_at(&self, now: (Instant, SystemTime)) -> Option<i64> {
        let (newest, at) = self.newest?;
        let idle = i64::try_from(now.0.saturating_duration_since(at).as_millis()).unwrap_or(0);
        let least = newest.saturating_add(idle);
        let since = now.1.duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let by_wall = since.saturating_sub(self.wall?);
        Some(by_wall.clamp(least, least.saturating_add(MOST_JITTER_MILLIS)))
    }

    /// Wall clock at `millis` on the recording's timeline.
    pub(crate) fn wall(&self, millis: i64) -> SystemTime {
        let at = self.wall.unwrap_or(0).saturating_add(millis);
        UNIX_EPOCH + Duration::from_millis(u64::try_from(at).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TrackKind::{Audio, Video};

    #[test]
    fn a_change_of_protocol_goes_on_by_the_wall_clock() {
        let (start, wall) = (Instant::now(), UNIX_EPOCH + Duration::from_secs(1_000));
        let at = |ms: u64| {
            (
                start + Duration::from_millis(ms),
                wall + Duration::from_millis(ms),
            )
        };
        let mut clock = Clock::default();
        assert_eq!(clock.place(Video, 0, (5_000, 5_000), at(0)), -5_000);
        assert_eq!(clock.place(Audio, 0, (5_010, 5_010), at(10)), -5_000);
        assert_eq!(clock.place(Video, 0, (7_000, 7_000), at(2_000)), -5_000);
        // Three seconds later over the other protocol, whose timeline says 40.
        assert_eq!(clock.place(Audio, 1, (40, 40), at(5_000)), 4_960);
        assert_eq!(clock.place(Video, 1, (60, 60), at(5_020)), 4_960);
        // And back, on the first timeline, which counted the time between.
        assert_eq!(clock.place(Video, 0, (15_000, 15_000), at(10_050)), -5_000);
        assert_eq!(clock.wall(2_000), wall + Duration::from_millis(2_000));
    }

    #[test]
    fn it_is_as_late_as_the_fastest_frame_says() {
        let (start, wall) = (Instant::now(), UNIX_EPOCH + Duration::from_secs(1_000));
        let at = |ms: u64| {
            (
                start + Duration::from_millis(ms),
                wall + Duration::from_millis(ms),
            )
        };
        let mut clock = Clock::default();
        assert_eq!(clock.time_at(at(0)), None);
        clock.place(Audio, 0, (0, 0), at(0));
        // 60 ms late.
        clock.place(Audio, 0, (1_000, 1_000), at(1_060));
        assert_eq!(clock.time_at(at(1_100)), Some(1_100));
        // The publisher's clock is slow: what was fast once says nothing.
        clock.place(Audio, 0, (50_000, 50_000), at(51_000));
        assert_eq!(clock.time_at(at(51_010)), Some(50_260));
    }
}
