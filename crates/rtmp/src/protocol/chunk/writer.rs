//! Messages to bytes, with compressed headers where nothing can be misunderstood.
//!
//! A type 3 header starts a message only after a type 1 or 2 header: what it means after type 0 differs
//! between implementations. Deltas of 2^24-1 and more, and time that runs backwards, take a type 0 header.

use bytes::{BufMut, BytesMut};

use super::header::{Basic, put_u24};
use super::{EXTENDED, INITIAL_CHUNK_SIZE, MAX_MESSAGE};
use crate::protocol::message::{Message, csid, type_id};

/// The last header sent on one chunk stream.
#[derive(Clone, Copy, Debug)]
struct Sent {
    csid: u32,
    timestamp: u32,
    /// The delta of a type 1, 2 or 3 header; `None` after type 0.
    delta: Option<u32>,
    length: usize,
    type_id: u8,
    stream_id: u32,
}

/// A message cannot be sent: longer than 16 MiB - 1, or a chunk stream outside 2 to 65599.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("message of {length} bytes on chunk stream {csid} cannot be sent")]
pub struct Unsendable {
    /// Its length.
    pub length: usize,
    /// Its chunk stream.
    pub csid: u32,
}

/// Writer of one direction of a chunk stream.
#[derive(Debug)]
pub struct ChunkWriter {
    chunk_size: usize,
    sent: Vec<Sent>,
}

impl Default for ChunkWriter {
    fn default() -> ChunkWriter {
        ChunkWriter::new()
    }
}

impl ChunkWriter {
    /// A writer at the start of a chunk stream.
    pub fn new() -> ChunkWriter {
        ChunkWriter {
            chunk_size: INITIAL_CHUNK_SIZE as usize,
            sent: Vec::new(),
        }
    }

    /// The size of the chunks it writes.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size as u32
    }

    /// Announces and then uses another chunk size; it is brought into 1 to 0xFFFFFF.
    pub fn set_chunk_size(&mut self, size: u32, out: &mut BytesMut) {
        let size = size.clamp(1, MAX_MESSAGE as u32);
        let payload = size.to_be_bytes();
        self.put(csid::CONTROL, type_id::SET_CHUNK_SIZE, 0, 0, &payload, out);
        self.chunk_size = size as usize;
    }

    /// Appends `message` as chunks.
    ///
    /// # Errors
    /// [`Unsendable`], with nothing written.
    pub fn write(&mut self, message: &Message, out: &mut BytesMut) -> Result<(), Unsendable> {
        let Message {
            csid,
            type_id,
            timestamp,
            stream_id,
            ref payload,
        } = *message;
        self.write_parts(csid, type_id, timestamp, stream_id, payload, out)
    }

    /// [`write`](Self::write) without a `Message`.
    ///
    /// # Errors
    /// [`Unsendable`], with nothing written.
    pub fn write_parts(
        &mut self,
        csid: u32,
        type_id: u8,
        timestamp: u32,
        stream_id: u32,
        payload: &[u8],
        out: &mut BytesMut,
    ) -> Result<(), Unsendable> {
        if payload.len() > MAX_MESSAGE || !(2..=65_599).contains(&csid) {
            return Err(Unsendable {
                length: payload.len(),
                csid,
            });
        }
        self.put(csid, type_id, timestamp, stream_id, payload, out);
        Ok(())
    }

    fn put(
        &mut self,
        csid: u32,
        type_id: u8,
        timestamp: u32,
        stream_id: u32,
        payload: &[u8],
        out: &mut BytesMut,
    ) {
        let mut now = Sent {
            csid,
            timestamp,
            delta: None,
            length: payload.len(),
            type_id,
            stream_id,
        };
        let index = self.sent.iter().position(|sent| sent.csid == csid);
        let format = match index.and_then(|index| self.sent.get(index)) {
            Some(last) => choose(last, &mut now),
            None => 0,
        };
        match index.and_then(|index| self.sent.get_mut(index)) {
            Some(last) => *last = now,
            None => self.sent.push(now),
        }
        out.reserve(payload.len() + 18 + 8 * (payload.len() / self.chunk_size));
        let extended = put_header(format, &now, out);
        put_payload(csid, extended, self.chunk_size, &[payload], out);
    }
}

/// The header type for `now` after `last`; fills in the delta it will carry.
fn choose(last: &Sent, now: &mut Sent) -> u8 {
    let Some(delta) = now.timestamp.checked_sub(last.timestamp) else {
        return 0;
    };
    if now.stream_id != last.stream_id || delta >= EXTENDED {
        return 0;
    }
    now.delta = Some(delta);
    if (now.length, now.type_id) != (last.length, last.type_id) {
        1
    } else if now.delta != last.delta {
        2
    } else {
        3
    }
}

/// Appends basic and message header; the extended timestamp, when there is one.
fn put_header(format: u8, now: &Sent, out: &mut BytesMut) -> Option<u32> {
    Basic::put(format, now.csid, out);
    if format == 3 {
        return None;
    }
    let time = if format == 0 {
        now.timestamp
    } else {
        now.delta.unwrap_or_default()
    };
    put_u24(time.min(EXTENDED), out);
    if format < 2 {
        put_u24(now.length as u32, out);
        out.put_u8(now.type_id);
    }
    if format == 0 {
        out.put_u32_le(now.stream_id);
    }
    let extended = (time >= EXTENDED).then_some(time);
    if let Some(time) = extended {
        out.put_u32(time);
    }
    extended
}

/// Appends the concatenation of `parts`, with a type 3 header before every chunk but the first.
pub(super) fn put_payload(
    csid: u32,
    extended: Option<u32>,
    chunk_size: usize,
    parts: &[&[u8]],
    out: &mut BytesMut,
) {
    let mut room = chunk_size;
    for part in parts {
        let mut rest = *part;
        while !rest.is_empty() {
            if room == 0 {
                Basic::put(3, csid, out);
                if let Some(time) = extended {
                    out.put_u32(time);
                }
                room = chunk_size;
            }
            let (chunk, tail) = rest.split_at(rest.len().min(room));
            out.put_slice(chunk);
            room -= chunk.len();
            rest = tail;
        }
    }
}
