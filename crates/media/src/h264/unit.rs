//! What kind of NAL unit something is.

use crate::bits::{BitReader, unescape};
use crate::nal::{LengthSize, NalUnits};

/// `nal_unit_type` (H.264 table 7-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NalType {
    /// 1: slice of a picture that is not IDR.
    Slice,
    /// 5: slice of an IDR picture.
    Idr,
    /// 6: supplemental enhancement information.
    Sei,
    /// 7: sequence parameter set.
    Sps,
    /// 8: picture parameter set.
    Pps,
    /// 9: access unit delimiter.
    Aud,
    /// 10: end of sequence.
    EndOfSequence,
    /// 11: end of stream.
    EndOfStream,
    /// 12: filler data.
    Filler,
    /// Any other number: data partitions, extensions, and those of RTP (RFC 6184 §5.2).
    Other(u8),
}

impl NalType {
    /// The type of `unit`; `None` when it is empty.
    pub fn of(unit: &[u8]) -> Option<NalType> {
        Some(match unit.first()? & 0x1F {
            1 => NalType::Slice,
            5 => NalType::Idr,
            6 => NalType::Sei,
            7 => NalType::Sps,
            8 => NalType::Pps,
            9 => NalType::Aud,
            10 => NalType::EndOfSequence,
            11 => NalType::EndOfStream,
            12 => NalType::Filler,
            other => NalType::Other(other),
        })
    }
}

/// Whether a payload with 4-byte lengths has a slice of an IDR picture before its first bad length.
pub fn contains_idr(payload: &[u8]) -> bool {
    NalUnits::new(payload, LengthSize::Four)
        .map_while(Result::ok)
        .any(|unit| NalType::of(unit) == Some(NalType::Idr))
}

/// Which picture parameter set a PPS is, and which SPS it refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PpsIds {
    /// `pic_parameter_set_id`, 0…255.
    pub pps: u8,
    /// `seq_parameter_set_id`, 0…31.
    pub sps: u8,
}

/// The ids at the start of a PPS NAL unit (H.264 §7.3.2.2); `None` when it is not one or they are out of range.
pub fn pps_ids(unit: &[u8]) -> Option<PpsIds> {
    if NalType::of(unit) != Some(NalType::Pps) {
        return None;
    }
    // Two codes of at most 17 and 11 bits.
    let rbsp = unescape(unit.get(1..)?.get(..8).unwrap_or(unit.get(1..)?));
    let mut bits = BitReader::new(&rbsp);
    let pps = bits.ue().and_then(|id| u8::try_from(id).ok())?;
    let sps = bits.ue_up_to(31).and_then(|id| u8::try_from(id).ok())?;
    Some(PpsIds { pps, sps })
}
