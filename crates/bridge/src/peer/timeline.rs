//! One stream's media time as one viewer sees it.
//!
//! Sound and picture of a stream share it, and sender reports are computed from it, so the viewer can put them together
//! whatever each took on its way (R-S2, R-S3). When the source's time jumps, the viewer's goes on. Pure.

use std::time::Instant;

use lianmai_media::{MediaTime, Timescale};

/// A source that is further from where it should be has jumped.
const JUMP_MILLIS: i64 = 5_000;
/// The same when another source takes over: more than what media may wait on its way.
const OTHER_SOURCE_MILLIS: i64 = 250;

/// From the source's time to the viewer's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// A moment, and the viewer's time then, in milliseconds.
    wall: Instant,
    millis: i64,
    /// The viewer's time minus the source's.
    shift: i64,
}

impl Timeline {
    /// A timeline on which `live`, the newest time of the source, is now.
    pub(crate) fn new(live: MediaTime, now: Instant) -> Timeline {
        Timeline {
            wall: now,
            millis: live.as_millis(),
            shift: 0,
        }
    }

    /// Notes that `live`, the newest time of the source, comes in now. `true` if the source's time has jumped: it then goes
    /// on at the viewer's present time. Another source has another timeline, and every difference that would show counts.
    pub(crate) fn follow(&mut self, live: MediaTime, other_source: bool, now: Instant) -> bool {
        let expected = self.at(now);
        let limit = if other_source {
            OTHER_SOURCE_MILLIS
        } else {
            JUMP_MILLIS
        };
        let jumped = (live.as_millis() + self.shift - expected).abs() > limit;
        if jumped {
            self.shift = expected - live.as_millis();
        }
        jumped
    }

    /// The RTP timestamp of `at` without its random offset, on a clock of `scale`.
    pub(crate) fn rtp(&self, at: MediaTime, scale: Timescale) -> u32 {
        let ticks = at.rebase(scale).map_or(0, MediaTime::ticks);
        let shift = self.shift * i64::from(scale.hz()) / 1_000;
        // RTP time wraps (RFC 3550 §5.1).
        (ticks.wrapping_add(shift)) as u32
    }

    /// The RTP timestamp of the moment `now`, likewise, for sender reports.
    pub(crate) fn rtp_now(&self, now: Instant, scale: Timescale) -> u32 {
        let elapsed = now.saturating_duration_since(self.wall);
        let millis_ticks = self.millis * i64::from(scale.hz()) / 1_000;
        let elapsed_ticks = elapsed.as_secs_f64() * f64::from(scale.hz());
        millis_ticks.wrapping_add(elapsed_ticks as i64) as u32
    }

    /// The viewer's time at `now`, in milliseconds.
    fn at(&self, now: Instant) -> i64 {
        let elapsed = now.saturating_duration_since(self.wall);
        self.millis + i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// R-S2, R-S3: reports of both tracks name the same moment.
    #[test]
    fn both_tracks_map_to_the_same_wall_clock() {
        let start = Instant::now();
        let timeline = Timeline::new(MediaTime::from_millis(10_000), start);
        let later = start + Duration::from_millis(1_500);
        let video = Timescale::new(90_000).unwrap();
        assert_eq!(timeline.rtp_now(later, video), 11_500 * 90);
        assert_eq!(timeline.rtp_now(later, Timescale::OPUS), 11_500 * 48);
        assert_eq!(timeline.rtp(MediaTime::from_millis(11_500), video), 11_500 * 90);
    }

    #[test]
    fn a_jump_of_the_source_is_none_for_the_viewer() {
        let start = Instant::now();
        let mut timeline = Timeline::new(MediaTime::from_millis(100_000), start);
        let later = start + Duration::from_secs(20);
        assert!(
            !timeline.follow(MediaTime::from_millis(118_000), false, later),
            "late, not a jump"
        );
        assert!(timeline.follow(MediaTime::from_millis(40), false, later));
        assert_eq!(
            timeline.rtp(MediaTime::from_millis(40), Timescale::OPUS),
            120_000 * 48
        );
        assert!(!timeline.follow(
            MediaTime::from_millis(80),
            true,
            later + Duration::from_millis(40)
        ));
    }

    /// R-X2: a publisher that comes back another way goes on where the viewer is.
    #[test]
    fn another_source_goes_on_without_a_step() {
        let start = Instant::now();
        let mut timeline = Timeline::new(MediaTime::from_millis(3_000), start);
        let later = start + Duration::from_secs(4);
        assert!(timeline.follow(MediaTime::from_millis(4_100), true, later));
        assert_eq!(
            timeline.rtp(MediaTime::from_millis(4_100), Timescale::OPUS),
            7_000 * 48
        );
    }

    #[test]
    fn time_wraps() {
        let timeline = Timeline::new(MediaTime::from_millis(0), Instant::now());
        let scale = Timescale::new(90_000).unwrap();
        let at = MediaTime::new((1 << 32) + 5, scale);
        assert_eq!(timeline.rtp(at, scale), 5);
    }
}
