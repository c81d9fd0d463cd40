//! An FLV file read as its bytes arrive: push bytes, poll tags. Any way of cutting the bytes gives the same tags.

use bytes::{Buf, Bytes, BytesMut};

use super::FileHeader;
use super::tag::{TAG_HEADER_LENGTH, Tag, TagKind};
use crate::cursor::Cursor;

/// How much an [`FlvReader`] takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReaderLimits {
    /// Longest tag body in bytes.
    pub body: usize,
}

impl Default for ReaderLimits {
    /// 8 MiB bodies.
    fn default() -> ReaderLimits {
        ReaderLimits {
            body: 8 * 1_024 * 1_024,
        }
    }
}

/// Why a file cannot be read on. The reader stays in this state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReaderError {
    /// The file does not start with an FLV header.
    #[error("not an FLV file")]
    NotFlv,
    /// The header announces an offset of its end that cannot be right.
    #[error("file header of {0} bytes")]
    HeaderLength(u32),
    /// A tag body longer than [`ReaderLimits::body`].
    #[error("tag at byte {position} has a body of {length} bytes")]
    TagTooLong {
        /// Offset of the tag in the file.
        position: u64,
        /// The announced length.
        length: usize,
    },
    /// A tag type that FLV does not define: the file is damaged or the reader lost its place.
    #[error("tag at byte {position} has the unknown type {kind}")]
    UnknownTag {
        /// Offset of the tag in the file.
        position: u64,
        /// The type byte.
        kind: u8,
    },
    /// An encrypted tag (filter bit).
    #[error("tag at byte {position} is encrypted")]
    Encrypted {
        /// Offset of the tag in the file.
        position: u64,
    },
}

/// Reads an FLV file piece by piece. Poll until `None` after every push, or the buffer grows with what is pushed.
#[derive(Debug)]
pub struct FlvReader {
    limits: ReaderLimits,
    buffer: BytesMut,
    header: Option<FileHeader>,
    /// Offset of the buffer's start in the file.
    position: u64,
    failed: Option<ReaderError>,
}

impl FlvReader {
    /// A reader at the start of a file.
    pub fn new(limits: ReaderLimits) -> FlvReader {
        FlvReader {
            limits,
            buffer: BytesMut::new(),
            header: None,
            position: 0,
            failed: None,
        }
    }

    /// Adds bytes. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The file header, once it has been polled past.
    pub fn header(&self) -> Option<FileHeader> {
        self.header
    }

    /// Bytes that are buffered and not yet part of a tag.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole tag; `None` until more bytes are pushed.
    ///
    /// # Errors
    /// [`ReaderError`], from then on.
    pub fn poll(&mut self) -> Result<Option<Tag>, ReaderError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.advance();
        if let Err(error) = result {
            self.failed = Some(error);
            self.buffer = BytesMut::new();
        }
        result
    }

    fn advance(&mut self) -> Result<Option<Tag>, ReaderError> {
        if self.header.is_none() {
            let Some(header) = self.read_header()? else {
                return Ok(None);
            };
            self.header = Some(header);
        }
        let mut cursor = Cursor::new(&self.buffer);
        let (Some(first), Some(length), Some(low), Some(high)) =
            (cursor.u8(), cursor.u24(), cursor.u24(), cursor.u8())
        else {
            return Ok(None);
        };
        let position = self.position;
        if first & 0x20 != 0 {
            return Err(ReaderError::Encrypted { position });
        }
        let kind = first & 0x1F;
        let kind = TagKind::from_number(kind).ok_or(ReaderError::UnknownTag { position, kind })?;
        let length = length as usize;
        if length > self.limits.body {
            return Err(ReaderError::TagTooLong { position, length });
        }
        // The size behind the tag is redundant and often wrong: skipped, not checked.
        if self.buffer.len() < TAG_HEADER_LENGTH + length + 4 {
            return Ok(None);
        }
        self.skip(TAG_HEADER_LENGTH);
        let body: Bytes = self.buffer.split_to(length).freeze();
        self.position += length as u64;
        self.skip(4);
        Ok(Some(Tag {
            kind,
            timestamp_ms: high_and_low(high, low),
            body,
        }))
    }

    fn read_header(&mut self) -> Result<Option<FileHeader>, ReaderError> {
        let known = self.buffer.len().min(3);
        if self.buffer.get(..known) != b"FLV".get(..known) {
            return Err(ReaderError::NotFlv);
        }
        let Some(&[_, _, _, _, flags, a, b, c, d]) = self.buffer.first_chunk() else {
            return Ok(None);
        };
        let offset = u32::from_be_bytes([a, b, c, d]);
        if !(9..=1_024).contains(&offset) {
            return Err(ReaderError::HeaderLength(offset));
        }
        let length = offset as usize + 4;
        if self.buffer.len() < length {
            return Ok(None);
        }
        self.skip(length);
        Ok(Some(FileHeader {
            audio: flags & 4 != 0,
            video: flags & 1 != 0,
        }))
    }

    fn skip(&mut self, count: usize) {
        self.buffer.advance(count);
        self.position += count as u64;
    }
}

fn high_and_low(high: u8, low: u32) -> u32 {
    u32::from(high) << 24 | low
}
