//! Puts the timestamps of successive publications on one monotonic timeline.
//!
//! Output decoding times never go back within a track. Jumps of more than five seconds, in either direction,
//! and steps back of more than one second re-anchor the track behind what was already sent; smaller steps
//! back are held at the previous time plus one tick. When both tracks jump by the same amount (the usual
//! restart of an encoder's clock) they keep their offset to each other, and a track that only paused while the
//! other went on (a camera switched off) keeps its place. Times come in unwrapped; pure.

use lianmai_media::{Frame, MediaDuration, MediaTime, TimeError, Timescale, TrackKind};

const JUMP_MILLIS: i64 = 5_000;
const STEP_BACK_MILLIS: i64 = 1_000;
/// How long (media time) after one track jumped the other may follow with the same offset.
const JOINT_JUMP_MILLIS: i64 = 10_000;
/// Assumed distance to the next frame where none is known.
const USUAL_STEP_MILLIS: i64 = 20;
/// Largest believable distance between decoding and presentation.
const MAX_COMPOSITION_MILLIS: i64 = 5_000;

/// What was done to place a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Placement {
    /// The source's clock jumped here and was re-anchored.
    pub discontinuity: bool,
    /// The decoding time was moved forward to stay monotonic, or an impossible composition time was removed.
    pub corrected: bool,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    /// Output minus input, in milliseconds.
    offset: i64,
    last_in: MediaTime,
    last_out: MediaTime,
    usual_step: i64,
}

/// The normaliser of one stream, over all its publications.
#[derive(Debug, Default)]
pub struct Normaliser {
    audio: Option<Track>,
    video: Option<Track>,
    /// Offset with which a new publication starts, and the newest re-anchored one.
    shared_offset: Option<i64>,
    shared_since: i64,
    /// Latest output time of any track, in milliseconds.
    newest_out: Option<i64>,
    /// Where the next publication starts, in milliseconds.
    resume_at: i64,
}

impl Normaliser {
    /// A timeline that starts at zero.
    pub fn new() -> Normaliser {
        Normaliser::default()
    }

    /// Begins a new publication `idle_millis` after the last frame of the one before.
    pub fn restart(&mut self, idle_millis: i64) {
        self.audio = None;
        self.video = None;
        self.shared_offset = None;
        self.resume_at = match self.newest_out {
            Some(newest) => newest.saturating_add(idle_millis.max(USUAL_STEP_MILLIS)),
            None => 0,
        };
    }

    /// Latest output time in milliseconds; zero before the first frame.
    pub fn newest_millis(&self) -> i64 {
        self.newest_out.unwrap_or(self.resume_at)
    }

    /// By how many milliseconds pictures are moved; `None` before the publication's first frame.
    pub(crate) fn video_offset(&self) -> Option<i64> {
        self.video.map(|track| track.offset).or(self.shared_offset)
    }

    /// Moves `frame` onto the timeline.
    ///
    /// # Errors
    /// [`TimeError`] when a time cannot be expressed in 64 bits; the frame is then to be dropped.
    pub fn place(&mut self, frame: &mut Frame) -> Result<Placement, TimeError> {
        let mut placement = Placement::default();
        let track = match frame.kind {
            TrackKind::Audio => self.audio,
            TrackKind::Video => self.video,
        };
        let input = frame.dts;
        let track = match track {
            None => self.first_of_track(input)?,
            Some(track) => self.next_of_track(track, input, &mut placement)?,
        };
        self.newest_out = Some(
            self.newest_out
                .unwrap_or(i64::MIN)
                .max(track.last_out.as_millis()),
        );
        match frame.kind {
            TrackKind::Audio => self.audio = Some(track),
            TrackKind::Video => self.video = Some(track),
        }
        frame.dts = track.last_out;
        placement.corrected |= limit_composition(frame);
        Ok(placement)
    }

    fn first_of_track(&mut self, input: MediaTime) -> Result<Track, TimeError> {
        let floor = MediaTime::from_millis(self.resume_at).rebase(input.scale())?;
        let joint = self.shared_offset.map(|offset| (offset, shift(input, offset)));
        let (offset, output) = match joint {
            // The other track has set the clock; a start far away from it is a clock of its own.
            Some((offset, Ok(output)))
                if (output.as_millis().saturating_sub(self.newest_millis())).saturating_abs()
                    <= JUMP_MILLIS =>
            {
                (offset, output)
            }
            _ => {
                let start = if joint.is_some() {
                    self.newest_millis()
                } else {
                    self.resume_at
                };
                let offset = start.checked_sub(input.as_millis()).ok_or(TimeError::Overflow)?;
                (offset, shift(input, offset)?)
            }
        };
        if self.shared_offset.is_none() {
            self.shared_offset = Some(offset);
            self.shared_since = output.as_millis();
        }
        let output = output.max(floor);
        Ok(Track {
            offset,
            last_in: input,
            last_out: output,
            usual_step: USUAL_STEP_MILLIS,
        })
    }

    fn next_of_track(
        &mut self,
        mut track: Track,
        input: MediaTime,
        placement: &mut Placement,
    ) -> Result<Track, TimeError> {
        let step = input.as_millis().saturating_sub(track.last_in.as_millis());
        let pause = step > JUMP_MILLIS && self.is_beside_the_other(input, track.offset);
        if pause || (-STEP_BACK_MILLIS..=JUMP_MILLIS).contains(&step) {
            if step > 0 && !pause {
                track.usual_step = step;
            }
        } else {
            placement.discontinuity = true;
            track.offset = self.reanchor(&track, input)?;
        }
        let mut output = shift(input, track.offset)?;
        if output <= track.last_out {
            let tick = MediaDuration::new(1, output.scale());
            output = track.last_out.rebase(output.scale())?.checked_add(tick)?;
            placement.corrected = !placement.discontinuity;
        }
        track.last_in = input;
        track.last_out = output;
        Ok(track)
    }

    /// Whether `input` moved by `offset` is where the newest frame of both tracks is.
    fn is_beside_the_other(&self, input: MediaTime, offset: i64) -> bool {
        shift(input, offset).is_ok_and(|output| {
            (output.as_millis().saturating_sub(self.newest_millis())).saturating_abs() <= STEP_BACK_MILLIS
        })
    }

    /// The offset to use after a jump: the other track's, if it has just made the same jump.
    fn reanchor(&mut self, track: &Track, input: MediaTime) -> Result<i64, TimeError> {
        let last_out = track.last_out.as_millis();
        if let Some(offset) = self.shared_offset
            && offset != track.offset
            && self.newest_millis() - self.shared_since <= JOINT_JUMP_MILLIS
            && let Ok(output) = shift(input, offset)
            && (-STEP_BACK_MILLIS..=JUMP_MILLIS).contains(&output.as_millis().saturating_sub(last_out))
        {
            return Ok(offset);
        }
        let offset = last_out
            .checked_add(track.usual_step.min(USUAL_STEP_MILLIS * 5))
            .and_then(|next| next.checked_sub(input.as_millis()))
            .ok_or(TimeError::Overflow)?;
        self.shared_offset = Some(offset);
        self.shared_since = self.newest_millis();
        Ok(offset)
    }
}

/// Takes an impossible distance between decoding and presentation away. `true` if there was one.
pub(crate) fn limit_composition(frame: &mut Frame) -> bool {
    let possible = (0..=MAX_COMPOSITION_MILLIS).contains(&frame.composition.as_millis());
    if !possible {
        frame.composition = MediaDuration::new(0, frame.dts.scale());
    }
    !possible
}

/// `time` moved by `millis`, on its own scale.
pub(crate) fn shift(time: MediaTime, millis: i64) -> Result<MediaTime, TimeError> {
    let scale: Timescale = time.scale();
    time.checked_add(MediaDuration::from_millis(millis).rebase(scale)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn frame(kind: TrackKind, millis: i64) -> Frame {
        Frame {
            kind,
            dts: MediaTime::from_millis(millis),
            composition: MediaDuration::from_millis(0),
            keyframe: true,
            payload: Bytes::new(),
        }
    }

    fn place(normaliser: &mut Normaliser, kind: TrackKind, millis: i64) -> (i64, Placement) {
        let mut frame = frame(kind, millis);
        let placement = normaliser.place(&mut frame).unwrap();
        (frame.dts.as_millis(), placement)
    }
    use TrackKind::{Audio, Video};

    #[test]
    fn starts_at_zero_and_keeps_the_offset_between_tracks() {
        let mut n = Normaliser::new();
        assert_eq!(place(&mut n, Video, 10_000).0, 0);
        assert_eq!(place(&mut n, Audio, 10_013).0, 13);
        assert_eq!(place(&mut n, Video, 10_040).0, 40);
        assert_eq!(place(&mut n, Audio, 10_036).0, 36);
    }

    /// R-T1: equal and slightly older stamps are corrected by one tick and counted, nothing else happens.
    #[test]
    fn small_steps_back_are_held() {
        let mut n = Normaliser::new();
        place(&mut n, Video, 0);
        place(&mut n, Video, 40);
        let (out, placement) = place(&mut n, Video, 20);
        assert_eq!(
            (out, placement),
            (
                41,
                Placement {
                    discontinuity: false,
                    corrected: true
                }
            )
        );
        assert_eq!(place(&mut n, Video, 80), (80, Placement::default()));
    }

    /// R-T2: a restarted source clock is re-anchored once, and both tracks keep their distance.
    #[test]
    fn a_jump_moves_both_tracks_together() {
        for jump in [-3_000_000, -6_000, 6_000, 4_000_000_000] {
            let mut n = Normaliser::new();
            for t in 0..50 {
                place(&mut n, Video, 5_000_000 + t * 40);
                place(&mut n, Audio, 5_000_000 + t * 40 + 7);
            }
            let base = 5_000_000 + 50 * 40 + jump;
            let (video, placement) = place(&mut n, Video, base);
            assert!(placement.discontinuity);
            assert_eq!(video, 2_000);
            // An audio frame of the old clock may still arrive in between.
            assert_eq!(
                place(&mut n, Audio, 5_000_000 + 2_007),
                (2_007, Placement::default())
            );
            let (audio, placement) = place(&mut n, Audio, base + 47);
            assert!(placement.discontinuity);
            assert_eq!(audio, 2_047);
            assert_eq!(place(&mut n, Video, base + 40), (2_040, Placement::default()));
        }
    }

    /// R-S2: a camera that was off for a while comes back in step with the sound that went on.
    #[test]
    fn a_paused_track_keeps_its_place() {
        let mut n = Normaliser::new();
        for t in 0..3_000 {
            let (out, placement) = place(&mut n, Audio, 70_000 + t * 20);
            assert_eq!((out, placement), (t * 20, Placement::default()));
            if !(100..2_000).contains(&t) {
                let (out, placement) = place(&mut n, Video, 70_000 + t * 20 + 7);
                assert_eq!((out, placement), (t * 20 + 7, Placement::default()));
            }
        }
    }

    /// R-X2: the next publication goes on where the last one stopped, later by the time nobody published.
    #[test]
    fn a_new_publication_continues_the_timeline() {
        let mut n = Normaliser::new();
        place(&mut n, Video, 700);
        place(&mut n, Video, 1_700);
        n.restart(3_000);
        assert_eq!(place(&mut n, Audio, 0), (4_000, Placement::default()));
        assert_eq!(place(&mut n, Video, 33), (4_033, Placement::default()));
        n.restart(0);
        assert_eq!(place(&mut n, Video, 99).0, 4_053);
    }

    #[test]
    fn impossible_composition_times_are_removed() {
        let mut n = Normaliser::new();
        for (composition, kept) in [(-1, 0), (80, 80), (8_000_000, 0)] {
            let mut f = frame(Video, 0);
            f.composition = MediaDuration::from_millis(composition);
            let placement = n.place(&mut f).unwrap();
            assert_eq!(f.composition.as_millis(), kept);
            assert!(kept == composition || placement.corrected);
        }
    }

    proptest! {
        /// R-T1: whatever a source sends, each track's output only grows.
        #[test]
        fn output_is_monotonic(input in prop::collection::vec((any::<bool>(), any::<i32>(), prop::option::weighted(0.05, 0i64..20_000)), 1..300)) {
            let mut n = Normaliser::new();
            let mut last = [None, None];
            for (video, millis, restart) in input {
                if let Some(idle) = restart { n.restart(idle); }
                let (out, _) = place(&mut n, if video { Video } else { Audio }, i64::from(millis));
                prop_assert!(last[usize::from(video)].is_none_or(|l| out > l), "{out} after {last:?}");
                prop_assert!(out >= 0);
                last[usize::from(video)] = Some(out);
            }
        }

        /// A well-behaved source passes through with a constant shift.
        #[test]
        fn sound_sources_are_not_touched(start in 0i64..1_000_000_000, steps in prop::collection::vec((any::<bool>(), 1i64..200), 1..300)) {
            let mut n = Normaliser::new();
            let mut now = start;
            for (video, step) in steps {
                now += step;
                let (out, placement) = place(&mut n, if video { Video } else { Audio }, now);
                prop_assert_eq!(placement, Placement::default());
                let first = start + (now - start) - out;
                prop_assert!(first > start);
            }
        }
    }
}
