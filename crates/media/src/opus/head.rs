//! The Opus identification header (RFC 7845 §5.1), which Enhanced RTMP carries as sequence header.

use bytes::{BufMut, Bytes, BytesMut};

use crate::ConfigError;
use crate::cursor::Cursor;

/// An identification header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpusHead {
    /// Output channels, at least 1.
    pub channels: u8,
    /// Samples at 48 kHz to leave out at the start.
    pub pre_skip: u16,
    /// Samples per second of the original sound; only for information.
    pub input_sample_rate: u32,
    /// Gain to apply, in units of 1/256 dB.
    pub output_gain: i16,
    /// Channel mapping family: 0 for mono and stereo.
    pub mapping_family: u8,
    /// Channel mapping table as on the wire: stream count, coupled count, one byte per channel. Empty for family 0.
    pub mapping: Bytes,
}

const NAME: &str = "OpusHead";
const MAGIC: [u8; 8] = *b"OpusHead";
/// What libopus needs to converge: 6.5 ms.
const LIBOPUS_PRE_SKIP: u16 = 312;

impl OpusHead {
    /// The header of a mono or stereo stream as libopus makes it.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] for any other number of channels.
    pub fn new(channels: u8) -> Result<OpusHead, ConfigError> {
        if !(1..=2).contains(&channels) {
            return Err(ConfigError::OutOfRange {
                record: NAME,
                field: "number of channels",
            });
        }
        Ok(OpusHead {
            channels,
            pre_skip: LIBOPUS_PRE_SKIP,
            input_sample_rate: super::SAMPLE_RATE,
            output_gain: 0,
            mapping_family: 0,
            mapping: Bytes::new(),
        })
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(record: &[u8]) -> Result<OpusHead, ConfigError> {
        let truncated = ConfigError::Truncated {
            record: NAME,
            length: record.len(),
        };
        let out_of_range = |field| ConfigError::OutOfRange { record: NAME, field };
        let mut cursor = Cursor::new(record);
        if cursor.array().ok_or(truncated)? != MAGIC {
            return Err(out_of_range("magic signature"));
        }
        let [version, channels] = cursor.array().ok_or(truncated)?;
        // The upper half is the major version (RFC 7845 §5.1 item 2).
        if version & 0xF0 != 0 {
            return Err(ConfigError::Version {
                record: NAME,
                version,
            });
        }
        let pre_skip = u16::from_le_bytes(cursor.array().ok_or(truncated)?);
        let input_sample_rate = u32::from_le_bytes(cursor.array().ok_or(truncated)?);
        let output_gain = i16::from_le_bytes(cursor.array().ok_or(truncated)?);
        let mapping_family = cursor.u8().ok_or(truncated)?;
        let mapping = match mapping_family {
            0 if channels > 2 => return Err(out_of_range("number of channels")),
            0 => &[],
            _ => cursor.take(2 + usize::from(channels)).ok_or(truncated)?,
        };
        if channels == 0 {
            return Err(out_of_range("number of channels"));
        }
        let mapping = Bytes::copy_from_slice(mapping);
        Ok(OpusHead {
            channels,
            pre_skip,
            input_sample_rate,
            output_gain,
            mapping_family,
            mapping,
        })
    }

    /// The header's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(19 + self.mapping.len());
        out.put_slice(&MAGIC);
        out.put_slice(&[1, self.channels]);
        out.put_u16_le(self.pre_skip);
        out.put_u32_le(self.input_sample_rate);
        out.put_i16_le(self.output_gain);
        out.put_u8(self.mapping_family);
        out.put_slice(&self.mapping);
        out.freeze()
    }
}
