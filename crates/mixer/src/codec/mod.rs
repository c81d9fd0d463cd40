//! What FFmpeg does for us, behind types that cannot be misused: decode, encode, resample, scale.
//!
//! Only the decoders and encoders named in `allowed` are ever opened; FFmpeg's demuxers, protocols and network code are
//! never called. Everything here takes hostile input: an error is an answer, a crash costs the job process it runs
//! in. Unsafe code is in `raw` and `resampler` alone.

mod allowed;
mod audio_encoder;
mod decoder;
mod error;
mod picture;
mod raw;
mod resampler;
mod rotate;
mod scaler;
mod sound;
pub(crate) mod test_card;
mod video_encoder;
mod warm;

pub(crate) use audio_encoder::AudioEncoder;
pub(crate) use decoder::Decoder;
pub(crate) use error::CodecError;
pub(crate) use picture::{Size, fit};
#[cfg(test)]
pub(crate) use raw::plane_floats;
pub(crate) use raw::{cut, new_picture_frame as new_picture, plane_bytes, plane_bytes_mut};
pub(crate) use resampler::Resampler;
pub(crate) use rotate::{Rotation, rotate};
pub(crate) use scaler::Scaler;
pub(crate) use sound::{Channels, SoundShape, limit};
pub(crate) use video_encoder::{Coded, Effort, VideoEncoder};
pub(crate) use warm::warm_up;

/// FFmpeg says nothing on its own: what matters comes back as an error, and a hostile stream cannot fill a log.
pub(crate) fn silence_logs() {
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Quiet);
}
