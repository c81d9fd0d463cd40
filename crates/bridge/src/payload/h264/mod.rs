//! RTP payload format for H.264 (RFC 6184), packetization mode 1.

mod assembler;
mod packetise;
mod parameter_sets;
mod timing;

use bytes::{BufMut, Bytes, BytesMut};

use super::nal::NalFormat;

pub(super) use assembler::Assembler;
pub(super) use packetise::packetise;

const TYPE: u8 = 0x1F;
const FORBIDDEN: u8 = 0x80;
const REFERENCE: u8 = 0x60;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const START: u8 = 0x80;
const END: u8 = 0x40;

/// RFC 6184 as [`nal`](super::nal) needs it.
struct Avc;

impl NalFormat for Avc {
    const HEADER: usize = 1;
    const FRAGMENT_HEADER: usize = 2;

    /// RFC 6184 §5.7: F is set if any F is, NRI is the highest.
    fn put_aggregate_header(units: &[Bytes], out: &mut BytesMut) {
        let headers = || units.iter().filter_map(|unit| unit.first());
        let forbidden = headers().fold(0, |bits, header| bits | header & FORBIDDEN);
        let reference = headers().map(|header| header & REFERENCE).max().unwrap_or(0);
        out.put_u8(forbidden | reference | STAP_A);
    }

    /// RFC 6184 §5.8.
    fn put_fragment_header(unit: &[u8], start: bool, end: bool, out: &mut BytesMut) {
        let header = unit.first().copied().unwrap_or(0);
        out.put_u8(header & !TYPE | FU_A);
        let start = if start { START } else { 0 };
        let end = if end { END } else { 0 };
        out.put_u8(start | end | header & TYPE);
    }
}
