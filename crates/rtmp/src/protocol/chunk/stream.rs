//! What is remembered per chunk stream: the last header and the half-received message.

use bytes::Bytes;

use super::error::ChunkErrorKind;
use super::header::Fields;

/// The first block of memory a half-received message gets; it then doubles as data arrives.
const FIRST_BLOCK: usize = 512;

/// One chunk stream of the peer.
#[derive(Debug)]
pub(super) struct ChunkStream {
    pub(super) csid: u32,
    /// Absolute time of the current or last message.
    pub(super) timestamp: u32,
    /// What a type 3 header that starts a message adds: the time field of the last type 0, 1 or 2 header.
    pub(super) delta: u32,
    /// Whether that header had the 32-bit field, so that type 3 headers may repeat it.
    pub(super) extended: bool,
    pub(super) length: usize,
    pub(super) type_id: u8,
    pub(super) stream_id: u32,
    /// The message being received, from its first header to its last byte.
    partial: Option<Vec<u8>>,
}

/// What a header of type 0, 1 or 2 turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Applied {
    /// It starts a message; nothing was under way.
    Started,
    /// It repeats the header of the message under way.
    Continued,
    /// It starts another message; so many bytes of the one under way were dropped.
    Abandoned(usize),
}

impl ChunkStream {
    /// A chunk stream from its first header, which says everything (type 0) or all but the message stream
    /// (type 1: seen from encoders that start a chunk stream of message stream 0 so).
    pub(super) fn new(csid: u32, format: u8) -> Result<ChunkStream, ChunkErrorKind> {
        if format > 1 {
            return Err(ChunkErrorKind::NoPreviousHeader { csid, format });
        }
        Ok(ChunkStream {
            csid,
            timestamp: 0,
            delta: 0,
            extended: false,
            length: 0,
            type_id: 0,
            stream_id: 0,
            partial: None,
        })
    }

    /// Bytes still missing in the message under way.
    pub(super) fn missing(&self) -> usize {
        self.length - self.buffered().min(self.length)
    }

    /// Bytes held for the message under way.
    pub(super) fn buffered(&self) -> usize {
        self.partial.as_ref().map_or(0, Vec::len)
    }

    /// Whether a message is under way.
    pub(super) fn in_message(&self) -> bool {
        self.partial.is_some()
    }

    /// Applies a header of type 0, 1 or 2.
    ///
    /// In the middle of a message, a header that announces the same length, type and message stream is a
    /// continuation by a peer that repeats headers; any other means that the peer gave the message up.
    pub(super) fn apply(&mut self, fields: &Fields, limit: usize) -> Result<Applied, ChunkErrorKind> {
        let (length, type_id) = match fields.kind {
            Some((length, type_id)) => (length as usize, type_id),
            None => (self.length, self.type_id),
        };
        let stream_id = fields.stream_id.unwrap_or(self.stream_id);
        if length > limit {
            return Err(ChunkErrorKind::MessageTooLong {
                announced: length,
                limit,
            });
        }
        let same = (length, type_id, stream_id) == (self.length, self.type_id, self.stream_id);
        if self.in_message() && same {
            return Ok(Applied::Continued);
        }
        let dropped = self.drop_partial();
        (self.length, self.type_id, self.stream_id) = (length, type_id, stream_id);
        self.delta = fields.time;
        self.extended = fields.extended;
        self.timestamp = match fields.stream_id {
            Some(_) => fields.time,
            None => self.timestamp.wrapping_add(fields.time),
        };
        self.partial = Some(Vec::new());
        Ok(dropped.map_or(Applied::Started, Applied::Abandoned))
    }

    /// Applies a type 3 header: starts a message when none is under way.
    pub(super) fn repeat(&mut self, limit: usize) -> Result<(), ChunkErrorKind> {
        if self.in_message() {
            return Ok(());
        }
        if self.length > limit {
            return Err(ChunkErrorKind::MessageTooLong {
                announced: self.length,
                limit,
            });
        }
        self.timestamp = self.timestamp.wrapping_add(self.delta);
        self.partial = Some(Vec::new());
        Ok(())
    }

    /// Adds bytes; memory grows with what arrived, never with what was announced.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let length = self.length;
        if let Some(partial) = &mut self.partial {
            let needed = partial.len() + bytes.len();
            if partial.capacity() < needed {
                let target = (needed * 2).max(FIRST_BLOCK).min(length.max(needed));
                // Exactly: frames live as long as the ring holds them, and so would spare room.
                partial.reserve_exact(target - partial.len());
            }
            partial.extend_from_slice(bytes);
        }
    }

    /// The finished message's bytes.
    pub(super) fn finish(&mut self) -> Bytes {
        self.partial.take().map(Bytes::from).unwrap_or_default()
    }

    /// Forgets the message under way; how many bytes were held for it.
    pub(super) fn drop_partial(&mut self) -> Option<usize> {
        self.partial.take().map(|partial| partial.len())
    }
}
