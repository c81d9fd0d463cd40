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

/// The same bytes as [`media_chunks`] in parts that share the payload instead of copying it: headers are small
/// buffers of their own. Players hold references, so a frame is in memory once, however many there are.
pub fn media_chunk_parts(
    csid: u32,
    message_type: u8,
    timestamp_ms: u32,
    message_stream_id: u32,
    chunk_size: u32,
    body_header: &[u8],
    payload: &Bytes,
) -> Vec<Bytes> {
    let length = body_header.len() + payload.len();
    let chunk_size = (chunk_size as usize).clamp(1, MAX_MESSAGE);
    if length > MAX_MESSAGE || body_header.len() >= chunk_size {
        let whole = media_chunks(
            csid,
            message_type,
            timestamp_ms,
            message_stream_id,
            chunk_size as u32,
            body_header,
            payload,
        );
        return if whole.is_empty() { Vec::new() } else { vec![whole] };
    }
    let extended = (timestamp_ms >= EXTENDED).then_some(timestamp_ms);
    let mut head = BytesMut::with_capacity(18 + body_header.len());
    Basic::put(0, csid, &mut head);
    put_u24(timestamp_ms.min(EXTENDED), &mut head);
    put_u24(length as u32, &mut head);
    head.put_u8(message_type);
    head.put_u32_le(message_stream_id);
    head.extend(extended.map(u32::to_be_bytes).into_iter().flatten());
    head.put_slice(body_header);

    let first = payload.len().min(chunk_size - body_header.len());
    let mut parts = Vec::with_capacity(2 * length.div_ceil(chunk_size).max(1));
    parts.push(head.freeze());
    if first > 0 {
        parts.push(payload.slice(..first));
    }
    let mut rest = payload.slice(first..);
    if !rest.is_empty() {
        let mut continuation = BytesMut::with_capacity(8);
        Basic::put(3, csid, &mut continuation);
        continuation.extend(extended.map(u32::to_be_bytes).into_iter().flatten());
        let continuation = continuation.freeze();
        while !rest.is_empty() {
            parts.push(continuation.clone());
            parts.push(rest.split_to(rest.len().min(chunk_size)));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_the_same_bytes(
            time in prop_oneof![0u32..200, 0xFF_FFF0u32..0x100_0010, Just(u32::MAX)],
            csid in prop_oneof![2u32..64, 64u32..70_000 - 4_401],
            size in 1u32..300,
            header in prop::collection::vec(any::<u8>(), 0..8),
            payload in prop::collection::vec(any::<u8>(), 0..1_000),
        ) {
            let payload = Bytes::from(payload);
            let parts = media_chunk_parts(csid, 9, time, 1, size, &header, &payload);
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
            prop_assert_eq!(parts.concat(), media_chunks(csid, 9, time, 1, size, &header, &payload));
        }
    }

    #[test]
    fn an_ordinary_frame_is_two_parts_and_no_copy() {
        let payload = Bytes::from(vec![7; 20_000]);
        let parts = media_chunk_parts(6, 9, 40, 1, 60_000, &[0x27, 1, 0, 0, 0], &payload);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[1].as_ptr(), payload.as_ptr());
        assert!(media_chunk_parts(6, 9, 0, 1, 128, &[], &Bytes::new()).len() == 1);
    }
}
