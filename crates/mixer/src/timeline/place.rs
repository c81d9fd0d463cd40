//! Placing one block of decoded sound after another.

use super::drift::Drift;
use super::{PER_MILLI, RATE};

/// A source further back than this restarted its clock.
const JUMP: i64 = 5 * RATE;

/// What counts as a gap, and what is done about it. All lengths in samples at 48 kHz.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Policy {
    /// A block may be stamped so much later than the count has it and still just goes on.
    pub(crate) early_limit: i64,
    /// A block may be stamped so much before the count and still just goes on.
    pub(crate) late_limit: i64,
    /// Gaps up to this are filled; past it the timeline is anchored anew.
    pub(crate) fill: i64,
    /// At most this much of a gap is concealed, the rest is silence.
    pub(crate) conceal: i64,
}

impl Policy {
    /// For stamps made by encoders on a millisecond clock, which jitter and come in groups: AAC and MP3 over RTMP.
    pub(crate) const STAMPED: Policy = Policy {
        early_limit: 60 * PER_MILLI,
        late_limit: 250 * PER_MILLI,
        fill: 0,
        conceal: 0,
    };

    /// For stamps that are sample counts, where a gap is a lost packet or silence left out: Opus.
    pub(crate) const COUNTED: Policy = Policy {
        early_limit: 8 * PER_MILLI,
        late_limit: 8 * PER_MILLI,
        fill: JUMP,
        conceal: 100 * PER_MILLI,
    };
}

/// What to do with a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placement {
    /// The output starts anew with this block, at this position.
    Anchor {
        /// Where.
        at: i64,
    },
    /// It follows what is there.
    Continue,
    /// Samples are missing before it: first so many concealed, then so many silent.
    Fill {
        /// To conceal.
        conceal: i64,
        /// Silent.
        silence: i64,
    },
    /// So many samples at its start were written already.
    Skip {
        /// To leave out.
        samples: i64,
    },
}

/// The timeline of one output.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    policy: Policy,
    drift: Drift,
    anchored: bool,
    /// How much was concealed since the last block of sound.
    concealed: i64,
    /// Something was made up or cut off: the next block shows where exactly the sound is.
    realign: bool,
}

impl Timeline {
    /// A timeline without an anchor.
    pub(crate) fn new(policy: Policy) -> Timeline {
        Timeline {
            policy,
            drift: Drift::default(),
            anchored: false,
            concealed: 0,
            realign: false,
        }
    }

    /// Another policy from the next block on; the anchor stays.
    pub(crate) fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.drift.reset();
    }

    /// Whether there was a block yet.
    pub(crate) fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Where a block stamped `at` goes when the next sample to be written is `next`.
    pub(crate) fn place(&mut self, at: i64, next: i64) -> Placement {
        let ahead = at.saturating_sub(next);
        if self.anchored && self.goes_on(ahead) {
            self.drift.observe(at, ahead);
            self.realign = false;
            return Placement::Continue;
        }
        self.drift.reset();
        if !self.anchored || ahead > self.policy.fill || ahead < -JUMP {
            self.anchored = true;
            self.realign = false;
            return Placement::Anchor { at };
        }
        if ahead < 0 {
            self.realign = self.policy.fill > 0;
            return Placement::Skip { samples: -ahead };
        }
        let (conceal, silence) = self.fill(ahead);
        self.realign = false;
        Placement::Fill { conceal, silence }
    }

    fn goes_on(&self, ahead: i64) -> bool {
        if self.realign {
            return ahead.abs() <= PER_MILLI;
        }
        (-self.policy.late_limit..=self.policy.early_limit).contains(&ahead)
    }

    /// The block placed last was sound, not another stand-in for it.
    pub(crate) fn sounded(&mut self) {
        self.concealed = 0;
    }

    /// What to write when `samples` are due and no block came: so many concealed, so many silent.
    pub(crate) fn fill(&mut self, samples: i64) -> (i64, i64) {
        let conceal = samples.min((self.policy.conceal - self.concealed).max(0));
        self.concealed += conceal;
        self.realign = self.policy.fill > 0;
        self.drift.reset();
        (conceal, samples - conceal)
    }

    /// How many more samples to make out of a million.
    pub(crate) fn ppm(&self) -> i32 {
        self.drift.ppm()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{from_millis, to_millis};
    use proptest::prelude::*;

    /// Writes blocks as a transcoder does, with the correction applied as the resampler does.
    struct Writer {
        timeline: Timeline,
        next: f64,
        anchors: u32,
        filled: i64,
        skipped: i64,
    }

    impl Writer {
        fn new(policy: Policy) -> Writer {
            Writer {
                timeline: Timeline::new(policy),
                next: 0.0,
                anchors: 0,
                filled: 0,
                skipped: 0,
            }
        }

        fn block(&mut self, at_ms: i64, samples: f64) -> Placement {
            let placement = self.timeline.place(from_millis(at_ms), self.next.round() as i64);
            self.timeline.sounded();
            match placement {
                Placement::Anchor { at } => {
                    self.anchors += 1;
                    self.next = at as f64 + samples;
                }
                Placement::Continue => {
                    self.next += samples * (1.0 + f64::from(self.timeline.ppm()) / 1e6);
                }
                Placement::Fill { conceal, silence } => {
                    self.filled += conceal + silence;
                    self.next += (conceal + silence) as f64 + samples;
                }
                Placement::Skip { samples: skip } => {
                    self.skipped += skip;
                    self.next += (samples - skip as f64).max(0.0);
                }
            }
            placement
        }
    }

    #[test]
    fn sound_that_follows_its_stamps_is_left_alone() {
        let mut writer = Writer::new(Policy::STAMPED);
        // 1 024 samples at 44.1 kHz, stamps rounded down to milliseconds.
        let block = 1_024.0 * 48_000.0 / 44_100.0;
        for n in 0..10_000_u32 {
            writer.block((f64::from(n) * 1_024.0 / 44.1).floor() as i64, block);
        }
        assert_eq!((writer.anchors, writer.filled, writer.skipped), (1, 0, 0));
        let end = 10_000.0 * block;
        assert!((writer.next - end).abs() < 96.0, "{} {end}", writer.next);
    }

    /// R-A3, R-A4: lost packets and silence left out become exactly as many samples.
    #[test]
    fn a_gap_of_packets_is_filled_to_the_sample() {
        let mut writer = Writer::new(Policy::COUNTED);
        for n in 0..10 {
            writer.block(n * 20, 960.0);
        }
        assert_eq!(
            writer.block(220, 960.0),
            Placement::Fill {
                conceal: 960,
                silence: 0
            }
        );
        assert_eq!(
            writer.block(640, 960.0),
            Placement::Fill {
                conceal: 4_800,
                silence: 400 * 48 - 4_800
            }
        );
        assert_eq!(writer.next as i64, 660 * 48);
        assert_eq!(writer.anchors, 1);
        assert_eq!(writer.block(20_000, 960.0), Placement::Anchor { at: 20_000 * 48 });
    }

    #[test]
    fn what_was_written_already_is_skipped() {
        let mut writer = Writer::new(Policy::COUNTED);
        writer.block(1_000, 960.0);
        assert_eq!(writer.timeline.fill(9_600), (4_800, 4_800));
        writer.next += 9_600.0;
        assert_eq!(writer.block(1_204, 960.0), Placement::Skip { samples: 16 * 48 });
        // Not merely near its place from here on, but in it.
        assert_eq!(writer.block(1_224, 960.0), Placement::Continue);
        assert_eq!(writer.timeline.fill(960), (960, 0));
        writer.next += 960.0;
        assert_eq!(
            writer.block(1_268, 960.0),
            Placement::Fill {
                conceal: 192,
                silence: 0
            }
        );
        assert_eq!(writer.next as i64, 1_288 * 48);
    }

    #[test]
    fn concealment_ends_when_nothing_is_heard() {
        let mut timeline = Timeline::new(Policy::COUNTED);
        assert_eq!(timeline.place(0, 0), Placement::Anchor { at: 0 });
        assert_eq!(timeline.fill(3_000), (3_000, 0));
        assert_eq!(timeline.fill(3_000), (1_800, 1_200));
        assert_eq!(timeline.fill(3_000), (0, 3_000));
        timeline.sounded();
        assert_eq!(timeline.fill(3_000), (3_000, 0));
    }

    #[test]
    fn stamps_that_come_in_groups_are_no_gaps() {
        let mut writer = Writer::new(Policy::STAMPED);
        for group in 0..500_i64 {
            for n in 0..5 {
                writer.block(group * 107 + n, 1_024.0 * 107.0 / 106.667);
            }
        }
        assert_eq!((writer.anchors, writer.skipped), (1, 0));
    }

    #[test]
    fn a_source_that_jumps_back_is_followed() {
        let mut writer = Writer::new(Policy::STAMPED);
        writer.block(100_000, 1_024.0);
        assert_eq!(writer.block(5, 1_024.0), Placement::Anchor { at: 240 });
        assert_eq!(writer.block(26, 1_024.0), Placement::Continue);
    }

    proptest! {
        /// R-S4: whatever the clocks' difference and the jitter of the stamps, the count stays with the stamps for
        /// hours, without a gap, a cut or a queue that grows.
        #[test]
        fn drift_is_absorbed(ppm in -500.0..500.0_f64, seed in 0_u64.., jitter in 0..15_i64) {
            let mut writer = Writer::new(Policy::STAMPED);
            let block = 1_024.0;
            let mut random = seed | 1;
            let mut worst: f64 = 0.0;
            for n in 0..40_000_u32 {
                // xorshift
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let real = f64::from(n) * block / 48.0 * (1.0 + ppm / 1e6);
                let noise = (random % (2 * jitter as u64 + 1)) as i64 - jitter;
                writer.block(real.floor() as i64 + noise, block);
                if n > 1_000 {
                    let error = writer.next / 48.0 - (real + block / 48.0);
                    worst = worst.max(error.abs());
                }
            }
            prop_assert_eq!((writer.anchors, writer.filled, writer.skipped), (1, 0, 0));
            prop_assert!(worst < 10.0, "{} ms", worst);
        }

        /// Whatever the stamps, each block ends where its stamp says or where the count had it, never between a cut
        /// and a fill of the wrong length.
        #[test]
        fn every_placement_adds_up(stamps in prop::collection::vec(0_i64..30_000, 1..200), counted: bool) {
            let policy = if counted { Policy::COUNTED } else { Policy::STAMPED };
            let mut timeline = Timeline::new(policy);
            let mut next = 0_i64;
            for stamp in stamps {
                let at = from_millis(stamp);
                match timeline.place(at, next) {
                    Placement::Anchor { at: anchor } => {
                        prop_assert_eq!(anchor, at);
                        next = at + 960;
                    }
                    Placement::Continue => {
                        prop_assert!((at - next).abs() <= policy.late_limit.max(policy.early_limit));
                        next += 960;
                    }
                    Placement::Fill { conceal, silence } => {
                        prop_assert!(conceal >= 0 && silence >= 0 && conceal <= policy.conceal);
                        prop_assert_eq!(next + conceal + silence, at);
                        next = at + 960;
                    }
                    Placement::Skip { samples } => {
                        prop_assert_eq!(at + samples, next);
                        next += (960 - samples).max(0);
                    }
                }
            }
        }

        #[test]
        fn stamps_and_positions_round_trip(millis in -1_000_000_000_000_i64..1_000_000_000_000) {
            prop_assert_eq!(to_millis(from_millis(millis)), millis);
        }
    }
}
