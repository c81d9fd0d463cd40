//! Chunks made by hand, independent of the crate's own writer.

use bytes::Bytes;
use lianmai_rtmp::protocol::chunk::{ChunkError, ChunkErrorKind};
use lianmai_rtmp::protocol::{ChunkLimits, ChunkReader, Message};

/// Limits that do not matter.
pub const WIDE: ChunkLimits = ChunkLimits {
    max_message: 1 << 24,
    max_chunk_streams: 70_000,
    max_buffered: 1 << 26,
};

/// A basic header in its shortest form.
pub fn basic(format: u8, csid: u32) -> Vec<u8> {
    match csid {
        2..=63 => vec![format << 6 | csid as u8],
        64..=319 => vec![format << 6, (csid - 64) as u8],
        _ => vec![
            format << 6 | 1,
            ((csid - 64) & 0xFF) as u8,
            ((csid - 64) >> 8) as u8,
        ],
    }
}

/// Basic and message header; `time` is timestamp or delta, put into the 32-bit field when it must.
pub fn header(format: u8, csid: u32, time: u32, length: usize, type_id: u8, stream_id: u32) -> Vec<u8> {
    let mut out = basic(format, csid);
    if format < 3 {
        out.extend(&time.min(0xFF_FFFF).to_be_bytes()[1..]);
    }
    if format < 2 {
        out.extend(&(length as u32).to_be_bytes()[1..]);
        out.push(type_id);
    }
    if format < 1 {
        out.extend(stream_id.to_le_bytes());
    }
    if format < 3 && time >= 0xFF_FFFF {
        out.extend(time.to_be_bytes());
    }
    out
}

/// A control message with one number, in one chunk.
pub fn control(type_id: u8, number: u32) -> Vec<u8> {
    [header(0, 2, 0, 4, type_id, 0), number.to_be_bytes().to_vec()].concat()
}

/// Bytes that tell their places apart.
pub fn pattern(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed))
        .collect()
}

/// All messages in `input`.
pub fn read_all(input: &[u8], limits: ChunkLimits) -> Result<Vec<Message>, ChunkError> {
    read_cut(&[input], limits)
}

/// All messages in the concatenation of `parts`, given one after the other.
pub fn read_cut(parts: &[&[u8]], limits: ChunkLimits) -> Result<Vec<Message>, ChunkError> {
    let mut reader = ChunkReader::new(limits);
    let mut messages = Vec::new();
    for part in parts {
        reader.push(part);
        while let Some(message) = reader.poll_message()? {
            messages.push(message);
        }
    }
    Ok(messages)
}

/// What is wrong with `input`.
pub fn read_error(input: &[u8], limits: ChunkLimits) -> ChunkErrorKind {
    read_all(input, limits).unwrap_err().kind
}

/// A message for comparisons.
pub fn message(csid: u32, timestamp: u32, type_id: u8, stream_id: u32, payload: &[u8]) -> Message {
    Message {
        type_id,
        timestamp,
        stream_id,
        csid,
        payload: Bytes::copy_from_slice(payload),
    }
}
