//! Video usability information of an SPS (H.264 annex E), as far as it matters without decoding.

use crate::bits::BitReader;

/// The facts kept of a VUI.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Vui {
    /// `num_units_in_tick`, `time_scale`, `fixed_frame_rate_flag`.
    pub(super) timing: Option<(u32, u32, bool)>,
    /// `max_num_reorder_frames`, `max_dec_frame_buffering`.
    pub(super) restriction: Option<(u32, u32)>,
}

/// The largest DPB of any level (H.264 §A.3.1 h).
const MAX_FRAMES: u32 = 16;

/// Reads `vui_parameters()`. What was read before the end of the data is kept: some encoders cut the VUI short.
pub(super) fn read(bits: &mut BitReader<'_>) -> Vui {
    let mut vui = Vui::default();
    // `None` only means that nothing more can be read.
    let _ = read_into(bits, &mut vui);
    vui
}

fn read_into(bits: &mut BitReader<'_>, vui: &mut Vui) -> Option<()> {
    const EXTENDED_SAR: u32 = 255;
    if bits.bit()? && bits.bits(8)? == EXTENDED_SAR {
        bits.skip(32)?;
    }
    if bits.bit()? {
        bits.skip(1)?;
    }
    if bits.bit()? {
        bits.skip(4)?;
        if bits.bit()? {
            bits.skip(24)?;
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    if bits.bit()? {
        vui.timing = Some((bits.bits(32)?, bits.bits(32)?, bits.bit()?));
    }
    let nal_hrd = bits.bit()?;
    if nal_hrd {
        skip_hrd(bits)?;
    }
    let vcl_hrd = bits.bit()?;
    if vcl_hrd {
        skip_hrd(bits)?;
    }
    if nal_hrd || vcl_hrd {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    if bits.bit()? {
        bits.skip(1)?;
        for _ in 0..4 {
            bits.ue()?;
        }
        vui.restriction = Some((bits.ue_up_to(MAX_FRAMES)?, bits.ue_up_to(MAX_FRAMES)?));
    }
    Some(())
}

fn skip_hrd(bits: &mut BitReader<'_>) -> Option<()> {
    let count = bits.ue_up_to(31)? + 1;
    bits.skip(8)?;
    for _ in 0..count {
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    bits.skip(20)
}
