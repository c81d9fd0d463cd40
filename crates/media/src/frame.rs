//! One coded picture or one packet of coded sound.

use bytes::Bytes;

use crate::{MediaDuration, MediaTime};

/// Which of a stream's two tracks something belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrackKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// One access unit, without any container around it. Cloning shares the payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The track it belongs to.
    pub kind: TrackKind,
    /// Decoding time on the stream's timeline.
    pub dts: MediaTime,
    /// Presentation time minus decoding time, on the scale of `dts`. Zero for audio and without B-frames.
    pub composition: MediaDuration,
    /// Whether decoding can start here. Always true for audio.
    pub keyframe: bool,
    /// The coded bits. H.264 and H.265: NAL units with 4-byte lengths (ISO/IEC 14496-15); AV1: low-overhead
    /// OBUs of one temporal unit; VP8/VP9: one frame; AAC: one raw_data_block without ADTS; Opus: one packet.
    pub payload: Bytes,
}
