//! The decoders and encoders a job may open, by FFmpeg's names. There is no other way to one.

use ffmpeg_next::{Codec, decoder, encoder};
use lianmai_media::{AudioCodec, VideoCodec};

use super::CodecError;

/// The decoder for a sound track.
pub(super) fn audio_decoder(codec: AudioCodec) -> Result<Codec, CodecError> {
    decoder_named(match codec {
        AudioCodec::Aac => "aac",
        AudioCodec::Opus => "libopus",
        AudioCodec::Mp3 => "mp3float",
    })
}

/// The decoder for a picture track.
pub(super) fn video_decoder(codec: VideoCodec) -> Result<Codec, CodecError> {
    decoder_named(match codec {
        VideoCodec::H264 => "h264",
        VideoCodec::H265 => "hevc",
        VideoCodec::Av1 => "libdav1d",
        VideoCodec::Vp8 => "vp8",
        VideoCodec::Vp9 => "vp9",
    })
}

fn decoder_named(name: &'static str) -> Result<Codec, CodecError> {
    decoder::find_by_name(name).ok_or(CodecError::Missing(name))
}

/// The encoders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoder {
    Opus,
    Aac,
    H264,
}

impl Encoder {
    pub(super) fn find(self) -> Result<Codec, CodecError> {
        let name = match self {
            Encoder::Opus => "libopus",
            Encoder::Aac => "aac",
            Encoder::H264 => "libx264",
        };
        encoder::find_by_name(name).ok_or(CodecError::Missing(name))
    }
}
