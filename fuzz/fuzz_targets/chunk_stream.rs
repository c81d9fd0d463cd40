//! RTMP chunk streams with state over many chunks. The first byte is the length of the pieces, the rest is the stream.
//!
//! Any way of cutting the bytes gives the same messages and the same error, half-received messages stay within their
//! limit, and what was read can be written and read again.
#![no_main]

use bytes::BytesMut;
use lianmai_rtmp::protocol::chunk::ChunkError;
use lianmai_rtmp::protocol::{ChunkLimits, ChunkReader, ChunkWriter, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&piece, stream)) = input.split_first() else {
        return;
    };
    let limits = ChunkLimits {
        max_message: 8_192,
        max_chunk_streams: 8,
        max_buffered: 8_192,
    };
    let (messages, error) = read(stream, stream.len().max(1), limits);
    assert_eq!(
        read(stream, usize::from(piece).max(1), limits),
        (messages.clone(), error)
    );

    let mut written = BytesMut::new();
    let mut writer = ChunkWriter::new();
    writer.set_chunk_size(u32::from(piece) + 1, &mut written);
    for message in &messages {
        assert!(message.payload.len() <= limits.max_message);
        writer
            .write(message, &mut written)
            .expect("what fits into our limits can be sent");
    }
    // Our own control messages take one more chunk stream.
    let limits = ChunkLimits {
        max_chunk_streams: limits.max_chunk_streams + 1,
        ..limits
    };
    assert_eq!(read(&written, written.len(), limits), (messages, None));
});

fn read(stream: &[u8], piece: usize, limits: ChunkLimits) -> (Vec<Message>, Option<ChunkError>) {
    let mut reader = ChunkReader::new(limits);
    let mut messages = Vec::new();
    for bytes in stream.chunks(piece) {
        reader.push(bytes);
        loop {
            match reader.poll_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
            assert!(reader.buffered() <= limits.max_buffered);
        }
        assert!(reader.buffered() <= limits.max_buffered);
        assert_eq!(reader.chunk_size().clamp(1, 0xFF_FFFF), reader.chunk_size());
    }
    assert_eq!(reader.bytes_received(), stream.len() as u64);
    (messages, None)
}
