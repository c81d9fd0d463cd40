//! Coded pictures out of nothing, to measure with.

use lianmai_media::VideoConfig;

use super::{CodecError, Coded, Size, VideoEncoder, raw};

/// Makes moving pictures with some noise in them.
pub(crate) struct Source {
    encoder: VideoEncoder,
    size: Size,
    count: usize,
    noise: u32,
}

impl Source {
    /// Pictures of this size and rate.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn new(width: u32, height: u32, bitrate: u32, frame_rate: f64) -> Result<Source, CodecError> {
        let size = Size { width, height };
        Ok(Source {
            encoder: VideoEncoder::h264(size, bitrate, frame_rate)?,
            size,
            count: 0,
            noise: 1,
        })
    }

    /// The configuration of the pictures.
    pub(crate) fn config(&self) -> &VideoConfig {
        self.encoder.config()
    }

    /// The next picture, stamped `millis`.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn next(&mut self, millis: i64) -> Result<Option<Coded>, CodecError> {
        let mut picture = raw::new_picture_frame(self.size)?;
        for plane in 0..3 {
            let stride = picture.stride(plane).max(1);
            let shift = self.count * if plane == 0 { 4 } else { 2 };
            for (y, line) in picture.data_mut(plane).chunks_mut(stride).enumerate() {
                for (x, byte) in line.iter_mut().enumerate() {
                    self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let wave = ((x + shift) ^ (y + shift / 2)) & 0x7F;
                    *byte = 64 + wave as u8 / 2 + (self.noise >> 29) as u8;
                }
            }
        }
        let keyframe = self.count == 0;
        self.count += 1;
        self.encoder.encode(&mut picture, millis, keyframe)
    }
}
