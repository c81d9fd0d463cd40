//! Facts of the sequence header (AV1 §5.5) and the start of the frame header (§5.9.2).

use bytes::BytesMut;
use lianmai_media::{VideoCodec, VideoConfig};

use super::obu::Obu;
use lianmai_media::bits::BitReader;

/// What `av1C` wants to know of a sequence header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sequence {
    profile: u8,
    level: u8,
    tier: bool,
    high_bit_depth: bool,
    twelve_bit: bool,
    monochrome: bool,
    subsampling_x: bool,
    subsampling_y: bool,
    sample_position: u8,
}

/// The configuration that a sequence header makes: an `av1C` record (AV1 in ISO BMFF v1.2 §2.3.3) around it.
pub(super) fn config(header: &Obu<'_>) -> Option<VideoConfig> {
    let facts = sequence(header.content)?;
    let mut record = BytesMut::new();
    let flags = [
        (facts.tier, 7),
        (facts.high_bit_depth, 6),
        (facts.twelve_bit, 5),
        (facts.monochrome, 4),
        (facts.subsampling_x, 3),
        (facts.subsampling_y, 2),
    ];
    let flags = flags.iter().fold(facts.sample_position, |bits, &(flag, at)| {
        bits | u8::from(flag) << at
    });
    record.extend_from_slice(&[0x81, facts.profile << 5 | facts.level, flags, 0]);
    header.put_with_size(&mut record);
    VideoConfig::from_record(VideoCodec::Av1, record.freeze()).ok()
}

/// Whether a frame or frame header OBU starts a key frame that is shown. Sequences of still pictures with reduced
/// headers have nothing else.
pub(super) fn is_key_frame(content: &[u8], reduced_headers: bool) -> bool {
    // show_existing_frame 0, frame_type KEY_FRAME (0), show_frame 1.
    reduced_headers || content.first().is_some_and(|byte| byte & 0xF0 == 0x10)
}

/// `reduced_still_picture_header` of a sequence header.
pub(super) fn has_reduced_headers(content: &[u8]) -> bool {
    content.first().is_some_and(|byte| byte & 0x08 != 0)
}

fn sequence(content: &[u8]) -> Option<Sequence> {
    let mut bits = BitReader::new(content);
    let profile = bits.bits(3)? as u8;
    bits.skip(1)?; // still_picture
    let reduced = bits.bit()?;
    let (level, tier) = if reduced {
        (bits.bits(5)? as u8, false)
    } else {
        operating_points(&mut bits)?
    };
    let width_bits = bits.bits(4)? as usize + 1;
    let height_bits = bits.bits(4)? as usize + 1;
    bits.skip(width_bits + height_bits)?;
    if !reduced && bits.bit()? {
        bits.skip(7)?; // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
    }
    bits.skip(3)?; // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if !reduced {
        tools(&mut bits)?;
    }
    bits.skip(3)?; // enable_superres, enable_cdef, enable_restoration
    colour(&mut bits, profile).map(|colour| Sequence {
        profile,
        level,
        tier,
        ..colour
    })
}

/// Level and tier of the first operating point.
fn operating_points(bits: &mut BitReader<'_>) -> Option<(u8, bool)> {
    let mut delay_bits = None;
    if bits.bit()? {
        bits.skip(64)?; // num_units_in_display_tick, time_scale
        if bits.bit()? {
            bits.ue()?; // num_ticks_per_picture_minus_1
        }
        if bits.bit()? {
            delay_bits = Some(bits.bits(5)? as usize + 1);
            bits.skip(42)?;
        }
    }
    let display_delays = bits.bit()?;
    let mut first = None;
    for _ in 0..=bits.bits(5)? {
        bits.skip(12)?; // operating_point_idc
        let level = bits.bits(5)? as u8;
        let tier = level > 7 && bits.bit()?;
        if let Some(delay_bits) = delay_bits
            && bits.bit()?
        {
            bits.skip(2 * delay_bits + 1)?;
        }
        if display_delays && bits.bit()? {
            bits.skip(4)?;
        }
        first.get_or_insert((level, tier));
    }
    first
}

/// From `enable_interintra_compound` to `order_hint_bits_minus_1`.
fn tools(bits: &mut BitReader<'_>) -> Option<()> {
    bits.skip(4)?; // interintra, masked compound, warped motion, dual filter
    let order_hint = bits.bit()?;
    if order_hint {
        bits.skip(2)?; // jnt_comp, ref_frame_mvs
    }
    let chooses_screen_tools = bits.bit()?;
    let screen_tools = chooses_screen_tools || bits.bit()?;
    if screen_tools {
        let chooses_integer_mv = bits.bit()?;
        if !chooses_integer_mv {
            bits.skip(1)?;
        }
    }
    if order_hint {
        bits.skip(3)?;
    }
    Some(())
}

/// `color_config()` (AV1 §5.5.2).
fn colour(bits: &mut BitReader<'_>, profile: u8) -> Option<Sequence> {
    const BT_709: u32 = 1;
    const SRGB: u32 = 13;
    const IDENTITY: u32 = 0;
    const UNSPECIFIED: u32 = 2;
    let high_bit_depth = bits.bit()?;
    let twelve_bit = profile == 2 && high_bit_depth && bits.bit()?;
    let monochrome = profile != 1 && bits.bit()?;
    let described = bits.bit()?;
    let description = if described {
        (bits.bits(8)?, bits.bits(8)?, bits.bits(8)?)
    } else {
        (UNSPECIFIED, UNSPECIFIED, UNSPECIFIED)
    };
    let mut facts = Sequence {
        profile,
        level: 0,
        tier: false,
        high_bit_depth,
        twelve_bit,
        monochrome,
        subsampling_x: true,
        subsampling_y: true,
        sample_position: 0,
    };
    if monochrome {
        return Some(facts);
    }
    let (x, y) = if description == (BT_709, SRGB, IDENTITY) {
        (false, false)
    } else {
        bits.skip(1)?; // color_range
        match profile {
            0 => (true, true),
            1 => (false, false),
            _ if twelve_bit => {
                let x = bits.bit()?;
                (x, x && bits.bit()?)
            }
            _ => (true, false),
        }
    };
    (facts.subsampling_x, facts.subsampling_y) = (x, y);
    if x && y {
        facts.sample_position = bits.bits(2)? as u8;
    }
    Some(facts)
}
