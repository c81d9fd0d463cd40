//! Media time: ticks on a named scale, with checked arithmetic.
//!
//! A [`MediaTime`] is a point on one stream's timeline, a [`MediaDuration`] a distance on it; both carry their
//! [`Timescale`], and arithmetic between different scales is an error rather than a silent mix. Wire times
//! (RTMP and RTP carry 32 bits that wrap) enter only through a [`TimestampUnwrapper`].

use std::cmp::Ordering;
use std::num::NonZeroU32;

/// Ticks per second of a timeline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Timescale(NonZeroU32);

impl Timescale {
    /// 1 000 ticks per second: RTMP and FLV (Adobe RTMP 1.0 §5.3.1).
    pub const MILLIS: Timescale = Timescale(NonZeroU32::new(1_000).unwrap());
    /// 90 000 ticks per second: RTP video (RFC 6184 §8.2.1).
    pub const RTP_VIDEO: Timescale = Timescale(NonZeroU32::new(90_000).unwrap());
    /// 48 000 ticks per second: Opus over RTP (RFC 7587 §4.1).
    pub const OPUS: Timescale = Timescale(NonZeroU32::new(48_000).unwrap());

    /// A scale of `hz` ticks per second; `None` for zero.
    pub const fn new(hz: u32) -> Option<Timescale> {
        match NonZeroU32::new(hz) {
            Some(hz) => Some(Timescale(hz)),
            None => None,
        }
    }

    /// Ticks per second.
    pub const fn hz(self) -> u32 {
        self.0.get()
    }
}

/// Why an operation on times has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TimeError {
    /// The operands are on different timescales; rebase one of them first.
    #[error("timescales differ: {0} Hz and {1} Hz")]
    ScaleMismatch(u32, u32),
    /// The result does not fit in 64 bits of ticks.
    #[error("media time overflows")]
    Overflow,
}

fn same_scale(a: Timescale, b: Timescale) -> Result<(), TimeError> {
    if a == b {
        Ok(())
    } else {
        Err(TimeError::ScaleMismatch(a.hz(), b.hz()))
    }
}

/// `ticks` of scale `from` on scale `to`, rounded towards negative infinity.
fn rescale(ticks: i64, from: Timescale, to: Timescale) -> Result<i64, TimeError> {
    if from == to {
        return Ok(ticks);
    }
    let scaled = (i128::from(ticks) * i128::from(to.hz())).div_euclid(i128::from(from.hz()));
    i64::try_from(scaled).map_err(|_| TimeError::Overflow)
}

fn compare(a: (i64, Timescale), b: (i64, Timescale)) -> Ordering {
    (i128::from(a.0) * i128::from(b.1.hz())).cmp(&(i128::from(b.0) * i128::from(a.1.hz())))
}

/// A point on a stream's timeline. Points on different scales compare exactly.
#[derive(Clone, Copy, Debug)]
pub struct MediaTime {
    ticks: i64,
    scale: Timescale,
}

impl MediaTime {
    /// The point `ticks` after the timeline's zero.
    pub const fn new(ticks: i64, scale: Timescale) -> MediaTime {
        MediaTime { ticks, scale }
    }

    /// The point `millis` milliseconds after zero, on the millisecond scale.
    pub const fn from_millis(millis: i64) -> MediaTime {
        MediaTime::new(millis, Timescale::MILLIS)
    }

    /// Ticks since zero.
    pub const fn ticks(self) -> i64 {
        self.ticks
    }

    /// The scale of [`ticks`](Self::ticks).
    pub const fn scale(self) -> Timescale {
        self.scale
    }

    /// This point moved by `by`.
    ///
    /// # Errors
    /// [`TimeError::ScaleMismatch`] when the scales differ, [`TimeError::Overflow`] past 64 bits.
    pub fn checked_add(self, by: MediaDuration) -> Result<MediaTime, TimeError> {
        same_scale(self.scale, by.scale)?;
        let ticks = self.ticks.checked_add(by.ticks).ok_or(TimeError::Overflow)?;
        Ok(MediaTime {
            ticks,
            scale: self.scale,
        })
    }

    /// How far this point is after `earlier`; negative when it is before.
    ///
    /// # Errors
    /// As [`checked_add`](Self::checked_add).
    pub fn checked_since(self, earlier: MediaTime) -> Result<MediaDuration, TimeError> {
        same_scale(self.scale, earlier.scale)?;
        let ticks = self.ticks.checked_sub(earlier.ticks).ok_or(TimeError::Overflow)?;
        Ok(MediaDuration {
            ticks,
            scale: self.scale,
        })
    }

    /// The same point on another scale, rounded towards negative infinity.
    ///
    /// # Errors
    /// [`TimeError::Overflow`] past 64 bits.
    pub fn rebase(self, scale: Timescale) -> Result<MediaTime, TimeError> {
        Ok(MediaTime {
            ticks: rescale(self.ticks, self.scale, scale)?,
            scale,
        })
    }

    /// Whole milliseconds since zero, rounded down and saturating at the ends of 64 bits.
    pub fn as_millis(self) -> i64 {
        saturating_millis(self.ticks, self.scale)
    }
}

/// A distance on a stream's timeline; may be negative.
#[derive(Clone, Copy, Debug)]
pub struct MediaDuration {
    ticks: i64,
    scale: Timescale,
}

impl MediaDuration {
    /// A distance of `ticks`.
    pub const fn new(ticks: i64, scale: Timescale) -> MediaDuration {
        MediaDuration { ticks, scale }
    }

    /// A distance of `millis` milliseconds, on the millisecond scale.
    pub const fn from_millis(millis: i64) -> MediaDuration {
        MediaDuration::new(millis, Timescale::MILLIS)
    }

    /// Length in ticks.
    pub const fn ticks(self) -> i64 {
        self.ticks
    }

    /// The scale of [`ticks`](Self::ticks).
    pub const fn scale(self) -> Timescale {
        self.scale
    }

    /// The same length on another scale, rounded towards negative infinity.
    ///
    /// # Errors
    /// [`TimeError::Overflow`] past 64 bits.
    pub fn rebase(self, scale: Timescale) -> Result<MediaDuration, TimeError> {
        Ok(MediaDuration {
            ticks: rescale(self.ticks, self.scale, scale)?,
            scale,
        })
    }

    /// Whole milliseconds, rounded down and saturating at the ends of 64 bits.
    pub fn as_millis(self) -> i64 {
        saturating_millis(self.ticks, self.scale)
    }
}

fn saturating_millis(ticks: i64, scale: Timescale) -> i64 {
    match rescale(ticks, scale, Timescale::MILLIS) {
        Ok(millis) => millis,
        Err(_) if ticks < 0 => i64::MIN,
        Err(_) => i64::MAX,
    }
}

macro_rules! ordered_across_scales {
    ($type:ty) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }
        impl Eq for $type {}
        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $type {
            fn cmp(&self, other: &Self) -> Ordering {
                compare((self.ticks, self.scale), (other.ticks, other.scale))
            }
        }
    };
}
ordered_across_scales!(MediaTime);
ordered_across_scales!(MediaDuration);

/// Turns 32-bit wrapping wire timestamps into a [`MediaTime`] that keeps counting past the wrap.
///
/// Each stamp is taken as the one nearest to the previous (at most 2^31 ticks away), which is the reading of
/// RTMP (Adobe RTMP 1.0 §5.3.1) and RTP (RFC 3550 §5.1) alike.
#[derive(Clone, Debug)]
pub struct TimestampUnwrapper {
    scale: Timescale,
    last: Option<i64>,
}

impl TimestampUnwrapper {
    /// An unwrapper for stamps of `scale` ticks per second.
    pub const fn new(scale: Timescale) -> TimestampUnwrapper {
        TimestampUnwrapper { scale, last: None }
    }

    /// The point `wire` stands for. The first stamp is taken as it is.
    pub fn unwrap_timestamp(&mut self, wire: u32) -> MediaTime {
        let ticks = match self.last {
            None => i64::from(wire),
            Some(last) => {
                // The low 32 bits of `last`, compared modulo 2^32: the signed difference is the nearest reading.
                let difference = wire.wrapping_sub(last as u32) as i32;
                last.saturating_add(i64::from(difference))
            }
        };
        self.last = Some(ticks);
        MediaTime::new(ticks, self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unwrap_all(stamps: &[u32]) -> Vec<i64> {
        let mut unwrapper = TimestampUnwrapper::new(Timescale::MILLIS);
        stamps
            .iter()
            .map(|&s| unwrapper.unwrap_timestamp(s).ticks())
            .collect()
    }

    /// R-T3: the roll-over at 2^32 goes on counting, in both directions.
    #[test]
    fn roll_over_keeps_counting() {
        assert_eq!(
            unwrap_all(&[0xFFFF_FFF0, 0xFFFF_FFFF, 4, 0xFFFF_FFFE, 10]),
            vec![
                0xFFFF_FFF0,
                0xFFFF_FFFF,
                0x1_0000_0004,
                0xFFFF_FFFE,
                0x1_0000_000A
            ]
        );
        assert_eq!(
            unwrap_all(&[0x00FF_FFFE, 0x00FF_FFFF, 0x0100_0000]),
            vec![0x00FF_FFFE, 0x00FF_FFFF, 0x0100_0000]
        );
        assert_eq!(unwrap_all(&[5, 0xFFFF_FFFF]), vec![5, -1]);
    }

    #[test]
    fn scales_do_not_mix_silently() {
        let time = MediaTime::from_millis(1_000);
        let step = MediaDuration::new(90_000, Timescale::RTP_VIDEO);
        assert_eq!(
            time.checked_add(step),
            Err(TimeError::ScaleMismatch(1_000, 90_000))
        );
        assert_eq!(
            time.checked_add(step.rebase(Timescale::MILLIS).unwrap())
                .unwrap()
                .as_millis(),
            2_000
        );
        assert_eq!(MediaTime::new(90_000, Timescale::RTP_VIDEO), time);
        assert!(MediaTime::new(90_001, Timescale::RTP_VIDEO) > time);
    }

    #[test]
    fn overflow_is_an_error() {
        let end = MediaTime::new(i64::MAX, Timescale::MILLIS);
        assert_eq!(
            end.checked_add(MediaDuration::from_millis(1)),
            Err(TimeError::Overflow)
        );
        assert_eq!(end.rebase(Timescale::RTP_VIDEO), Err(TimeError::Overflow));
        assert_eq!(
            MediaTime::new(i64::MIN, Timescale::new(1).unwrap()).as_millis(),
            i64::MIN
        );
    }

    proptest! {
        #[test]
        fn unwrapping_follows_small_steps(start: u32, steps in prop::collection::vec(-100_000i64..100_000, 0..50)) {
            let mut unwrapper = TimestampUnwrapper::new(Timescale::MILLIS);
            let mut expected = i64::from(start);
            prop_assert_eq!(unwrapper.unwrap_timestamp(start).ticks(), expected);
            for step in steps {
                expected += step;
                prop_assert_eq!(unwrapper.unwrap_timestamp(expected as u32).ticks(), expected);
            }
        }

        #[test]
        fn rebasing_to_a_finer_scale_and_back_is_lossless(millis in -1_000_000_000i64..1_000_000_000) {
            let time = MediaTime::from_millis(millis);
            let fine = time.rebase(Timescale::RTP_VIDEO).unwrap();
            prop_assert_eq!(fine, time);
            prop_assert_eq!(fine.as_millis(), millis);
        }
    }
}
