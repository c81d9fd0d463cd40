//! Bytes in any fragmentation to messages.
//!
//! Every chunk stream has its own buffer, so interleaving is safe; Set Chunk Size and Abort are obeyed
//! here and not passed on. Every message is copied once, into memory of its own length that grows as its bytes arrive.
//! Does not acknowledge, and knows nothing of what messages mean.

use bytes::{Bytes, BytesMut};

use super::error::{ChunkError, ChunkErrorKind};
use super::header::{Basic, Fields, u32_at};
use super::limits::ChunkLimits;
use super::stream::{Applied, ChunkStream};
use super::{INITIAL_CHUNK_SIZE, MAX_MESSAGE};
use crate::protocol::message::{Message, type_id};

/// The chunk whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct OpenChunk {
    /// Index of its chunk stream.
    index: usize,
    /// Bytes of payload still to come.
    left: usize,
}

/// An incremental reader of one direction of a chunk stream.
#[derive(Debug)]
pub struct ChunkReader {
    input: BytesMut,
    limits: ChunkLimits,
    chunk_size: usize,
    streams: Vec<ChunkStream>,
    /// The chunk stream used last: the first guess for the next chunk.
    last: usize,
    open: Option<OpenChunk>,
    /// Bytes of all half-received messages.
    buffered: usize,
    /// Bytes that came before the chunk stream.
    start: u64,
    consumed: u64,
    /// Where the chunk under way began.
    chunk_start: u64,
    abandoned: u64,
    failed: Option<ChunkError>,
}

impl ChunkReader {
    /// A reader at the start of a chunk stream.
    pub fn new(limits: ChunkLimits) -> ChunkReader {
        ChunkReader {
            input: BytesMut::new(),
            limits,
            chunk_size: INITIAL_CHUNK_SIZE as usize,
            streams: Vec::new(),
            last: 0,
            open: None,
            buffered: 0,
            start: 0,
            consumed: 0,
            chunk_start: 0,
            abandoned: 0,
            failed: None,
        }
    }

    /// Notes that `bytes` were exchanged before the chunk stream (the handshake): positions in errors count
    /// from there. To be called before the first message is polled.
    pub fn set_start(&mut self, bytes: u64) {
        self.start = bytes;
    }

    /// Changes the limits; what is held already stays.
    pub fn set_limits(&mut self, limits: ChunkLimits) {
        self.limits = limits;
    }

    /// Appends bytes of the peer.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The buffer to append bytes of the peer to without a copy. Finished messages share its memory, so
    /// reserve room in it before each read and never truncate it.
    pub fn read_buf(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// Bytes that wait to be read as messages.
    pub fn waiting(&self) -> usize {
        self.input.len()
    }

    /// Bytes of half-received messages.
    pub fn buffered(&self) -> usize {
        self.buffered
    }

    /// Bytes of the chunk stream that came so far: the sequence number of an acknowledgement (§5.4.3).
    pub fn bytes_received(&self) -> u64 {
        self.consumed + self.input.len() as u64
    }

    /// Position of the next byte to be read, counted from the peer's first one.
    pub fn position(&self) -> u64 {
        self.start + self.consumed
    }

    /// Messages that the peer gave up by starting another one on their chunk stream.
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }

    /// The chunk size the peer announced last.
    pub fn chunk_size(&self) -> usize {
        self.chunk_size
    }

    /// The next message; `None` until more bytes come.
    ///
    /// # Errors
    /// The first [`ChunkError`], again and again: the stream cannot be read on.
    pub fn poll_message(&mut self) -> Result<Option<Message>, ChunkError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.next_message().map_err(|kind| ChunkError {
            position: self.chunk_start,
            kind,
        });
        if let Err(error) = result {
            self.failed = Some(error);
            self.streams.clear();
        }
        result
    }

    fn next_message(&mut self) -> Result<Option<Message>, ChunkErrorKind> {
        loop {
            let chunk = match self.open.take() {
                Some(chunk) => chunk,
                None => match self.open_chunk()? {
                    Some(chunk) => chunk,
                    None => return Ok(None),
                },
            };
            let Some(message) = self.read_payload(chunk)? else {
                if self.open.is_some() {
                    return Ok(None);
                }
                continue;
            };
            match message.type_id {
                type_id::SET_CHUNK_SIZE => self.set_chunk_size(&message.payload)?,
                type_id::ABORT => self.abort(&message.payload)?,
                _ => return Ok(Some(message)),
            }
        }
    }

    /// Reads the headers of the next chunk; `None`, with nothing consumed, while they are incomplete.
    fn open_chunk(&mut self) -> Result<Option<OpenChunk>, ChunkErrorKind> {
        self.chunk_start = self.position();
        let Some(basic) = Basic::parse(&self.input) else {
            return Ok(None);
        };
        let known = self.find(basic.csid);
        let rest = self.input.get(basic.length..).unwrap_or_default();
        let (index, header) = if basic.format == 3 {
            let Some(index) = known else {
                return Err(ChunkErrorKind::NoPreviousHeader {
                    csid: basic.csid,
                    format: 3,
                });
            };
            let Some(stream) = self.streams.get_mut(index) else {
                return Ok(None);
            };
            let Some(repeated) = repeated_field(stream, rest) else {
                return Ok(None);
            };
            stream.repeat(self.limits.max_message)?;
            (index, repeated)
        } else {
            let Some(fields) = Fields::parse(basic.format, rest) else {
                return Ok(None);
            };
            let index = match known {
                Some(index) => index,
                None => self.add_stream(basic)?,
            };
            let Some(stream) = self.streams.get_mut(index) else {
                return Ok(None);
            };
            if let Applied::Abandoned(dropped) = stream.apply(&fields, self.limits.max_message)? {
                self.buffered -= dropped;
                self.abandoned += 1;
            }
            (index, fields.length)
        };
        self.consume(basic.length + header);
        self.last = index;
        let left = self
            .streams
            .get(index)
            .map_or(0, ChunkStream::missing)
            .min(self.chunk_size);
        Ok(Some(OpenChunk { index, left }))
    }

    /// Takes what is there of a chunk's payload. Leaves the chunk open when bytes are missing.
    fn read_payload(&mut self, mut chunk: OpenChunk) -> Result<Option<Message>, ChunkErrorKind> {
        let Some(stream) = self.streams.get_mut(chunk.index) else {
            return Ok(None);
        };
        let available = chunk.left.min(self.input.len());
        let whole = available == chunk.left && stream.buffered() == 0 && chunk.left == stream.length;
        let payload = if whole {
            stream.drop_partial();
            // A copy of its own: split off, it would keep the whole block it came in alive for as long as a ring holds it.
            let payload = Bytes::copy_from_slice(&self.input[..available]);
            bytes::Buf::advance(&mut self.input, available);
            payload
        } else {
            if self.buffered + available > self.limits.max_buffered {
                return Err(ChunkErrorKind::TooMuchBuffered {
                    limit: self.limits.max_buffered,
                });
            }
            stream.extend(&self.input[..available]);
            self.buffered += available;
            bytes::Buf::advance(&mut self.input, available);
            Bytes::new()
        };
        self.consumed += available as u64;
        chunk.left -= available;
        if chunk.left > 0 {
            self.open = Some(chunk);
            return Ok(None);
        }
        let payload = if whole {
            payload
        } else if stream.missing() > 0 {
            return Ok(None);
        } else {
            self.buffered -= stream.buffered();
            stream.finish()
        };
        Ok(Some(Message {
            type_id: stream.type_id,
            timestamp: stream.timestamp,
            stream_id: stream.stream_id,
            csid: stream.csid,
            payload,
        }))
    }

    fn find(&self, csid: u32) -> Option<usize> {
        if self
            .streams
            .get(self.last)
            .is_some_and(|stream| stream.csid == csid)
        {
            return Some(self.last);
        }
        self.streams.iter().position(|stream| stream.csid == csid)
    }

    fn add_stream(&mut self, basic: Basic) -> Result<usize, ChunkErrorKind> {
        let limit = self.limits.max_chunk_streams;
        if self.streams.len() >= limit {
            return Err(ChunkErrorKind::TooManyChunkStreams { limit });
        }
        self.streams.push(ChunkStream::new(basic.csid, basic.format)?);
        Ok(self.streams.len() - 1)
    }

    fn consume(&mut self, bytes: usize) {
        bytes::Buf::advance(&mut self.input, bytes);
        self.consumed += bytes as u64;
    }

    /// Any size the specification allows is taken: memory follows what arrives, not what is announced, and
    /// no message is longer than 16 MiB anyway.
    fn set_chunk_size(&mut self, payload: &[u8]) -> Result<(), ChunkErrorKind> {
        let size = control_number(type_id::SET_CHUNK_SIZE, payload)?;
        if size == 0 || size > 0x7FFF_FFFF {
            return Err(ChunkErrorKind::ChunkSize(size));
        }
        self.chunk_size = (size as usize).min(MAX_MESSAGE);
        Ok(())
    }

    fn abort(&mut self, payload: &[u8]) -> Result<(), ChunkErrorKind> {
        let csid = control_number(type_id::ABORT, payload)?;
        if let Some(stream) = self.find(csid).and_then(|index| self.streams.get_mut(index)) {
            self.buffered -= stream.drop_partial().unwrap_or_default();
        }
        Ok(())
    }
}

fn control_number(type_id: u8, payload: &[u8]) -> Result<u32, ChunkErrorKind> {
    u32_at(payload, 0).ok_or(ChunkErrorKind::ShortControl {
        type_id,
        length: payload.len(),
    })
}

/// Bytes of the extended timestamp that a type 3 header repeats: 4 or 0; `None` while undecided.
///
/// The specification wants the field repeated, several encoders leave it out. It is there when the bytes
/// equal the field of the last full header; payload equal to it by chance is too rare to matter.
fn repeated_field(stream: &ChunkStream, rest: &[u8]) -> Option<usize> {
    if !stream.extended {
        return Some(0);
    }
    let field = stream.delta.to_be_bytes();
    let seen = rest.len().min(4);
    if rest[..seen] != field[..seen] {
        Some(0)
    } else if seen == 4 {
        Some(4)
    } else {
        None
    }
}
