//! H.264 frames to payloads.

use bytes::Bytes;
use lianmai_media::Frame;
use lianmai_media::h264::{AvcRecord, NalType};
use lianmai_media::nal::{LengthSize, shared_units};

use super::super::nal::payloads;
use super::Avc;
use super::timing::is_timing;

/// The payloads of a frame with 4-byte lengths. A key frame gets the parameter sets of `record` in front unless it
/// brings its own (R-V1). Delimiters, filler and timing are left out, and unit types that mean something else in RTP.
pub(in super::super) fn packetise(record: &Bytes, frame: &Frame, limit: usize) -> Vec<Bytes> {
    let mut units = Vec::with_capacity(8);
    let (mut has_sps, mut has_pps, mut key, mut has_slice) = (false, false, frame.keyframe, false);
    for unit in shared_units(&frame.payload, LengthSize::Four) {
        let Ok(unit) = unit else {
            return Vec::new();
        };
        match NalType::of(&unit) {
            Some(NalType::Aud | NalType::EndOfSequence | NalType::EndOfStream | NalType::Filler) | None => {
                continue;
            }
            Some(NalType::Other(0 | 24..)) => continue,
            Some(NalType::Sei) if is_timing(&unit) => continue,
            Some(NalType::Sps) => has_sps = true,
            Some(NalType::Pps) => has_pps = true,
            Some(NalType::Idr) => (key, has_slice) = (true, true),
            Some(NalType::Slice) => has_slice = true,
            Some(NalType::Sei | NalType::Other(_)) => {}
        }
        units.push(unit);
    }
    if key
        && has_slice
        && !(has_sps && has_pps)
        && let Ok(record) = AvcRecord::parse(record)
    {
        units.splice(0..0, record.sps.into_iter().chain(record.pps));
    }
    payloads::<Avc>(&units, limit)
}
