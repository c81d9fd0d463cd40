//! Bits, most significant first, and the variable-length codes of H.264, H.265 and AV1.
//!
//! Every read says `None` past the end; no read loops more than 32 times.

/// A reading position in bits.
pub struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit.
    pub fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes, position: 0 }
    }

    /// Bits read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bits left.
    pub fn remaining(&self) -> usize {
        (self.bytes.len() * 8).saturating_sub(self.position)
    }

    /// The next bit.
    pub fn bit(&mut self) -> Option<bool> {
        let byte = *self.bytes.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// An unsigned number of `count` bits, at most 32.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        if count > 32 || self.remaining() < count as usize {
            return None;
        }
        let mut number = 0;
        for _ in 0..count {
            number = number << 1 | u32::from(self.bit()?);
        }
        Some(number)
    }

    /// At most 8 bits as a byte.
    pub fn byte(&mut self, count: u32) -> Option<u8> {
        u8::try_from(self.bits(count)?).ok()
    }

    /// Passes over `count` bits.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        if self.remaining() < count {
            return None;
        }
        self.position += count;
        Some(())
    }

    /// Goes to the next byte boundary.
    pub fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }

    /// `ue(v)` (H.264 §9.1), at most 2^32 - 2. `uvlc()` of AV1 (§4.10.3) is the same code.
    pub fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = u64::from(self.bits(zeros)?);
        u32::try_from((1_u64 << zeros) - 1 + rest).ok()
    }

    /// `ue(v)` when it is at most `limit`.
    pub fn ue_up_to(&mut self, limit: u32) -> Option<u32> {
        self.ue().filter(|&number| number <= limit)
    }

    /// `se(v)` (H.264 §9.1.1).
    pub fn se(&mut self) -> Option<i64> {
        let code = i64::from(self.ue()?);
        Some(if code % 2 == 0 { -(code / 2) } else { code / 2 + 1 })
    }
}

/// Bits in the making, the last byte filled up with zeros.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    /// The lowest `count` bits of `number`, at most 32.
    pub(crate) fn put(&mut self, number: u32, count: u32) {
        for index in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((number >> index & 1) as u8) << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// `nal` without its emulation prevention bytes (H.264 §7.3.1, H.265 §7.3.1.1).
pub(crate) fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut rbsp = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        rbsp.push(byte);
    }
    rbsp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golomb_codes_of_the_specification() {
        // H.264 table 9-2: 1, 010, 011, 00100, 00101 are 0, 1, 2, 3, 4.
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let numbers: Vec<_> = (0..5).map(|_| reader.ue()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4].map(Some));
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let numbers: Vec<_> = (0..5).map(|_| reader.se()).collect();
        assert_eq!(numbers, [0, 1, -1, 2, -2].map(Some));
    }

    #[test]
    fn codes_are_bounded() {
        assert_eq!(BitReader::new(&[0; 16]).ue(), None);
        assert_eq!(
            BitReader::new(&[0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE]).ue(),
            Some(u32::MAX - 1)
        );
        assert_eq!(BitReader::new(&[0x20]).ue_up_to(2), None);
        assert_eq!(BitReader::new(&[0xFF; 8]).bits(33), None);
        assert_eq!(BitReader::new(&[0xFF]).bits(9), None);
        assert_eq!(BitReader::new(&[]).bits(0), Some(0));
    }

    #[test]
    fn emulation_prevention_goes() {
        assert_eq!(unescape(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3]), [0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(unescape(&[0, 3, 0, 0, 4]), [0, 3, 0, 0, 4]);
    }
}
