//! Media time to RTP timestamps and sender reports.

use lianmai_media::{MediaTime, Timescale};

use super::ntp::{SECOND, ntp_between, ticks};

/// Timestamps of one SSRC that we send.
#[derive(Clone, Copy, Debug)]
pub struct SendClock {
    scale: Timescale,
    offset: u32,
}

impl SendClock {
    /// A clock whose timestamps start at the random `offset` (RFC 3550 §5.1).
    pub fn new(scale: Timescale, offset: u32) -> SendClock {
        SendClock { scale, offset }
    }

    /// The RTP timestamp of a point on the stream's timeline.
    pub fn timestamp(&self, time: MediaTime) -> u32 {
        let ticks = time.rebase(self.scale).map_or(0, MediaTime::ticks);
        // Timestamps wrap: the low 32 bits are what is wanted.
        self.offset.wrapping_add(ticks as u32)
    }
}

/// NTP time and RTP timestamp of one instant, for a sender report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SenderTimes {
    /// NTP time, 64 bits.
    pub ntp: u64,
    /// RTP timestamp.
    pub rtp: u32,
}

/// A frame that is farther from its expected time is where the timeline is now; nearer ones only pull at it.
const JUMP: i64 = SECOND / 2;
/// How much one frame pulls. The source's clock may be 100 ppm off: 2 ms behind at 50 frames per second.
const PULL: i64 = 1_024;

/// Which wall-clock time belongs to which point of the timeline: one for all tracks that one viewer gets of a stream,
/// so that the reports of all of them tell the same (R-S3).
#[derive(Clone, Copy, Debug, Default)]
pub struct TimelineAnchor {
    /// NTP time, and nanoseconds on the timeline.
    point: Option<(u64, i64)>,
}

impl TimelineAnchor {
    /// An anchor that [`observe`](Self::observe) sets.
    pub fn new() -> TimelineAnchor {
        TimelineAnchor::default()
    }

    /// A frame of media time `time` became known at the wall-clock time `ntp`. Frames out of the past, such as those
    /// between the last key frame and a new viewer, are not to be told.
    pub fn observe(&mut self, time: MediaTime, ntp: u64) {
        let here = nanos_of(time);
        self.point = Some(match self.point {
            Some((start, nanos)) => {
                let error = here.saturating_sub(nanos.saturating_add(ntp_between(start, ntp)));
                if error.saturating_abs() > JUMP {
                    (ntp, here)
                } else {
                    (start, nanos.saturating_add(error / PULL))
                }
            }
            None => (ntp, here),
        });
    }

    /// What a report sent at `ntp` says of the track with `clock`; `None` before the first frame.
    pub fn sender_times(&self, clock: &SendClock, ntp: u64) -> Option<SenderTimes> {
        let (start, nanos) = self.point?;
        let here = nanos.saturating_add(ntp_between(start, ntp));
        Some(SenderTimes {
            ntp,
            rtp: clock.offset.wrapping_add(ticks(here, clock.scale) as u32),
        })
    }
}

fn nanos_of(time: MediaTime) -> i64 {
    super::ntp::nanos(time.ticks(), time.scale())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NTP: u64 = 1 << 32;

    /// R-T3: timestamps wrap.
    #[test]
    fn timestamps_start_at_the_offset_and_wrap() {
        let clock = SendClock::new(Timescale::RTP_VIDEO, u32::MAX - 89);
        assert_eq!(clock.timestamp(MediaTime::from_millis(0)), u32::MAX - 89);
        assert_eq!(clock.timestamp(MediaTime::from_millis(1)), 0);
        assert_eq!(clock.timestamp(MediaTime::from_millis(1_000)), 89_910);
    }

    /// R-S3: reports of both tracks say the same, whenever they are sent.
    #[test]
    fn reports_follow_the_timeline_not_the_call() {
        let (video, audio) = (
            SendClock::new(Timescale::RTP_VIDEO, 7),
            SendClock::new(Timescale::OPUS, 1_000_000),
        );
        let mut anchor = TimelineAnchor::new();
        assert_eq!(anchor.sender_times(&video, 1), None);
        let start = 3_900_000_000 << 32;
        anchor.observe(MediaTime::from_millis(10_000), start);
        let later = start + SECOND_NTP / 2;
        let times = anchor.sender_times(&video, later).unwrap();
        assert_eq!(
            (times.ntp, times.rtp),
            (later, video.timestamp(MediaTime::from_millis(10_500)))
        );
        let times = anchor.sender_times(&audio, start + 3 * SECOND_NTP).unwrap();
        assert_eq!(times.rtp, audio.timestamp(MediaTime::from_millis(13_000)));
    }

    #[test]
    fn the_anchor_follows_drift_and_jumps() {
        let clock = SendClock::new(Timescale::MILLIS, 0);
        let mut anchor = TimelineAnchor::new();
        let at = |seconds: f64| (3_900_000_000_u64 << 32) + (seconds * SECOND_NTP as f64) as u64;
        // An hour of a source that is 100 ppm fast.
        for frame in 0..180_000_u32 {
            let seconds = f64::from(frame) / 50.0;
            anchor.observe(
                MediaTime::new(
                    (seconds * 1e6 * 1.000_1) as i64,
                    Timescale::new(1_000_000).unwrap(),
                ),
                at(seconds),
            );
        }
        let rtp = anchor.sender_times(&clock, at(3_600.0)).unwrap().rtp;
        assert!(rtp.abs_diff(3_600_360) <= 5, "{rtp}");
        anchor.observe(MediaTime::from_millis(9_000_000), at(3_601.0));
        assert_eq!(anchor.sender_times(&clock, at(3_602.0)).unwrap().rtp, 9_001_000);
    }
}
