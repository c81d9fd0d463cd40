//! RTP payload format for H.265 (RFC 7798).

mod assembler;
mod packetise;

use bytes::{BufMut, Bytes, BytesMut};

use super::nal::NalFormat;

pub(super) use assembler::Assembler;
pub(super) use packetise::packetise;

const AGGREGATE: u8 = 48;
const FRAGMENT: u8 = 49;
const START: u8 = 0x80;
const END: u8 = 0x40;
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;
const DELIMITER: u8 = 35;
const FILLER: u8 = 38;

/// `nal_unit_type` (H.265 §7.3.1.2).
fn kind(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |byte| byte >> 1 & 0x3F)
}

/// Whether a type is that of a picture where decoding can start (H.265 §7.4.2.2, IRAP).
fn is_random_access(kind: u8) -> bool {
    (16..=23).contains(&kind)
}

/// RFC 7798 as [`nal`](super::nal) needs it.
struct Hevc;

impl NalFormat for Hevc {
    const HEADER: usize = 2;
    const FRAGMENT_HEADER: usize = 3;

    /// RFC 7798 §4.4.2: F is set if any F is, layer and temporal id are the lowest.
    fn put_aggregate_header(units: &[Bytes], out: &mut BytesMut) {
        let headers = || {
            units
                .iter()
                .filter_map(|unit| unit.first_chunk::<2>())
                .map(|header| u16::from_be_bytes(*header))
        };
        let forbidden = headers().fold(0, |bits, header| bits | header & 0x8000);
        let layer = headers().map(|header| header & 0x01F8).min().unwrap_or(0);
        let temporal = headers().map(|header| header & 7).min().unwrap_or(1);
        out.put_u16(forbidden | u16::from(AGGREGATE) << 9 | layer | temporal);
    }

    /// RFC 7798 §4.4.3.
    fn put_fragment_header(unit: &[u8], start: bool, end: bool, out: &mut BytesMut) {
        let [first, second] = unit.first_chunk::<2>().copied().unwrap_or_default();
        out.put_slice(&[first & 0x81 | FRAGMENT << 1, second]);
        let start = if start { START } else { 0 };
        let end = if end { END } else { 0 };
        out.put_u8(start | end | kind(unit));
    }
}
