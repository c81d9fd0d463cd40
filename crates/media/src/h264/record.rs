//! `AVCDecoderConfigurationRecord`, the content of an `avcC` box (ISO/IEC 14496-15 §5.3.3.1).

use bytes::{BufMut, Bytes, BytesMut};

use super::Sps;
use crate::ConfigError;
use crate::cursor::Cursor;
use crate::nal::LengthSize;

/// The record's content. Parameter sets are whole NAL units, slices of the parsed record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AvcRecord {
    /// `AVCProfileIndication`.
    pub profile: u8,
    /// `profile_compatibility`: the constraint flags.
    pub compatibility: u8,
    /// `AVCLevelIndication`.
    pub level: u8,
    /// How long the lengths before NAL units are.
    pub length_size: LengthSize,
    /// Sequence parameter sets.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets.
    pub pps: Vec<Bytes>,
}

const NAME: &str = "avcC";

impl AvcRecord {
    /// Reads a record. The extension of the high profiles is not read: the SPS says the same.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(record: &Bytes) -> Result<AvcRecord, ConfigError> {
        let mut cursor = Cursor::new(record);
        let truncated = || ConfigError::Truncated {
            record: NAME,
            length: record.len(),
        };
        let [version, profile, compatibility, level, length, sps_count] =
            cursor.array().ok_or_else(truncated)?;
        if version != 1 {
            return Err(ConfigError::Version {
                record: NAME,
                version,
            });
        }
        let length_size = LengthSize::from_minus_one(length & 3).ok_or(ConfigError::OutOfRange {
            record: NAME,
            field: "lengthSizeMinusOne",
        })?;
        let sps = units(record, &mut cursor, sps_count & 0x1F).ok_or_else(truncated)?;
        let pps_count = cursor.u8().ok_or_else(truncated)?;
        let pps = units(record, &mut cursor, pps_count).ok_or_else(truncated)?;
        Ok(AvcRecord {
            profile,
            compatibility,
            level,
            length_size,
            sps,
            pps,
        })
    }

    /// A record for streams with these parameter sets and 4-byte lengths.
    ///
    /// # Errors
    /// [`ConfigError::Sps`] when the first SPS cannot be read, [`ConfigError::NoParameterSets`] without one.
    pub fn from_parameter_sets(sps: Vec<Bytes>, pps: Vec<Bytes>) -> Result<AvcRecord, ConfigError> {
        let first = sps.first().ok_or(ConfigError::NoParameterSets { record: NAME })?;
        let facts = Sps::parse(first)?;
        Ok(AvcRecord {
            profile: facts.profile,
            compatibility: facts.constraints,
            level: facts.level,
            length_size: LengthSize::Four,
            sps,
            pps,
        })
    }

    /// The record's bytes, with the high profiles' extension where they have one.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] for more than 31 SPS, 255 PPS, or a set of more than 65 535 bytes.
    pub fn to_bytes(&self) -> Result<Bytes, ConfigError> {
        let mut out = BytesMut::new();
        let length_size_minus_one = self.length_size.bytes() as u8 - 1;
        out.put_slice(&[
            1,
            self.profile,
            self.compatibility,
            self.level,
            0xFC | length_size_minus_one,
        ]);
        put_units(&mut out, &self.sps, 31, 0xE0)?;
        put_units(&mut out, &self.pps, 255, 0)?;
        let facts = self
            .sps
            .first()
            .and_then(|sps| Sps::parse(sps).ok())
            .filter(Sps::is_high);
        if let Some(sps) = facts {
            out.put_slice(&[
                0xFC | sps.chroma_format,
                0xF8 | sps.bit_depth_luma.saturating_sub(8),
                0xF8 | sps.bit_depth_chroma.saturating_sub(8),
                0,
            ]);
        }
        Ok(out.freeze())
    }
}

fn units(record: &Bytes, cursor: &mut Cursor<'_>, count: u8) -> Option<Vec<Bytes>> {
    let mut units = Vec::new();
    for _ in 0..count {
        let length = usize::from(cursor.u16()?);
        let start = cursor.position();
        cursor.take(length)?;
        if length > 0 {
            units.push(record.slice(start..start + length));
        }
    }
    Some(units)
}

fn put_units(out: &mut BytesMut, units: &[Bytes], most: u8, reserved: u8) -> Result<(), ConfigError> {
    let too_many = ConfigError::OutOfRange {
        record: NAME,
        field: "number of parameter sets",
    };
    let count = u8::try_from(units.len())
        .ok()
        .filter(|&count| count <= most)
        .ok_or(too_many)?;
    out.put_u8(reserved | count);
    for unit in units {
        let too_long = ConfigError::OutOfRange {
            record: NAME,
            field: "parameter set length",
        };
        out.put_u16(u16::try_from(unit.len()).map_err(|_| too_long)?);
        out.put_slice(unit);
    }
    Ok(())
}
