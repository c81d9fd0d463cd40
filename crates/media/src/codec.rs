//! Codecs and the out-of-band configuration each needs before its first frame.

mod audio;
mod error;
mod video;

use bytes::Bytes;

pub use error::ConfigError;

/// How pictures are coded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VideoCodec {
    /// ITU-T H.264 (AVC).
    H264,
    /// ITU-T H.265 (HEVC).
    H265,
    /// AOMedia AV1.
    Av1,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
}

/// How sound is coded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AudioCodec {
    /// MPEG-4 AAC.
    Aac,
    /// Opus.
    Opus,
    /// MPEG-1/2 layer III.
    Mp3,
}

/// What a decoder of one video track must know before the first frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VideoConfig {
    /// The codec.
    pub codec: VideoCodec,
    /// The decoder configuration record (`avcC`, `hvcC`, `av1C`, `vpcC` content); empty where the codec has none.
    pub record: Bytes,
    /// Coded width after cropping, in pixels; 0 when the record does not say.
    pub width: u32,
    /// Coded height after cropping, in pixels; 0 when the record does not say.
    pub height: u32,
    /// Codec profile number (`profile_idc` for H.264); 0 when unknown.
    pub profile: u8,
    /// Codec level number (`level_idc` for H.264); 0 when unknown.
    pub level: u8,
    /// How many pictures may be reordered between decoding and presentation. `Some(0)`: no B-frames can
    /// occur; `None`: the record does not say.
    pub reorder_depth: Option<u8>,
}

/// What a decoder of one audio track must know before the first frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AudioConfig {
    /// The codec.
    pub codec: AudioCodec,
    /// `AudioSpecificConfig` for AAC, `OpusHead` for Opus, empty for MP3.
    pub record: Bytes,
    /// Samples per second; 0 when unknown.
    pub sample_rate: u32,
    /// Channels; 0 when unknown.
    pub channels: u8,
}
