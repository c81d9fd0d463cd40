//! The sequence parameter set (H.264 §7.3.2.1.1): size, profile, timing and how far pictures are reordered.

use super::NalType;
use super::vui::{self, Vui};
use crate::bits::{BitReader, unescape};

/// Facts of a sequence parameter set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sps {
    /// `profile_idc`.
    pub profile: u8,
    /// The byte of `constraint_set` flags, set 0 in the highest bit.
    pub constraints: u8,
    /// `level_idc`.
    pub level: u8,
    /// `seq_parameter_set_id`, 0…31.
    pub id: u8,
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// Width in pixels after cropping.
    pub width: u32,
    /// Height in pixels after cropping.
    pub height: u32,
    /// Whether pictures may be coded as fields.
    pub interlaced: bool,
    /// `pic_order_cnt_type`: 2 makes output order equal decoding order.
    pub pic_order_cnt_type: u8,
    /// Reference frames a decoder keeps.
    pub max_num_ref_frames: u8,
    /// Frames per second as numerator and denominator, when the VUI says so and is plausible.
    pub frame_rate: Option<(u32, u32)>,
    /// Whether `frame_rate` holds for every picture (`fixed_frame_rate_flag`).
    pub fixed_frame_rate: bool,
    /// `max_dec_frame_buffering` of the VUI.
    pub max_dec_frame_buffering: Option<u8>,
    /// Pictures that may be reordered between decoding and output; `None` when the SPS leaves it open.
    pub reorder_depth: Option<u8>,
}

/// Why an SPS cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpsError {
    /// The NAL unit is empty or of another type.
    #[error("not a sequence parameter set")]
    NotAnSps,
    /// A field is missing or outside its range.
    #[error("sequence parameter set is malformed at bit {bit}")]
    Malformed {
        /// Bit after the NAL unit's header, without emulation prevention.
        bit: usize,
    },
}

/// More macroblocks in one direction than any level has (H.264 §A.3.1 f and g).
const MAX_MACROBLOCKS: u32 = 2_048;
/// More bytes than any real SPS has; the rest is not looked at.
const MAX_BYTES: usize = 2_048;
/// Profiles whose SPS has the chroma fields (H.264 §7.3.2.1.1).
const HIGH_PROFILES: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
/// Profiles in which constraint_set3_flag means that all pictures are intra (H.264 §E.2.1).
const INTRA_CAPABLE: [u8; 6] = [44, 86, 100, 110, 122, 244];

impl Sps {
    /// Reads an SPS NAL unit, header byte included.
    ///
    /// # Errors
    /// [`SpsError`].
    pub fn parse(unit: &[u8]) -> Result<Sps, SpsError> {
        if NalType::of(unit) != Some(NalType::Sps) {
            return Err(SpsError::NotAnSps);
        }
        let content = unit.get(1..).unwrap_or_default();
        let rbsp = unescape(content.get(..MAX_BYTES).unwrap_or(content));
        let mut bits = BitReader::new(&rbsp);
        read(&mut bits).ok_or(SpsError::Malformed { bit: bits.position() })
    }

    /// Whether the profile's decoder configuration record ends with chroma format and bit depths.
    pub(super) fn is_high(&self) -> bool {
        HIGH_PROFILES.contains(&self.profile)
    }
}

fn read(bits: &mut BitReader<'_>) -> Option<Sps> {
    let profile = bits.byte(8)?;
    let constraints = bits.byte(8)?;
    let level = bits.byte(8)?;
    let id = bits.ue_up_to(31)? as u8;
    let chroma = if HIGH_PROFILES.contains(&profile) {
        read_chroma(bits)?
    } else {
        Chroma::DEFAULT
    };
    bits.ue_up_to(12)?; // log2_max_frame_num_minus4
    let pic_order_cnt_type = bits.ue_up_to(2)? as u8;
    match pic_order_cnt_type {
        0 => {
            bits.ue_up_to(12)?;
        }
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue_up_to(255)? {
                bits.se()?;
            }
        }
        _ => {}
    }
    let max_num_ref_frames = bits.ue_up_to(16)? as u8;
    bits.skip(1)?; // gaps_in_frame_num_value_allowed_flag
    let width_in_mbs = bits.ue_up_to(MAX_MACROBLOCKS - 1)? + 1;
    let height_in_map_units = bits.ue_up_to(MAX_MACROBLOCKS - 1)? + 1;
    let frames_only = bits.bit()?;
    if !frames_only {
        bits.skip(1)?; // mb_adaptive_frame_field_flag
    }
    bits.skip(1)?; // direct_8x8_inference_flag
    let field_factor = if frames_only { 1 } else { 2 };
    let mut width = width_in_mbs * 16;
    // Of an interlaced stream a map unit is two macroblocks high (§7.4.2.1.1); the bound is on macroblocks.
    let height_in_mbs = Some(height_in_map_units * field_factor).filter(|&mbs| mbs <= MAX_MACROBLOCKS)?;
    let mut height = height_in_mbs * 16;
    if bits.bit()? {
        let (unit_x, unit_y) = chroma.crop_units();
        let mut crop = || bits.ue_up_to(MAX_MACROBLOCKS * 32);
        let (left, right, top, bottom) = (crop()?, crop()?, crop()?, crop()?);
        width = width
            .checked_sub((left + right) * unit_x)
            .filter(|&width| width > 0)?;
        height = height
            .checked_sub((top + bottom) * unit_y * field_factor)
            .filter(|&height| height > 0)?;
    }
    let vui = if bits.bit()? {
        vui::read(bits)
    } else {
        Vui::default()
    };
    let timing = vui.timing.filter(|&(units, scale, _)| units > 0 && scale > 0);
    Some(Sps {
        profile,
        constraints,
        level,
        id,
        chroma_format: chroma.format,
        bit_depth_luma: chroma.bit_depth_luma,
        bit_depth_chroma: chroma.bit_depth_chroma,
        width,
        height,
        interlaced: !frames_only,
        pic_order_cnt_type,
        max_num_ref_frames,
        // One tick is a field (H.264 §E.2.1).
        frame_rate: timing.and_then(|(units, scale, _)| Some((scale, units.checked_mul(2)?))),
        fixed_frame_rate: timing.is_some_and(|(_, _, fixed)| fixed),
        max_dec_frame_buffering: vui.restriction.map(|(_, buffering)| buffering as u8),
        reorder_depth: reorder_depth(profile, constraints, pic_order_cnt_type, &vui),
    })
}

/// What can be concluded about reordering. Baseline has no B slices (§A.2.1); a picture order count of type 2
/// excludes reordering (§8.2.1.3); intra profiles are as §E.2.1 infers.
fn reorder_depth(profile: u8, constraints: u8, pic_order_cnt_type: u8, vui: &Vui) -> Option<u8> {
    let intra_only = constraints & 0x10 != 0 && INTRA_CAPABLE.contains(&profile);
    if profile == 66 || pic_order_cnt_type == 2 || intra_only {
        return Some(0);
    }
    vui.restriction.map(|(reorder, _)| reorder as u8)
}

struct Chroma {
    format: u8,
    bit_depth_luma: u8,
    bit_depth_chroma: u8,
}

impl Chroma {
    const DEFAULT: Chroma = Chroma {
        format: 1,
        bit_depth_luma: 8,
        bit_depth_chroma: 8,
    };

    /// `CropUnitX` and `CropUnitY` of frames (H.264 §7.4.2.1.1).
    fn crop_units(&self) -> (u32, u32) {
        match self.format {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        }
    }
}

fn read_chroma(bits: &mut BitReader<'_>) -> Option<Chroma> {
    let format = bits.ue_up_to(3)? as u8;
    if format == 3 {
        bits.skip(1)?; // separate_colour_plane_flag
    }
    let bit_depth_luma = bits.ue_up_to(6)? as u8 + 8;
    let bit_depth_chroma = bits.ue_up_to(6)? as u8 + 8;
    bits.skip(1)?; // qpprime_y_zero_transform_bypass_flag
    if bits.bit()? {
        let lists = if format == 3 { 12 } else { 8 };
        for list in 0..lists {
            if bits.bit()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(Chroma {
        format,
        bit_depth_luma,
        bit_depth_chroma,
    })
}

/// `scaling_list()` (H.264 §7.3.2.1.1.1).
fn skip_scaling_list(bits: &mut BitReader<'_>, size: usize) -> Option<()> {
    let mut last = 8;
    for _ in 0..size {
        let delta = bits.se().filter(|delta| (-128..=127).contains(delta))?;
        let next = (last + delta + 256) % 256;
        if next == 0 {
            return Some(());
        }
        last = next;
    }
    Some(())
}
