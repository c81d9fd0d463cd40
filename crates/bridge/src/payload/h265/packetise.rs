//! H.265 frames to payloads.

use bytes::Bytes;
use lianmai_media::Frame;
use lianmai_media::nal::{LengthSize, shared_units};

use super::super::nal::payloads;
use super::{AGGREGATE, DELIMITER, FILLER, Hevc, PPS, SPS, VPS, is_random_access, kind};

/// The payloads of a frame with 4-byte lengths. A key frame gets the parameter sets of `record` in front unless it
/// brings its own. Delimiters and filler are left out, and unit types that mean something else in RTP.
pub(in super::super) fn packetise(record: &Bytes, frame: &Frame, limit: usize) -> Vec<Bytes> {
    let mut units = Vec::with_capacity(8);
    let (mut has_sps, mut has_pps, mut key, mut has_slice) = (false, false, frame.keyframe, false);
    for unit in shared_units(&frame.payload, LengthSize::Four) {
        let Ok(unit) = unit else {
            return Vec::new();
        };
        match kind(&unit) {
            _ if unit.len() < 2 => continue,
            DELIMITER..=FILLER | AGGREGATE.. => continue,
            SPS => has_sps = true,
            PPS => has_pps = true,
            kind @ 0..=31 => {
                has_slice = true;
                key |= is_random_access(kind);
            }
            _ => {}
        }
        units.push(unit);
    }
    if key && has_slice && !(has_sps && has_pps) {
        units.splice(0..0, parameter_sets(record));
    }
    payloads::<Hevc>(&units, limit)
}

/// The VPS, SPS and PPS of an `hvcC` (ISO/IEC 14496-15 §8.3.3.1), up to the first bad length.
fn parameter_sets(record: &Bytes) -> Vec<Bytes> {
    let mut sets = Vec::new();
    let mut rest = record.get(23..).unwrap_or_default();
    let arrays = record.get(22).copied().unwrap_or(0);
    for _ in 0..arrays {
        let Some(([_, high, low], behind)) = rest.split_first_chunk::<3>() else {
            break;
        };
        rest = behind;
        for _ in 0..u16::from_be_bytes([*high, *low]) {
            let Some((length, behind)) = rest.split_first_chunk::<2>() else {
                return sets;
            };
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((unit, behind)) = behind.split_at_checked(length) else {
                return sets;
            };
            rest = behind;
            if length >= 2 && (VPS..=PPS).contains(&kind(unit)) {
                sets.push(record.slice_ref(unit));
            }
        }
    }
    sets
}
