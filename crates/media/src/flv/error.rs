//! Why a tag body cannot be used.

use super::FourCc;
use crate::amf0::AmfError;

/// Why a tag body cannot be used. All but [`Truncated`](FlvError::Truncated) and [`Script`](FlvError::Script)
/// are well-formed and merely not supported: skip the tag and count it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FlvError {
    /// The body ends inside its header.
    #[error("tag body ends at byte {position} inside {field}")]
    Truncated {
        /// Length of the readable part.
        position: usize,
        /// What was being read.
        field: &'static str,
    },
    /// A video codec id (FLV v10.1 §E.4.3.1) that is not carried.
    #[error("video codec id {0} is not supported")]
    UnsupportedVideoCodec(u8),
    /// A video FourCC (Enhanced RTMP) that is not carried.
    #[error("video codec {0} is not supported")]
    UnsupportedVideoFourCc(FourCc),
    /// A sound format (FLV v10.1 §E.4.2.1) that is not carried.
    #[error("sound format {id} ({name}) is not supported")]
    UnsupportedSoundFormat {
        /// The number on the wire.
        id: u8,
        /// Its name in the specification.
        name: &'static str,
    },
    /// An audio FourCC (Enhanced RTMP) that is not carried.
    #[error("audio codec {0} is not supported")]
    UnsupportedAudioFourCc(FourCc),
    /// A packet type that is not carried: MPEG-2 TS sequence starts, reserved numbers, nested multitrack.
    #[error("packet type {0} is not supported")]
    UnsupportedPacketType(u8),
    /// A multitrack type that Enhanced RTMP v2 does not define.
    #[error("multitrack type {0} is not supported")]
    UnsupportedMultitrackType(u8),
    /// A multitrack body without the track that is carried, the one with id 0.
    #[error("multitrack body without track 0")]
    NoDefaultTrack,
    /// Script data that is not AMF0, or without a name.
    #[error("script data: {0}")]
    Script(#[from] AmfError),
    /// Script data that does not start with a name.
    #[error("script data without a name")]
    ScriptWithoutName,
    /// `@setDataFrame` without a message in it.
    #[error("@setDataFrame without arguments")]
    EmptyDataFrame,
}
