//! Tags of an FLV file (FLV v10.1 §E.4.1), written whole.

use bytes::{BufMut, Bytes, BytesMut};

/// Length of the header in front of a tag's body.
pub const TAG_HEADER_LENGTH: usize = 11;
/// The longest body a tag's 24-bit size can say.
pub(super) const MAX_BODY: usize = 0xFF_FFFF;

/// What a tag carries. The numbers are those of the RTMP messages with the same bodies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TagKind {
    /// 8.
    Audio,
    /// 9.
    Video,
    /// 18: AMF0.
    Script,
}

impl TagKind {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            TagKind::Audio => 8,
            TagKind::Video => 9,
            TagKind::Script => 18,
        }
    }

    /// The kind with this number.
    pub const fn from_number(number: u8) -> Option<TagKind> {
        Some(match number {
            8 => TagKind::Audio,
            9 => TagKind::Video,
            18 => TagKind::Script,
            _ => return None,
        })
    }
}

/// One tag of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// What it carries.
    pub kind: TagKind,
    /// Decoding time in milliseconds; wraps at 2^32.
    pub timestamp_ms: u32,
    /// Its body.
    pub body: Bytes,
}

/// A body of more than 16 777 215 bytes, which no tag can carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a tag body of {0} bytes exceeds 24 bits")]
pub struct TagTooLong(pub usize);

/// The 11 bytes before a body of `body_length` bytes.
///
/// # Errors
/// [`TagTooLong`] past 24 bits.
pub fn tag_header(
    kind: TagKind,
    timestamp_ms: u32,
    body_length: usize,
) -> Result<[u8; TAG_HEADER_LENGTH], TagTooLong> {
    if body_length > MAX_BODY {
        return Err(TagTooLong(body_length));
    }
    let [_, l0, l1, l2] = (body_length as u32).to_be_bytes();
    let [extended, t0, t1, t2] = timestamp_ms.to_be_bytes();
    Ok([kind.number(), l0, l1, l2, t0, t1, t2, extended, 0, 0, 0])
}

/// A whole tag with its size behind it. The body is `header` followed by `payload`.
///
/// # Errors
/// [`TagTooLong`] past 24 bits.
pub fn tag(kind: TagKind, timestamp_ms: u32, header: &[u8], payload: &[u8]) -> Result<Bytes, TagTooLong> {
    let body_length = header.len().saturating_add(payload.len());
    let tag_header = tag_header(kind, timestamp_ms, body_length)?;
    let mut out = BytesMut::with_capacity(TAG_HEADER_LENGTH + body_length + 4);
    out.put_slice(&tag_header);
    out.put_slice(header);
    out.put_slice(payload);
    out.put_u32((TAG_HEADER_LENGTH + body_length) as u32);
    Ok(out.freeze())
}
