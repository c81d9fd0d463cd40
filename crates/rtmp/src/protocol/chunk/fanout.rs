//! A media message as chunks that any number of players can share.

use bytes::{BufMut, Bytes, BytesMut};

use super::header::{Basic, put_u24};
use super::writer::put_payload;
use super::{EXTENDED, MAX_MESSAGE};

/// One message with a full (type 0) header and type 3 continuations in a single buffer.
///
/// It depends on nothing sent before, so it is made once per frame and written to every player whose
/// chunk size is `chunk_size` (1 to 0xFFFFFF), as long as nothing else uses `csid` there. `body_header`
/// and `payload` together are the message body. Empty when the body is longer than 16 MiB - 1.
pub fn media_chunks(
    csid: u32,
    message_type: u8,
    timestamp_ms: u32,
    message_stream_id: u32,
    chunk_size: u32,
    body_header: &[u8],
    payload: &[u8],
) -> Bytes {
    let length = body_header.len() + payload.len();
    if length > MAX_MESSAGE {
        return Bytes::new();
    }
    let chunk_size = (chunk_size as usize).clamp(1, MAX_MESSAGE);
    let extended = (timestamp_ms >= EXTENDED).then_some(timestamp_ms);
    let per_chunk = Basic::put_len(csid) + if extended.is_some() { 4 } else { 0 };
    let chunks = length.div_ceil(chunk_size).max(1);
    let mut out = BytesMut::with_capacity(length + 11 + chunks * per_chunk);
    Basic::put(0, csid, &mut out);
    put_u24(timestamp_ms.min(EXTENDED), &mut out);
    put_u24(length as u32, &mut out);
    out.put_u8(message_type);
    out.put_u32_le(message_stream_id);
    if let Some(time) = extended {
        out.put_u32(time);
    }
    put_payload(csid, extended, chunk_size, &[body_header, payload], &mut out);
    out.freeze()
}
