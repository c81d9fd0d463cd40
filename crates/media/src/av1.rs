//! AV1 facts from its configuration record: `AV1CodecConfigurationRecord`, the content of an `av1C` box
//! (AV1 in ISO BMFF v1.2 §2.3.3), and the sequence header OBU in it (AV1 §5.5).

use crate::ConfigError;
use crate::bits::BitReader;
use crate::cursor::Cursor;

/// What an `av1C` says. The size comes from a sequence header among its OBUs and is zero without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Av1Record {
    /// `seq_profile`: 0 main, 1 high, 2 professional.
    pub profile: u8,
    /// `seq_level_idx_0`.
    pub level: u8,
    /// Largest frame width in pixels; 0 when unknown.
    pub width: u32,
    /// Largest frame height in pixels; 0 when unknown.
    pub height: u32,
}

const NAME: &str = "av1C";
const SEQUENCE_HEADER: u8 = 1;

impl Av1Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`ConfigError`] when the fixed part is missing or wrong.
    pub fn parse(record: &[u8]) -> Result<Av1Record, ConfigError> {
        let mut cursor = Cursor::new(record);
        let [version, profile_and_level, _, _] = cursor.array().ok_or(ConfigError::Truncated {
            record: NAME,
            length: record.len(),
        })?;
        if version != 0x81 {
            return Err(ConfigError::Version {
                record: NAME,
                version,
            });
        }
        let (width, height) = find_sequence_header(&mut cursor)
            .and_then(read_size)
            .unwrap_or_default();
        Ok(Av1Record {
            profile: profile_and_level >> 5,
            level: profile_and_level & 0x1F,
            width,
            height,
        })
    }
}

/// The first sequence header among OBUs with sizes (AV1 §5.3).
fn find_sequence_header<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    loop {
        let header = cursor.u8()?;
        let has_extension = header & 0x04 != 0;
        let has_size = header & 0x02 != 0;
        if has_extension {
            cursor.u8()?;
        }
        let size = if has_size {
            leb128(cursor)?
        } else {
            cursor.remaining()
        };
        let content = cursor.take(size)?;
        if header >> 3 & 0x0F == SEQUENCE_HEADER {
            return Some(content);
        }
    }
}

/// `leb128()` (AV1 §4.10.5), at most 2^32 - 1.
fn leb128(cursor: &mut Cursor<'_>) -> Option<usize> {
    let mut number = 0_u64;
    for index in 0..8 {
        let byte = cursor.u8()?;
        number |= u64::from(byte & 0x7F) << (index * 7);
        if byte < 0x80 {
            return u32::try_from(number).ok().map(|number| number as usize);
        }
    }
    None
}

/// The start of `sequence_header_obu()` up to the frame size.
fn read_size(content: &[u8]) -> Option<(u32, u32)> {
    let mut bits = BitReader::new(content);
    bits.skip(4)?; // seq_profile, still_picture
    if bits.bit()? {
        bits.skip(5)?; // reduced_still_picture_header: only seq_level_idx
    } else {
        skip_operating_points(&mut bits)?;
    }
    let width_bits = bits.bits(4)? + 1;
    let height_bits = bits.bits(4)? + 1;
    Some((bits.bits(width_bits)? + 1, bits.bits(height_bits)? + 1))
}

fn skip_operating_points(bits: &mut BitReader<'_>) -> Option<()> {
    let mut buffer_delay_bits = None;
    if bits.bit()? {
        bits.skip(64)?; // num_units_in_display_tick, time_scale
        if bits.bit()? {
            bits.ue()?;
        }
        if bits.bit()? {
            buffer_delay_bits = Some(bits.bits(5)? as usize + 1);
            bits.skip(42)?;
        }
    }
    let display_delays = bits.bit()?;
    for _ in 0..=bits.bits(5)? {
        bits.skip(12)?; // operating_point_idc
        if bits.bits(5)? > 7 {
            bits.skip(1)?; // seq_tier
        }
        if let Some(delay_bits) = buffer_delay_bits
            && bits.bit()?
        {
            bits.skip(2 * delay_bits + 1)?;
        }
        if display_delays && bits.bit()? {
            bits.skip(4)?;
        }
    }
    Some(())
}
