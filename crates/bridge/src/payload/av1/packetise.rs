//! AV1 temporal units to payloads.

use bytes::{BufMut, Bytes, BytesMut};
use lianmai_media::Frame;

use super::obu::{Obu, SEQUENCE_HEADER, leb128_length, put_leb128};
use super::{CONTINUES, GOES_ON, NEW_SEQUENCE};

/// Aggregates of more elements say the length of each (AV1 RTP §4.4).
const COUNTED: usize = 3;
/// A piece shorter than this is not worth its length field.
const LEAST_PIECE: usize = 8;
/// Fixed part of `av1C`.
const RECORD_HEADER: usize = 4;

/// The payloads of a temporal unit. A key frame gets the sequence header of `record` in front unless it has one.
pub(in super::super) fn packetise(record: &Bytes, frame: &Frame, limit: usize) -> Vec<Bytes> {
    let Some(mut obus) = parse_obus(&frame.payload) else {
        return Vec::new();
    };
    let mut has_sequence = obus.iter().any(|obu| obu.kind() == SEQUENCE_HEADER);
    if frame.keyframe && !has_sequence {
        let config = record
            .get(RECORD_HEADER..)
            .and_then(parse_obus)
            .unwrap_or_default();
        has_sequence = !config.is_empty();
        obus.splice(0..0, config);
    }
    let total: usize = obus.iter().map(Obu::length_without_size).sum();
    let mut plain = BytesMut::with_capacity(total);
    let mut lengths = Vec::with_capacity(obus.len());
    for obu in &obus {
        obu.put_without_size(&mut plain);
        lengths.push(obu.length_without_size());
    }
    let first = if has_sequence && frame.keyframe {
        NEW_SEQUENCE
    } else {
        0
    };
    aggregate(&plain, &lengths, first, limit)
}

/// The units of a temporal unit that go into RTP; `None` when it cannot be read.
fn parse_obus(mut unit: &[u8]) -> Option<Vec<Obu<'_>>> {
    let mut obus = Vec::with_capacity(4);
    while !unit.is_empty() {
        let (obu, behind) = Obu::parse(unit)?;
        unit = behind;
        if !obu.is_left_out() {
            obus.push(obu);
        }
    }
    Some(obus)
}

/// Fills payloads one after the other with units of `lengths`, which follow each other in `plain`.
fn aggregate(plain: &[u8], lengths: &[usize], first_flags: u8, limit: usize) -> Vec<Bytes> {
    let mut payloads = Vec::with_capacity(plain.len() / limit + 1);
    let mut plain = plain;
    let mut flags = first_flags;
    let mut pieces: Vec<usize> = Vec::new();
    // Bytes of the header and of all pieces so far, each with its length in front.
    let mut used = 1;
    let mut lengths = lengths.iter().copied();
    let mut next = lengths.next();
    while let Some(length) = next {
        let counted = pieces.len() < COUNTED;
        let fits = |length: usize| {
            let own_length = if counted { 0 } else { leb128_length(length) };
            used + own_length + length <= limit
        };
        if fits(length) {
            pieces.push(length);
            used += leb128_length(length) + length;
            next = lengths.next();
            if next.is_some() && used + 1 + LEAST_PIECE < limit {
                continue;
            }
            if next.is_none() {
                emit(&mut plain, &pieces, flags, &mut payloads);
                break;
            }
        } else {
            let mut room = limit.saturating_sub(used);
            if !counted {
                room = room.saturating_sub(leb128_length(room));
            }
            if room >= LEAST_PIECE || pieces.is_empty() {
                let piece = room.max(1);
                pieces.push(piece);
                next = Some(length - piece);
                flags |= GOES_ON;
            }
        }
        emit(&mut plain, &pieces, flags, &mut payloads);
        flags = if flags & GOES_ON != 0 { CONTINUES } else { 0 };
        pieces.clear();
        used = 1;
    }
    payloads
}

fn emit(plain: &mut &[u8], pieces: &[usize], flags: u8, payloads: &mut Vec<Bytes>) {
    let counted = pieces.len() <= COUNTED;
    let count = if counted { (pieces.len() as u8) << 4 } else { 0 };
    let size: usize = pieces.iter().map(|piece| 5 + piece).sum();
    let mut out = BytesMut::with_capacity(1 + size);
    out.put_u8(flags | count);
    for (index, &piece) in pieces.iter().enumerate() {
        let Some((content, behind)) = plain.split_at_checked(piece) else {
            return;
        };
        *plain = behind;
        if !(counted && index + 1 == pieces.len()) {
            put_leb128(piece, &mut out);
        }
        out.put_slice(content);
    }
    payloads.push(out.freeze());
}
