//! When pictures are key frames, how many come in a second, and which are left out.

/// The longest time between key frames, in milliseconds.
const MAX_GOP: i64 = 2_000;
/// A longer silence than this between pictures is a gap: the next key frame of the source is one here too.
const GAP: i64 = 500;
/// A source further back than this restarted its clock.
const JUMP: i64 = 5_000;
/// Pictures closer together than this are left out: nobody sends more than 60 in a second.
const MIN_STEP: i64 = 10;
/// How far a picture may be behind the newest one waiting, at the start and later, before it is only decoded.
const LATE_AT_START: i64 = 100;
const LATE: i64 = 400;
/// The rate is measured over this long.
const WINDOW: i64 = 2_000;
/// What is assumed until then.
const USUAL_RATE: f64 = 30.0;

/// What to do with a decoded picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Encode it; as a key frame if so.
    Encode { keyframe: bool },
    /// Leave it out.
    Leave,
    /// The source's clock went back: begin anew with it.
    Restart,
}

/// The pace of one picture track. Times in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    last: Option<i64>,
    last_key: i64,
    /// A key frame is wanted of the first picture from here on.
    want_key: Option<i64>,
    last_source: Option<i64>,
    rate: f64,
    window: (i64, u32),
}

impl Pace {
    pub(super) fn new() -> Pace {
        Pace {
            last: None,
            last_key: 0,
            want_key: None,
            last_source: None,
            rate: USUAL_RATE,
            window: (0, 0),
        }
    }

    /// The source's own word about its rate.
    pub(super) fn announce(&mut self, rate: f64) {
        if self.last.is_none() && (1.0..=120.0).contains(&rate) {
            self.rate = rate;
        }
    }

    /// Pictures in a second, announced or measured.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// A coded picture arrived from the source with this decoding time.
    pub(super) fn source(&mut self, dts: i64, pts: i64, keyframe: bool) {
        let gap = self.last_source.is_some_and(|last| dts - last > GAP);
        if keyframe && gap {
            self.want_key = Some(pts);
        }
        self.last_source = Some(dts);
    }

    /// The next picture is to be a key frame.
    pub(super) fn want_key(&mut self) {
        self.want_key = Some(i64::MIN);
    }

    /// Whether pictures of a packet are too late to be encoded when one of `newest` waits already.
    pub(super) fn is_late(&self, dts: i64, newest: i64) -> bool {
        let limit = if self.last.is_some() { LATE } else { LATE_AT_START };
        newest.saturating_sub(dts) > limit
    }

    /// What to do with a picture to be shown at `pts`.
    pub(super) fn step(&mut self, pts: i64) -> Step {
        let Some(last) = self.last else {
            self.last = Some(pts);
            self.last_key = pts;
            self.window = (pts, 0);
            self.want_key = None;
            return Step::Encode { keyframe: true };
        };
        if pts < last - JUMP {
            *self = Pace {
                rate: self.rate,
                ..Pace::new()
            };
            return Step::Restart;
        }
        if pts < last + MIN_STEP {
            return Step::Leave;
        }
        self.measure(pts);
        self.last = Some(pts);
        let wanted = self.want_key.is_some_and(|from| pts >= from);
        let usual = (1_000.0 / self.rate) as i64;
        let keyframe = wanted || pts - self.last_key + usual > MAX_GOP;
        if keyframe {
            self.last_key = pts;
            self.want_key = None;
        }
        Step::Encode { keyframe }
    }

    fn measure(&mut self, pts: i64) {
        let (since, count) = self.window;
        let span = pts - since;
        if span >= WINDOW {
            if span < 2 * WINDOW {
                self.rate = f64::from(count + 1) * 1_000.0 / span as f64;
            }
            self.window = (pts, 0);
        } else {
            self.window = (since, count + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: Step = Step::Encode { keyframe: true };
    const INTER: Step = Step::Encode { keyframe: false };

    #[test]
    fn the_first_picture_and_one_after_each_gap_are_key_frames() {
        let mut pace = Pace::new();
        assert_eq!(pace.step(5_000), KEY);
        for n in 1..10 {
            pace.source(5_000 + n * 40, 5_000 + n * 40, false);
            assert_eq!(pace.step(5_000 + n * 40), INTER);
        }
        pace.source(6_500, 6_580, true);
        // Held back by reordering, of before the gap.
        assert_eq!(pace.step(5_400), INTER);
        assert_eq!(pace.step(6_580), KEY);
        assert_eq!(pace.step(6_620), INTER);
    }

    #[test]
    fn the_rate_is_measured() {
        let mut pace = Pace::new();
        pace.announce(60.0);
        assert_eq!(pace.rate(), 60.0);
        for n in 0..100 {
            pace.step(n * 1_000 / 15);
        }
        assert!((pace.rate() - 15.0).abs() < 0.5, "{}", pace.rate());
        pace.announce(60.0);
        assert!(pace.rate() < 16.0);
    }

    #[test]
    fn pictures_too_close_or_out_of_order_are_left_out() {
        let mut pace = Pace::new();
        assert_eq!(pace.step(100_000), KEY);
        assert_eq!(pace.step(100_000), Step::Leave);
        assert_eq!(pace.step(99_960), Step::Leave);
        assert_eq!(pace.step(100_005), Step::Leave);
        assert_eq!(pace.step(100_016), INTER);
        assert_eq!(pace.step(10), Step::Restart);
        assert_eq!(pace.step(10), KEY);
    }

    #[test]
    fn a_backlog_is_decoded_only() {
        let mut pace = Pace::new();
        assert!(pace.is_late(0, 2_000) && pace.is_late(1_880, 2_000) && !pace.is_late(1_920, 2_000));
        pace.step(1_960);
        assert!(!pace.is_late(2_000, 2_300) && pace.is_late(2_000, 2_401));
    }

    proptest! {
        /// Whatever the rate, key frames are never more than two seconds apart while pictures come.
        #[test]
        fn key_frames_come_in_time(steps in prop::collection::vec(12_i64..200, 50..400)) {
            let mut pace = Pace::new();
            let (mut pts, mut last_key) = (0, 0);
            for step in steps {
                match pace.step(pts) {
                    Step::Encode { keyframe: true } => last_key = pts,
                    other => prop_assert_eq!(other, INTER),
                }
                prop_assert!(pts - last_key <= MAX_GOP + 200, "{} after {}", pts, last_key);
                pts += step;
            }
        }
    }
}
