//! What packets are put together to, and what each codec does for it.

use bytes::Bytes;
use lianmai_media::VideoConfig;

use super::PayloadError;

/// One picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessUnit {
    /// RTP timestamp of its packets.
    pub timestamp: u32,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// The coded bits, as in [`Frame::payload`](lianmai_media::Frame::payload). H.264 and H.265 come without
    /// parameter sets (they are in the configuration) and delimiters.
    pub payload: Bytes,
    /// The configuration from this picture on, when it is another than before (R-V5, R-V6).
    pub config: Option<VideoConfig>,
}

/// As [`AccessUnit`], before it has a timestamp.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) keyframe: bool,
    pub(super) payload: Bytes,
    pub(super) config: Option<VideoConfig>,
}

/// Puts the payloads of one picture together.
pub(super) trait Assemble: std::fmt::Debug + Send + Sync {
    /// Whether a picture certainly begins with `payload`, whatever was lost before it.
    fn surely_starts(&self, payload: &[u8]) -> bool;

    /// Whether a picture may begin with `payload`, told from one going on.
    fn may_start(&self, payload: &[u8]) -> bool {
        self.surely_starts(payload)
    }

    /// Takes the next payload of the picture; never empty.
    fn push(&mut self, payload: &Bytes) -> Result<(), PayloadError>;

    /// The picture is complete. `None` if there was nothing to decode in its packets.
    fn finish(&mut self) -> Result<Option<Picture>, PayloadError>;

    /// Forgets what came since the last picture.
    fn abandon(&mut self);
}
