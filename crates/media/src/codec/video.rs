//! What a video configuration says about the stream.

use bytes::Bytes;

use super::{ConfigError, VideoCodec, VideoConfig};
use crate::av1::Av1Record;
use crate::h264::{AvcRecord, Sps};
use crate::h265::HevcRecord;
use crate::nal::LengthSize;
use crate::vp9::VpRecord;

impl VideoConfig {
    /// The configuration that `record` describes. A readable record with an unreadable SPS gives zero sizes.
    ///
    /// # Errors
    /// [`ConfigError`] when the record itself cannot be read; VP8 and VP9 may come with an empty one.
    pub fn from_record(codec: VideoCodec, record: Bytes) -> Result<VideoConfig, ConfigError> {
        let mut config = VideoConfig {
            codec,
            record,
            width: 0,
            height: 0,
            profile: 0,
            level: 0,
            reorder_depth: Some(0),
        };
        match codec {
            VideoCodec::H264 => {
                let avc = AvcRecord::parse(&config.record)?;
                let first = avc
                    .sps
                    .first()
                    .ok_or(ConfigError::NoParameterSets { record: "avcC" })?;
                let sps = Sps::parse(first).ok();
                config.profile = sps.map_or(avc.profile, |sps| sps.profile);
                config.level = sps.map_or(avc.level, |sps| sps.level);
                config.width = sps.map_or(0, |sps| sps.width);
                config.height = sps.map_or(0, |sps| sps.height);
                config.reorder_depth = sps.and_then(|sps| sps.reorder_depth);
            }
            VideoCodec::H265 => {
                let hevc = HevcRecord::parse(&config.record)?;
                (config.profile, config.level) = (hevc.profile, hevc.level);
                (config.width, config.height) = (hevc.width, hevc.height);
                config.reorder_depth = hevc.reorder_depth;
            }
            VideoCodec::Av1 => {
                let av1 = Av1Record::parse(&config.record)?;
                (config.profile, config.level) = (av1.profile, av1.level);
                (config.width, config.height) = (av1.width, av1.height);
            }
            VideoCodec::Vp8 | VideoCodec::Vp9 if config.record.is_empty() => {}
            VideoCodec::Vp8 | VideoCodec::Vp9 => {
                let vp = VpRecord::parse(&config.record)?;
                (config.profile, config.level) = (vp.profile, vp.level);
            }
        }
        Ok(config)
    }

    /// Whether pictures may be shown in another order than they are decoded, so that composition times differ
    /// from zero. True when the record leaves it open.
    pub fn may_have_b_frames(&self) -> bool {
        self.reorder_depth != Some(0)
    }

    /// How long the lengths before NAL units are; `None` for codecs without NAL units.
    pub fn length_size(&self) -> Option<LengthSize> {
        match self.codec {
            VideoCodec::H264 => AvcRecord::parse(&self.record)
                .ok()
                .map(|record| record.length_size),
            VideoCodec::H265 => HevcRecord::parse(&self.record)
                .ok()
                .map(|record| record.length_size),
            VideoCodec::Av1 | VideoCodec::Vp8 | VideoCodec::Vp9 => None,
        }
    }

    /// This configuration for payloads that [`with_four_byte_lengths`](crate::nal::with_four_byte_lengths) has
    /// rewritten.
    pub fn with_four_byte_lengths(self) -> VideoConfig {
        const MINUS_ONE: u8 = 3;
        let place = match self.length_size() {
            None | Some(LengthSize::Four) => return self,
            Some(_) if self.codec == VideoCodec::H264 => 4,
            Some(_) => 21,
        };
        let mut record = self.record.to_vec();
        if let Some(byte) = record.get_mut(place) {
            *byte |= MINUS_ONE;
        }
        VideoConfig {
            record: record.into(),
            ..self
        }
    }

    /// Frames per second as the record says it (H.264 VUI timing); `None` when it does not, or not plausibly.
    pub fn frame_rate(&self) -> Option<f64> {
        if self.codec != VideoCodec::H264 {
            return None;
        }
        let record = AvcRecord::parse(&self.record).ok()?;
        let (frames, seconds) = Sps::parse(record.sps.first()?).ok()?.frame_rate?;
        Some(f64::from(frames) / f64::from(seconds)).filter(|rate| (1.0..=240.0).contains(rate))
    }
}
