//! What a reader must know before it can use a frame.

use lianmai_media::{AudioConfig, Metadata, TrackKind, VideoConfig};

/// Codec configurations and metadata in force for a run of items.
///
/// Every item points at the headers it was coded under, so a reader that jumps anywhere in the ring compares
/// one pointer to know whether a decoder must be told something first. A value is never changed: a change of
/// codec, size or metadata makes a new one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Headers {
    /// The video track, when it is known to exist.
    pub video: Option<VideoConfig>,
    /// The audio track, when it is known to exist.
    pub audio: Option<AudioConfig>,
    /// The publisher's own metadata, when it sent any.
    pub metadata: Option<Metadata>,
    /// By how many degrees the picture is to be turned clockwise before it is shown: 0, 90, 180 or 270.
    pub rotation: u16,
}

impl Headers {
    /// Whether a decoder of the track `kind` needs the same under both.
    pub(crate) fn same_track(&self, other: &Headers, kind: TrackKind) -> bool {
        match kind {
            TrackKind::Video => self.video == other.video && self.rotation == other.rotation,
            TrackKind::Audio => self.audio == other.audio,
        }
    }
}

/// The headers with another video track, or nothing when it is the same.
pub(crate) fn with_video(headers: &Headers, config: VideoConfig) -> Option<Headers> {
    (headers.video.as_ref() != Some(&config)).then(|| Headers {
        video: Some(config),
        ..headers.clone()
    })
}

/// The headers with another audio track, or nothing when it is the same.
pub(crate) fn with_audio(headers: &Headers, config: AudioConfig) -> Option<Headers> {
    (headers.audio.as_ref() != Some(&config)).then(|| Headers {
        audio: Some(config),
        ..headers.clone()
    })
}

/// The headers with other metadata, or nothing when it is the same.
pub(crate) fn with_metadata(headers: &Headers, metadata: Metadata) -> Option<Headers> {
    (headers.metadata.as_ref() != Some(&metadata)).then(|| Headers {
        metadata: Some(metadata),
        ..headers.clone()
    })
}

/// The headers with another rotation, or nothing when it is the same. Anything but quarter turns is rounded down.
pub(crate) fn with_rotation(headers: &Headers, degrees: u16) -> Option<Headers> {
    let rotation = degrees % 360 / 90 * 90;
    (headers.rotation != rotation).then(|| Headers {
        rotation,
        ..headers.clone()
    })
}
