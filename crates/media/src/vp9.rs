//! VP8 and VP9 facts from their configuration record: `VPCodecConfigurationRecord`, the content of a `vpcC` box
//! (VP Codec ISO Media File Format Binding v1.0). It does not say the picture's size.

use crate::ConfigError;
use crate::cursor::Cursor;

/// What a `vpcC` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VpRecord {
    /// 0…3.
    pub profile: u8,
    /// Ten times the level, 0 when unknown.
    pub level: u8,
    /// Bits per sample.
    pub bit_depth: u8,
}

impl VpRecord {
    /// Reads a record, with or without the version and flags of the box in front, as encoders differ.
    ///
    /// # Errors
    /// [`ConfigError::Truncated`].
    pub fn parse(record: &[u8]) -> Result<VpRecord, ConfigError> {
        let bare = record
            .strip_prefix(&[1, 0, 0, 0])
            .filter(|bare| bare.len() >= 8)
            .unwrap_or(record);
        let [profile, level, depth] = Cursor::new(bare).array().ok_or(ConfigError::Truncated {
            record: "vpcC",
            length: record.len(),
        })?;
        Ok(VpRecord {
            profile,
            level,
            bit_depth: depth >> 4,
        })
    }
}
