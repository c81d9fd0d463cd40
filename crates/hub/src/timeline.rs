//! Which timeline the frames of a form are on.
//!
//! What a member sends gets a timeline of its own, made by the [`Normaliser`]. A rendition has the times of its source,
//! as a worker saw them, so that both can be read together; so has a simulcast layer, whose frames carry the
//! publisher's clock and are moved by as much as the best layer's. There, a restart of the publisher changes nothing.

use std::sync::atomic::{AtomicI64, Ordering};

use lianmai_media::{Frame, MediaDuration, MediaTime, TimeError, TrackKind};

use crate::normaliser::{limit_composition, shift};
use crate::{Form, Normaliser, Placement};

/// After this many milliseconds RTMP timestamps start again (RTMP 1.0 §5.3.1).
const RTMP_WRAP: i64 = 1 << 32;

/// By how much the pictures of a WebRTC publisher are moved onto its stream's timeline; for its lower layers.
#[derive(Debug)]
pub(crate) struct LayerClock(AtomicI64);

impl LayerClock {
    const UNKNOWN: i64 = i64::MIN;

    pub(crate) fn set(&self, offset: Option<i64>) {
        self.0.store(offset.unwrap_or(Self::UNKNOWN), Ordering::Relaxed);
    }

    fn offset(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|offset| *offset != Self::UNKNOWN)
    }
}

impl Default for LayerClock {
    fn default() -> LayerClock {
        LayerClock(AtomicI64::new(Self::UNKNOWN))
    }
}

#[derive(Debug)]
pub(crate) enum Timeline {
    /// A timeline of its own.
    Own(Normaliser),
    /// The source's.
    Rendition(Followed),
    /// The best layer's.
    Layer(Followed),
}

impl Timeline {
    pub(crate) fn new(form: Option<Form>) -> Timeline {
        match form {
            None | Some(Form::Rtc) => Timeline::Own(Normaliser::new()),
            Some(Form::Layer(_)) => Timeline::Layer(Followed::default()),
            Some(_) => Timeline::Rendition(Followed::default()),
        }
    }

    /// A new publication begins `idle_millis` after the last frame; the source stands at `source_millis`.
    pub(crate) fn restart(&mut self, idle_millis: i64, source_millis: i64) {
        match self {
            Timeline::Own(normaliser) => normaliser.restart(idle_millis),
            Timeline::Rendition(followed) => followed.restart(source_millis),
            Timeline::Layer(_) => {}
        }
    }

    /// Latest time in milliseconds.
    pub(crate) fn newest_millis(&self) -> i64 {
        match self {
            Timeline::Own(normaliser) => normaliser.newest_millis(),
            Timeline::Rendition(followed) | Timeline::Layer(followed) => followed.newest,
        }
    }

    /// Moves `frame` onto the timeline; `None` if it has no place there yet.
    pub(crate) fn place(
        &mut self,
        frame: &mut Frame,
        clock: &LayerClock,
    ) -> Result<Option<Placement>, TimeError> {
        match self {
            Timeline::Own(normaliser) => normaliser.place(frame).map(Some),
            Timeline::Rendition(followed) => {
                let offset = followed.turns(frame.dts);
                followed.place(frame, offset).map(Some)
            }
            Timeline::Layer(followed) => match clock.offset() {
                Some(offset) => followed.place(frame, offset).map(Some),
                None => Ok(None),
            },
        }
    }

    /// By how much the layers of this one are to be moved.
    pub(crate) fn layer_offset(&self) -> Option<i64> {
        match self {
            Timeline::Own(normaliser) => normaliser.video_offset(),
            Timeline::Rendition(_) | Timeline::Layer(_) => None,
        }
    }
}

/// Times that come from elsewhere, kept growing per track.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    audio: Option<MediaTime>,
    video: Option<MediaTime>,
    newest: i64,
    source_millis: i64,
    /// Whole turns of the 32-bit clock that the publisher does not know of; found with the first frame.
    turns: Option<i64>,
}

impl Followed {
    fn restart(&mut self, source_millis: i64) {
        self.turns = None;
        self.source_millis = source_millis;
    }

    fn turns(&mut self, input: MediaTime) -> i64 {
        let distance = self.source_millis.saturating_sub(input.as_millis());
        let nearest = || distance.saturating_add(RTMP_WRAP / 2).div_euclid(RTMP_WRAP) * RTMP_WRAP;
        *self.turns.get_or_insert_with(nearest)
    }

    fn place(&mut self, frame: &mut Frame, offset: i64) -> Result<Placement, TimeError> {
        let mut placement = Placement::default();
        let last = match frame.kind {
            TrackKind::Audio => &mut self.audio,
            TrackKind::Video => &mut self.video,
        };
        let mut output = shift(frame.dts, offset)?;
        if let Some(last) = *last
            && output <= last
        {
            let tick = MediaDuration::new(1, output.scale());
            output = last.rebase(output.scale())?.checked_add(tick)?;
            placement.corrected = true;
        }
        *last = Some(output);
        self.newest = self.newest.max(output.as_millis());
        frame.dts = output;
        placement.corrected |= limit_composition(frame);
        Ok(placement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn place(timeline: &mut Timeline, clock: &LayerClock, kind: TrackKind, millis: i64) -> Option<i64> {
        let mut frame = Frame {
            kind,
            dts: MediaTime::from_millis(millis),
            composition: MediaDuration::from_millis(0),
            keyframe: true,
            payload: Bytes::new(),
        };
        timeline.place(&mut frame, clock).unwrap()?;
        Some(frame.dts.as_millis())
    }
    use TrackKind::{Audio, Video};

    #[test]
    fn renditions_keep_their_times_over_restarts() {
        let (mut timeline, clock) = (Timeline::new(Some(Form::Opus)), LayerClock::default());
        timeline.restart(0, 71_000);
        assert_eq!(place(&mut timeline, &clock, Audio, 71_020), Some(71_020));
        timeline.restart(8_000, 79_000);
        assert_eq!(place(&mut timeline, &clock, Audio, 79_020), Some(79_020));
        // What a new worker makes once more is moved behind what there is, until it has caught up.
        assert_eq!(place(&mut timeline, &clock, Audio, 79_000), Some(79_021));
        assert_eq!(place(&mut timeline, &clock, Audio, 79_040), Some(79_040));
        assert_eq!(timeline.newest_millis(), 79_040);
    }

    /// R-T3: RTMP times of a worker have 32 bits; a source that runs for longer has not.
    #[test]
    fn a_rendition_follows_its_source_over_the_roll_over() {
        for source in [0, RTMP_WRAP - 30, RTMP_WRAP + 30, 3 * RTMP_WRAP + 5] {
            let (mut timeline, clock) = (Timeline::new(Some(Form::Aac)), LayerClock::default());
            timeline.restart(0, source);
            let wire = (source + 20) % RTMP_WRAP;
            assert_eq!(place(&mut timeline, &clock, Audio, wire), Some(source + 20));
            assert_eq!(place(&mut timeline, &clock, Audio, wire + 20), Some(source + 40));
        }
    }

    #[test]
    fn layers_are_moved_by_as_much_as_the_best_one() {
        let clock = LayerClock::default();
        let mut best = Timeline::new(Some(Form::Rtc));
        let mut layer = Timeline::new(Some(Form::Layer(1)));
        assert_eq!(place(&mut layer, &clock, Video, 90_000), None);
        place(&mut best, &clock, Video, 90_000);
        clock.set(best.layer_offset());
        assert_eq!(place(&mut layer, &clock, Video, 90_010), Some(10));
        best.restart(1_000, 0);
        clock.set(best.layer_offset());
        place(&mut best, &clock, Video, 5_000);
        clock.set(best.layer_offset());
        assert_eq!(place(&mut layer, &clock, Video, 5_003), Some(1_003));
    }

    proptest! {
        /// R-T1: whatever a worker sends, each track only grows.
        #[test]
        fn output_only_grows(input in prop::collection::vec((any::<bool>(), any::<i64>(), any::<bool>()), 1..200)) {
            let (mut timeline, clock) = (Timeline::new(Some(Form::H264)), LayerClock::default());
            let mut last = [None, None];
            for (video, millis, restart) in input {
                if restart {
                    timeline.restart(0, millis);
                }
                let mut frame = Frame {
                    kind: if video { Video } else { Audio },
                    dts: MediaTime::from_millis(millis),
                    composition: MediaDuration::from_millis(0),
                    keyframe: true,
                    payload: Bytes::new(),
                };
                if timeline.place(&mut frame, &clock).is_ok() {
                    prop_assert!(last[usize::from(video)].is_none_or(|l| frame.dts > l));
                    last[usize::from(video)] = Some(frame.dts);
                }
            }
        }
    }
}
