//! VP9 frames to payloads, in non-flexible mode without layers.

use bytes::{BufMut, Bytes, BytesMut};
use lianmai_media::Frame;

use super::super::fragments::equal_size;
use super::descriptor::{END, INTER, START, STRUCTURE};
use super::header::Header;

/// Scalability structure: one spatial layer with its size; a picture refers to the one before (RFC 9628 §4.2.1).
const STRUCTURE_LENGTH: usize = 8;

/// The payloads of a frame. Key frames say their size in front, as receivers expect it.
pub(in super::super) fn packetise(frame: &Frame, limit: usize) -> Vec<Bytes> {
    let format = match Header::parse(&frame.payload) {
        Some(Header::Key(format)) => Some(format),
        Some(Header::Inter) | None => None,
    };
    let inter = if format.is_some() || frame.keyframe {
        0
    } else {
        INTER
    };
    let in_front = if format.is_some() { STRUCTURE_LENGTH } else { 0 };
    // The structure takes room of the first piece only, so that all payloads have the same size.
    let total = frame.payload.len() + in_front;
    let size = equal_size(total, limit - 1);
    let mut out = BytesMut::with_capacity(total + total.div_ceil(size));
    let (first, rest) = frame
        .payload
        .split_at_checked(size.saturating_sub(in_front))
        .unwrap_or((&frame.payload, &[]));
    let pieces = std::iter::once(first).chain(rest.chunks(size));
    let last = pieces.clone().count() - 1;
    pieces
        .enumerate()
        .map(|(index, piece)| {
            let start = if index == 0 { START } else { 0 };
            let end = if index == last { END } else { 0 };
            match format {
                Some(format) if index == 0 => {
                    out.put_slice(&[start | end | STRUCTURE, 0x18]);
                    out.put_u16(format.width);
                    out.put_u16(format.height);
                    // One picture in the group: temporal layer 0, one reference, one picture back.
                    out.put_slice(&[1, 0x04, 1]);
                }
                _ => out.put_u8(start | end | inter),
            }
            out.put_slice(piece);
            out.split().freeze()
        })
        .collect()
}
