//! One open H.264 encoder: pictures of one size in, access units with 4-byte lengths out, one for each at once.

use bytes::Bytes;
use ffmpeg_next::codec::Context;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Error, Packet, Rational, codec, encoder, frame, picture};
use lianmai_media::h264::{AvcRecord, NalType};
use lianmai_media::nal::{self, AnnexBUnits};
use lianmai_media::{VideoCodec, VideoConfig};

use super::allowed::Encoder;
use super::{CodecError, Size, raw};

/// Quality that is aimed at where the bit rate allows it (x264's rate factor).
const QUALITY: &str = "23";
/// The buffer the bit rate is kept over, in milliseconds.
const BUFFER_MILLIS: u64 = 1_000;

/// How much an encoder may think about a picture, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effort {
    /// Little, and each picture leaves at once: constrained baseline.
    Live,
    /// More, with pictures held back: high profile, for what is only recorded.
    Recording,
}

impl Effort {
    fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Effort::Live => &[
                ("preset", "veryfast"),
                ("tune", "zerolatency"),
                ("profile", "baseline"),
                ("threads", "1"),
                ("x264-params", "sliced-threads=0:scenecut=0:repeat-headers=0"),
            ],
            Effort::Recording => &[
                ("preset", "fast"),
                ("profile", "high"),
                ("threads", "2"),
                (
                    "x264-params",
                    "scenecut=0:repeat-headers=0:rc-lookahead=12:sync-lookahead=0:bframes=0",
                ),
            ],
        }
    }
}

/// A coded picture.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    /// The stamp of the picture it was made of.
    pub(crate) pts: i64,
    /// Whether it is an IDR picture.
    pub(crate) keyframe: bool,
    /// NAL units with 4-byte lengths.
    pub(crate) payload: Bytes,
}

/// An encoder of constrained baseline H.264 without delay.
pub(crate) struct VideoEncoder {
    inner: encoder::video::Encoder,
    config: VideoConfig,
    size: Size,
    frame_rate: f64,
    bitrate: u32,
    packet: Packet,
}

impl VideoEncoder {
    /// An encoder for pictures of `size` that come about `frame_rate` times a second. Key frames come when asked for.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn h264(size: Size, bitrate: u32, frame_rate: f64) -> Result<VideoEncoder, CodecError> {
        Self::with_effort(size, bitrate, frame_rate, Effort::Live)
    }

    /// As [`h264`](Self::h264), with this effort. There are no B-frames in any case.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn with_effort(
        size: Size,
        bitrate: u32,
        frame_rate: f64,
        effort: Effort,
    ) -> Result<VideoEncoder, CodecError> {
        let frame_rate = frame_rate.clamp(1.0, 120.0);
        let codec = Encoder::H264.find()?;
        let mut encoder = Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(CodecError::of("picture encoder"))?;
        encoder.set_width(size.width);
        encoder.set_height(size.height);
        encoder.set_format(Pixel::YUV420P);
        encoder.set_time_base(Rational(1, 1_000));
        encoder.set_frame_rate(Some(Rational((frame_rate * 1_000.0) as i32, 1_000)));
        encoder.set_max_b_frames(0);
        // Key frames are asked for by time.
        encoder.set_gop(100_000);
        encoder.set_flags(codec::Flags::GLOBAL_HEADER);
        raw::set_peak_rate(&mut encoder, bitrate, buffer(bitrate));
        let options = [("crf", QUALITY), ("forced-idr", "1")];
        let options: Vec<_> = options.iter().chain(effort.options()).copied().collect();
        let dictionary: Dictionary = options.iter().collect();
        let inner = encoder
            .open_as_with(codec, dictionary)
            .map_err(CodecError::of("picture encoder"))?;
        let config = config_of(&raw::extradata(&inner))?;
        Ok(VideoEncoder {
            inner,
            config,
            size,
            frame_rate,
            bitrate,
            packet: Packet::empty(),
        })
    }

    /// The configuration of what comes out.
    pub(crate) fn config(&self) -> &VideoConfig {
        &self.config
    }

    /// The size of the pictures.
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Pictures come `frame_rate` times a second now: each may take its share of the bit rate.
    pub(crate) fn set_frame_rate(&mut self, frame_rate: f64) {
        // libx264 budgets bits per picture at the rate it was opened with.
        let scaled = f64::from(self.bitrate) * self.frame_rate / frame_rate.clamp(1.0, 240.0);
        let scaled = scaled.clamp(10_000.0, 100_000_000.0) as u32;
        raw::set_peak_rate(&mut self.inner, scaled, buffer(scaled));
    }

    /// Encodes a picture stamped `pts` milliseconds, which must be later than the one before.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn encode(
        &mut self,
        picture: &mut frame::Video,
        pts: i64,
        keyframe: bool,
    ) -> Result<Option<Coded>, CodecError> {
        picture.set_pts(Some(pts));
        picture.set_kind(if keyframe {
            picture::Type::I
        } else {
            picture::Type::None
        });
        self.inner.send_frame(picture).map_err(CodecError::of("encode"))?;
        self.receive()
    }

    /// The pictures held back, one with each call; `None` = that was all. Nothing can be encoded afterwards.
    ///
    /// # Errors
    /// [`CodecError`].
    pub(crate) fn finish(&mut self) -> Result<Option<Coded>, CodecError> {
        // Said again it is refused, and changes nothing.
        let _ = self.inner.send_eof();
        self.receive()
    }

    fn receive(&mut self) -> Result<Option<Coded>, CodecError> {
        match self.inner.receive_packet(&mut self.packet) {
            Ok(()) => {}
            Err(Error::Other { errno }) if errno == ffmpeg_next::error::EAGAIN => return Ok(None),
            Err(Error::Eof) => return Ok(None),
            Err(error) => return Err(CodecError::of("encode")(error)),
        }
        let stream = self.packet.data().unwrap_or_default();
        // What describes the encoder is of no use to players.
        let units = AnnexBUnits::new(stream).filter(|unit| NalType::of(unit) != Some(NalType::Sei));
        Ok(Some(Coded {
            pts: self.packet.pts().unwrap_or_default(),
            keyframe: self.packet.is_key(),
            payload: nal::join(units),
        }))
    }
}

fn buffer(bitrate: u32) -> u32 {
    (u64::from(bitrate) * BUFFER_MILLIS / 1_000).min(u64::from(u32::MAX)) as u32
}

/// The decoder configuration of a stream with the parameter sets in `headers`.
fn config_of(headers: &[u8]) -> Result<VideoConfig, CodecError> {
    let units = |kind: NalType| {
        AnnexBUnits::new(headers)
            .filter(|unit| NalType::of(unit) == Some(kind))
            .map(Bytes::copy_from_slice)
            .collect::<Vec<_>>()
    };
    let record = AvcRecord::from_parameter_sets(units(NalType::Sps), units(NalType::Pps))?;
    Ok(VideoConfig::from_record(VideoCodec::H264, record.to_bytes()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{new_picture, plane_bytes_mut};

    /// Every picture that went in comes out, in order: of a mix for watching at once, of one for recording at the end.
    #[test]
    fn no_picture_is_kept() {
        crate::codec::silence_logs();
        let size = Size {
            width: 64,
            height: 64,
        };
        for (effort, at_once) in [(Effort::Live, true), (Effort::Recording, false)] {
            let mut encoder = VideoEncoder::with_effort(size, 200_000, 25.0, effort).unwrap();
            let mut picture = new_picture(size).unwrap();
            let mut stamps = Vec::new();
            for n in 0..30_u8 {
                plane_bytes_mut(&mut picture, 0).0.fill(n * 8);
                let coded = encoder.encode(&mut picture, i64::from(n) * 40, n == 0).unwrap();
                stamps.extend(coded.map(|coded| coded.pts));
            }
            assert_eq!(stamps.len() == 30, at_once, "{effort:?}: {}", stamps.len());
            while let Some(coded) = encoder.finish().unwrap() {
                stamps.push(coded.pts);
            }
            let expected: Vec<i64> = (0..30).map(|n| n * 40).collect();
            assert_eq!(stamps, expected, "{effort:?}");
        }
    }
}
