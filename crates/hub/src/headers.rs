//! What a reader must know before it can use a frame.

use lianmai_media::{AudioConfig, Metadata, VideoConfig};

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
}
