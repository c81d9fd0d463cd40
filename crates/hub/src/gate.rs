//! What of a stream is not to be heard or seen, kept from its ring.
//!
//! Stands where members' media comes in, so that every reader, rendition and recording of a silenced stream goes on
//! without a gap. Sound is replaced frame by frame by silence of the same codec and length; where none is known it is
//! dropped. Pictures are dropped, and afterwards until the next key frame. Frames keep their place on the timeline
//! either way.

use std::sync::atomic::{AtomicBool, Ordering};

use lianmai_media::silence::Silence;
use lianmai_media::{AudioConfig, Frame, TrackKind};

/// The switches of one stream. Shared by its forms.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    audio: AtomicBool,
    video: AtomicBool,
}

impl Switches {
    pub(crate) fn are_off(&self, kind: TrackKind) -> bool {
        self.of(kind).load(Ordering::Acquire)
    }

    /// `true` if that is a change.
    pub(crate) fn set(&self, kind: TrackKind, off: bool) -> bool {
        self.of(kind).swap(off, Ordering::AcqRel) != off
    }

    fn of(&self, kind: TrackKind) -> &AtomicBool {
        match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        }
    }
}

/// The entrance of one form.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    silence: Silence,
    /// Pictures were kept out that those to come may refer to.
    needs_keyframe: bool,
}

impl Gate {
    /// Frames of another sound track follow.
    pub(crate) fn set_audio(&mut self, config: Option<&AudioConfig>) {
        self.silence = config.map_or_else(Silence::default, Silence::of);
    }

    /// Whether `frame` may go in, silent if need be.
    pub(crate) fn pass(&mut self, frame: &mut Frame, switches: &Switches) -> bool {
        let passes = match (frame.kind, switches.are_off(frame.kind)) {
            (TrackKind::Audio, false) => return true,
            (TrackKind::Audio, true) => match self.silence.instead_of(&frame.payload) {
                Some(silence) => {
                    frame.payload = silence;
                    true
                }
                None => false,
            },
            (TrackKind::Video, off) => {
                self.needs_keyframe = off || self.needs_keyframe && !frame.keyframe;
                !self.needs_keyframe
            }
        };
        if !passes {
            metrics::counter!("lianmai_silenced_frames_dropped_total").increment(1);
        }
        passes
    }
}
