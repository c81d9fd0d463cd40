//! H.265 facts from its configuration record: `HEVCDecoderConfigurationRecord`, the content of an `hvcC` box
//! (ISO/IEC 14496-15 §8.3.3.1), and the SPS in it (ITU-T H.265 §7.3.2.2).

use bytes::Bytes;

use crate::ConfigError;
use crate::bits::{BitReader, unescape};
use crate::cursor::Cursor;
use crate::nal::LengthSize;

/// What an `hvcC` says. The size and the reordering come from its first SPS and stay zero and `None` when that
/// cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HevcRecord {
    /// `general_profile_idc`.
    pub profile: u8,
    /// `general_level_idc`: 30 times the level.
    pub level: u8,
    /// How long the lengths before NAL units are.
    pub length_size: LengthSize,
    /// Width in pixels inside the conformance window; 0 when unknown.
    pub width: u32,
    /// Height in pixels inside the conformance window; 0 when unknown.
    pub height: u32,
    /// `sps_max_num_reorder_pics` of the highest temporal layer.
    pub reorder_depth: Option<u8>,
}

const NAME: &str = "hvcC";
const SPS: u8 = 33;
/// More pixels in one direction than any level has (H.265 §A.4.1).
const MAX_SIZE: u32 = 32_768;
const MAX_SPS_BYTES: usize = 2_048;

impl HevcRecord {
    /// Reads a record; arrays behind a malformed one are ignored.
    ///
    /// # Errors
    /// [`ConfigError`] when the fixed part is missing or wrong.
    pub fn parse(record: &Bytes) -> Result<HevcRecord, ConfigError> {
        let mut cursor = Cursor::new(record);
        let fixed: [u8; 23] = cursor.array().ok_or(ConfigError::Truncated {
            record: NAME,
            length: record.len(),
        })?;
        // 0 is written by encoders that followed a draft.
        if fixed[0] > 1 {
            return Err(ConfigError::Version {
                record: NAME,
                version: fixed[0],
            });
        }
        let length_size = LengthSize::from_minus_one(fixed[21] & 3).ok_or(ConfigError::OutOfRange {
            record: NAME,
            field: "lengthSizeMinusOne",
        })?;
        let sps = find_sps(&mut cursor, fixed[22]).and_then(read_sps);
        Ok(HevcRecord {
            profile: fixed[1] & 0x1F,
            level: fixed[12],
            length_size,
            width: sps.map_or(0, |sps| sps.width),
            height: sps.map_or(0, |sps| sps.height),
            reorder_depth: sps.map(|sps| sps.reorder),
        })
    }
}

fn find_sps<'a>(cursor: &mut Cursor<'a>, arrays: u8) -> Option<&'a [u8]> {
    for _ in 0..arrays {
        let kind = cursor.u8()? & 0x3F;
        for _ in 0..cursor.u16()? {
            let length = cursor.u16()?;
            let unit = cursor.take(usize::from(length))?;
            if kind == SPS {
                return Some(unit);
            }
        }
    }
    None
}

#[derive(Clone, Copy)]
struct SpsFacts {
    width: u32,
    height: u32,
    reorder: u8,
}

fn read_sps(unit: &[u8]) -> Option<SpsFacts> {
    let rbsp = unescape(unit.get(..MAX_SPS_BYTES).unwrap_or(unit));
    let mut bits = BitReader::new(&rbsp);
    if bits.bits(16)? >> 9 & 0x3F != u32::from(SPS) {
        return None;
    }
    bits.skip(4)?; // sps_video_parameter_set_id
    let max_sub_layer = bits.bits(3)?;
    bits.skip(1)?; // sps_temporal_id_nesting_flag
    skip_profile_tier_level(&mut bits, max_sub_layer)?;
    bits.ue_up_to(15)?; // sps_seq_parameter_set_id
    let chroma_format = bits.ue_up_to(3)?;
    if chroma_format == 3 {
        bits.skip(1)?; // separate_colour_plane_flag
    }
    let mut width = bits.ue_up_to(MAX_SIZE)?;
    let mut height = bits.ue_up_to(MAX_SIZE)?;
    if bits.bit()? {
        let (unit_x, unit_y) = match chroma_format {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let mut offset = || bits.ue_up_to(MAX_SIZE);
        let (left, right, top, bottom) = (offset()?, offset()?, offset()?, offset()?);
        width = width.checked_sub((left + right) * unit_x)?;
        height = height.checked_sub((top + bottom) * unit_y)?;
    }
    bits.ue_up_to(8)?; // bit_depth_luma_minus8
    bits.ue_up_to(8)?; // bit_depth_chroma_minus8
    bits.ue_up_to(12)?; // log2_max_pic_order_cnt_lsb_minus4
    let layers = if bits.bit()? { max_sub_layer + 1 } else { 1 };
    let mut reorder = 0;
    for _ in 0..layers {
        bits.ue_up_to(15)?; // sps_max_dec_pic_buffering_minus1
        reorder = bits.ue_up_to(15)? as u8;
        bits.ue()?; // sps_max_latency_increase_plus1
    }
    (width > 0 && height > 0).then_some(SpsFacts {
        width,
        height,
        reorder,
    })
}

/// `profile_tier_level( 1, max_sub_layer )` (H.265 §7.3.3).
fn skip_profile_tier_level(bits: &mut BitReader<'_>, max_sub_layer: u32) -> Option<()> {
    const PROFILE_BITS: usize = 88;
    const LEVEL_BITS: usize = 8;
    bits.skip(PROFILE_BITS + LEVEL_BITS)?;
    let mut sub_layer_bits = 0;
    for _ in 0..max_sub_layer {
        sub_layer_bits += if bits.bit()? { PROFILE_BITS } else { 0 };
        sub_layer_bits += if bits.bit()? { LEVEL_BITS } else { 0 };
    }
    if max_sub_layer > 0 {
        bits.skip(2 * (8 - max_sub_layer as usize))?;
    }
    bits.skip(sub_layer_bits)
}
