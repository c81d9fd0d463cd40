//! ADTS frames: AAC with a header before each frame (ISO/IEC 13818-7 §6.2).

use super::AudioSpecificConfig;
use super::config::{known_rate, rate_index};
use crate::ConfigError;

/// Length of a header without checksum.
pub const ADTS_HEADER_LENGTH: usize = 7;

/// An ADTS header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdtsHeader {
    /// Audio object type 1…4: 2 for AAC-LC.
    pub object_type: u8,
    /// Samples per second of the core.
    pub sample_rate: u32,
    /// `channel_configuration` 0…7.
    pub channel_configuration: u8,
    /// Length of the header: 7 bytes, or 9 with a checksum.
    pub header_length: usize,
    /// Length of the whole frame, header included, at most 8 191 bytes.
    pub frame_length: usize,
    /// Raw data blocks in the frame, 1…4; only one makes a [`Frame`](crate::Frame).
    pub blocks: u8,
}

/// Why an ADTS header cannot be read or made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AdtsError {
    /// Fewer than 7 bytes.
    #[error("ADTS header is cut")]
    Truncated,
    /// No sync word here.
    #[error("no ADTS sync word")]
    NoSync,
    /// A field is reserved or does not fit.
    #[error("ADTS header has a {0} out of range")]
    OutOfRange(&'static str),
}

impl AdtsHeader {
    /// The header of a frame with a payload of `payload` bytes.
    ///
    /// # Errors
    /// [`AdtsError::OutOfRange`] for what ADTS cannot say.
    pub fn for_payload(config: &AudioSpecificConfig, payload: usize) -> Result<AdtsHeader, AdtsError> {
        let header = AdtsHeader {
            object_type: config.object_type,
            sample_rate: config.sample_rate,
            channel_configuration: config.channel_configuration,
            header_length: ADTS_HEADER_LENGTH,
            frame_length: payload.saturating_add(ADTS_HEADER_LENGTH),
            blocks: 1,
        };
        header.to_bytes().map(|_| header)
    }

    /// Reads the header at the start of `bytes`; the frame may be longer than they are.
    ///
    /// # Errors
    /// [`AdtsError`].
    pub fn parse(bytes: &[u8]) -> Result<AdtsHeader, AdtsError> {
        let &[a, b, c, d, e, f, g] = bytes.first_chunk().ok_or(AdtsError::Truncated)?;
        // Sync word and layer; the MPEG version does not matter.
        if a != 0xFF || b & 0xF6 != 0xF0 {
            return Err(AdtsError::NoSync);
        }
        let header_length = if b & 1 == 1 {
            ADTS_HEADER_LENGTH
        } else {
            ADTS_HEADER_LENGTH + 2
        };
        let frame_length = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
        if frame_length < header_length {
            return Err(AdtsError::OutOfRange("frame length"));
        }
        Ok(AdtsHeader {
            object_type: (c >> 6) + 1,
            sample_rate: known_rate(c >> 2 & 0x0F).ok_or(AdtsError::OutOfRange("sampling frequency"))?,
            channel_configuration: (c & 1) << 2 | d >> 6,
            header_length,
            frame_length,
            blocks: (g & 3) + 1,
        })
    }

    /// The header's 7 bytes; no checksum is written.
    ///
    /// # Errors
    /// [`AdtsError::OutOfRange`] for what ADTS cannot say.
    pub fn to_bytes(&self) -> Result<[u8; ADTS_HEADER_LENGTH], AdtsError> {
        let profile = self.object_type.wrapping_sub(1);
        let rate = rate_index(self.sample_rate).ok_or(AdtsError::OutOfRange("sampling frequency"))?;
        if profile > 3 {
            return Err(AdtsError::OutOfRange("object type"));
        }
        if self.channel_configuration > 7 {
            return Err(AdtsError::OutOfRange("channel configuration"));
        }
        if !(ADTS_HEADER_LENGTH..1 << 13).contains(&self.frame_length) {
            return Err(AdtsError::OutOfRange("frame length"));
        }
        let length = self.frame_length;
        Ok([
            0xFF,
            0xF1,
            profile << 6 | rate << 2 | self.channel_configuration >> 2,
            (self.channel_configuration & 3) << 6 | (length >> 11) as u8,
            (length >> 3 & 0xFF) as u8,
            ((length & 7) as u8) << 5 | 0x1F,
            0xFC | self.blocks.saturating_sub(1) & 3,
        ])
    }

    /// The configuration that a container carries instead of these headers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] for a channel configuration of 0, which only the payload explains.
    pub fn config(&self) -> Result<AudioSpecificConfig, ConfigError> {
        let channels = if self.channel_configuration == 7 {
            8
        } else {
            self.channel_configuration
        };
        let config = AudioSpecificConfig::aac_lc(self.sample_rate, channels)?;
        Ok(AudioSpecificConfig {
            object_type: self.object_type,
            ..config
        })
    }
}
