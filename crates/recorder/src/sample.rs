//! One frame on its way into a file.

use std::sync::Arc;
use std::time::SystemTime;

use lianmai_media::{AudioConfig, Frame, TrackKind, VideoConfig};

/// What a track of a file is coded as. A track with another one goes into another part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum TrackConfig {
    /// Pictures, and by how many degrees they are turned clockwise before they are shown.
    Video { config: VideoConfig, rotation: u16 },
    /// Sound.
    Audio(AudioConfig),
}

impl TrackConfig {
    pub(crate) fn kind(&self) -> TrackKind {
        match self {
            TrackConfig::Video { .. } => TrackKind::Video,
            TrackConfig::Audio(_) => TrackKind::Audio,
        }
    }
}

/// A frame on the recording's timeline.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) frame: Frame,
    pub(crate) track: Arc<TrackConfig>,
    /// Wall clock of the frame.
    pub(crate) wall: SystemTime,
}

impl Sample {
    pub(crate) fn is_video(&self) -> bool {
        self.frame.kind == TrackKind::Video
    }

    /// Whether a part may begin here with pictures.
    pub(crate) fn is_picture_to_begin_with(&self) -> bool {
        self.is_video() && self.frame.keyframe
    }

    pub(crate) fn millis(&self) -> i64 {
        self.frame.dts.as_millis()
    }
}
