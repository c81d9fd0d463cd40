//! What an audio configuration says about the stream.

use bytes::Bytes;

use super::{AudioCodec, AudioConfig, ConfigError};
use crate::aac::AudioSpecificConfig;
use crate::opus::{self, OpusHead};

impl AudioConfig {
    /// The configuration that `record` describes. AAC rates and channels are those of the decoded sound (with
    /// SBR and PS as the record announces them); Opus is always 48 kHz; MP3 says nothing here.
    ///
    /// # Errors
    /// [`ConfigError`] when the record cannot be read.
    pub fn from_record(codec: AudioCodec, record: Bytes) -> Result<AudioConfig, ConfigError> {
        let (sample_rate, channels) = match codec {
            AudioCodec::Aac => {
                let aac = AudioSpecificConfig::parse(&record)?;
                (aac.output_sample_rate(), aac.output_channels())
            }
            AudioCodec::Opus => (opus::SAMPLE_RATE, OpusHead::parse(&record)?.channels),
            AudioCodec::Mp3 => (0, 0),
        };
        Ok(AudioConfig {
            codec,
            record,
            sample_rate,
            channels,
        })
    }

    /// AAC-LC of `sample_rate` samples per second with 1…6 or 8 channels.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn aac_lc(sample_rate: u32, channels: u8) -> Result<AudioConfig, ConfigError> {
        let record = AudioSpecificConfig::aac_lc(sample_rate, channels)?.to_bytes()?;
        Ok(AudioConfig {
            codec: AudioCodec::Aac,
            record,
            sample_rate,
            channels,
        })
    }

    /// Opus of one or two channels.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn opus(channels: u8) -> Result<AudioConfig, ConfigError> {
        let record = OpusHead::new(channels)?.to_bytes();
        Ok(AudioConfig {
            codec: AudioCodec::Opus,
            record,
            sample_rate: opus::SAMPLE_RATE,
            channels,
        })
    }
}
