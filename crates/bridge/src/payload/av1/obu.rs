//! Open bitstream units (AV1 §5.3) and their lengths (§4.10.5).

use bytes::{BufMut, BytesMut};

pub(super) const SEQUENCE_HEADER: u8 = 1;
pub(super) const TEMPORAL_DELIMITER: u8 = 2;
pub(super) const FRAME_HEADER: u8 = 3;
pub(super) const FRAME: u8 = 6;
pub(super) const TILE_LIST: u8 = 8;
pub(super) const PADDING: u8 = 15;
const HAS_EXTENSION: u8 = 0x04;
const HAS_SIZE: u8 = 0x02;

/// One unit, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Obu<'a> {
    header: u8,
    extension: Option<u8>,
    pub(super) content: &'a [u8],
}

impl<'a> Obu<'a> {
    /// The unit at the start of `bytes`, and what is behind it. Without a size it takes everything.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<(Obu<'a>, &'a [u8])> {
        let (&header, mut rest) = bytes.split_first()?;
        let mut extension = None;
        if header & HAS_EXTENSION != 0 {
            let (&byte, behind) = rest.split_first()?;
            (extension, rest) = (Some(byte), behind);
        }
        let mut behind: &[u8] = &[];
        if header & HAS_SIZE != 0 {
            let (size, content) = leb128(rest)?;
            (rest, behind) = content.split_at_checked(size)?;
        }
        let obu = Obu {
            header,
            extension,
            content: rest,
        };
        Some((obu, behind))
    }

    /// `obu_type`.
    pub(super) fn kind(&self) -> u8 {
        self.header >> 3 & 0x0F
    }

    /// Whether it has no place in RTP (AV1 RTP §5), or in files and messages.
    pub(super) fn is_left_out(&self) -> bool {
        matches!(self.kind(), TEMPORAL_DELIMITER | TILE_LIST | PADDING)
    }

    /// Length of [`put_without_size`](Self::put_without_size).
    pub(super) fn length_without_size(&self) -> usize {
        1 + usize::from(self.extension.is_some()) + self.content.len()
    }

    /// Writes the unit without its size, as in RTP.
    pub(super) fn put_without_size(&self, out: &mut BytesMut) {
        out.put_u8(self.header & !HAS_SIZE);
        if let Some(extension) = self.extension {
            out.put_u8(extension);
        }
        out.put_slice(self.content);
    }

    /// Writes the unit with its size, as in the low-overhead format.
    pub(super) fn put_with_size(&self, out: &mut BytesMut) {
        out.put_u8(self.header | HAS_SIZE);
        if let Some(extension) = self.extension {
            out.put_u8(extension);
        }
        put_leb128(self.content.len(), out);
        out.put_slice(self.content);
    }
}

/// The number at the start of `bytes`, at most 2^32 - 1, and what is behind it.
pub(super) fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_u64;
    for (index, &byte) in bytes.iter().take(8).enumerate() {
        number |= u64::from(byte & 0x7F) << (index * 7);
        if byte < 0x80 {
            let number = usize::try_from(u32::try_from(number).ok()?).ok()?;
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    None
}

/// How many bytes [`put_leb128`] writes.
pub(super) fn leb128_length(number: usize) -> usize {
    let bits = usize::BITS - number.leading_zeros();
    bits.div_ceil(7).max(1) as usize
}

pub(super) fn put_leb128(mut number: usize, out: &mut BytesMut) {
    while number >= 0x80 {
        out.put_u8(number as u8 | 0x80);
        number >>= 7;
    }
    out.put_u8(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        for number in [
            0,
            1,
            127,
            128,
            300,
            16_383,
            16_384,
            0x0FFF_FFFF,
            0x1000_0000,
            0xFFFF_FFFF,
        ] {
            let mut out = BytesMut::new();
            put_leb128(number, &mut out);
            assert_eq!(out.len(), leb128_length(number));
            assert_eq!(leb128(&out), Some((number, &[][..])));
        }
        assert_eq!(leb128(&[0xFF; 9]), None);
        assert_eq!(leb128(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F]), None);
        assert_eq!(leb128(&[0x80]), None);
        assert_eq!(leb128(&[0x81, 0x80, 0]), Some((1, &[][..])));
    }
}
