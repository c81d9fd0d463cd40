//! NAL units one after the other: with a length before each (ISO/IEC 14496-15), or a start code (H.264 annex B).
//!
//! Iterating never copies. Inside the crate's frames lengths always have four bytes; [`with_four_byte_lengths`]
//! makes them so for the rare encoder that writes shorter ones.

use bytes::{BufMut, Bytes, BytesMut};

/// How many bytes a NAL unit's length has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LengthSize {
    /// One byte.
    One,
    /// Two bytes.
    Two,
    /// Four bytes: what nearly every encoder writes.
    Four,
}

impl LengthSize {
    /// From `lengthSizeMinusOne` of a decoder configuration record; 2 is reserved.
    pub const fn from_minus_one(number: u8) -> Option<LengthSize> {
        Some(match number {
            0 => LengthSize::One,
            1 => LengthSize::Two,
            3 => LengthSize::Four,
            _ => return None,
        })
    }

    /// The number of bytes.
    pub const fn bytes(self) -> usize {
        match self {
            LengthSize::One => 1,
            LengthSize::Two => 2,
            LengthSize::Four => 4,
        }
    }
}

/// What is wrong with length-prefixed NAL units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NalError {
    /// The payload ends inside a length.
    #[error("payload ends inside the NAL unit length at byte {position}")]
    TruncatedLength {
        /// Where the length starts.
        position: usize,
    },
    /// A length runs past the end of the payload.
    #[error("NAL unit of {length} bytes at byte {position}, but only {remaining} follow")]
    PastEnd {
        /// Where the NAL unit starts.
        position: usize,
        /// Its announced length.
        length: usize,
        /// Bytes that are there.
        remaining: usize,
    },
}

/// The NAL units of a payload with lengths. Empty ones are left out; iteration ends after the first error.
#[derive(Clone, Debug)]
pub struct NalUnits<'a> {
    payload: &'a [u8],
    position: usize,
    length_size: LengthSize,
}

impl<'a> NalUnits<'a> {
    /// The units of `payload`.
    pub fn new(payload: &'a [u8], length_size: LengthSize) -> NalUnits<'a> {
        NalUnits {
            payload,
            position: 0,
            length_size,
        }
    }

    fn read(&mut self) -> Option<Result<&'a [u8], NalError>> {
        loop {
            let rest = self
                .payload
                .get(self.position..)
                .filter(|rest| !rest.is_empty())?;
            let Some((prefix, rest)) = rest.split_at_checked(self.length_size.bytes()) else {
                return Some(Err(NalError::TruncatedLength {
                    position: self.position,
                }));
            };
            let length = prefix
                .iter()
                .fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
            let position = self.position + prefix.len();
            let Some(unit) = rest.get(..length) else {
                return Some(Err(NalError::PastEnd {
                    position,
                    length,
                    remaining: rest.len(),
                }));
            };
            self.position = position + length;
            if !unit.is_empty() {
                return Some(Ok(unit));
            }
        }
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = Result<&'a [u8], NalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let unit = self.read();
        if let Some(Err(_)) = unit {
            self.payload = &[];
        }
        unit
    }
}

/// As [`NalUnits`], sharing the payload's memory.
pub fn shared_units(
    payload: &Bytes,
    length_size: LengthSize,
) -> impl Iterator<Item = Result<Bytes, NalError>> {
    NalUnits::new(payload, length_size).map(|unit| unit.map(|unit| payload.slice_ref(unit)))
}

/// The NAL units of a byte stream with start codes of three or four bytes (H.264 annex B). Zero bytes around
/// the units and anything before the first start code are left out.
#[derive(Clone, Debug)]
pub struct AnnexBUnits<'a> {
    rest: &'a [u8],
}

impl<'a> AnnexBUnits<'a> {
    /// The units of `stream`.
    pub fn new(stream: &'a [u8]) -> AnnexBUnits<'a> {
        let start = find_start_code(stream).map_or(stream.len(), |at| at + 3);
        AnnexBUnits {
            rest: stream.get(start..).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for AnnexBUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (mut unit, rest) = match find_start_code(self.rest) {
                Some(at) => (self.rest.get(..at)?, self.rest.get(at + 3..)?),
                None => (self.rest, &[][..]),
            };
            self.rest = rest;
            while let Some(shorter) = unit.strip_suffix(&[0]) {
                unit = shorter;
            }
            if !unit.is_empty() {
                return Some(unit);
            }
        }
        None
    }
}

/// Where the next 00 00 01 is.
fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(window) = bytes.get(at..at + 3) {
        match window {
            [0, 0, 1] => return Some(at),
            // No start code can begin at or before a last byte above 1.
            [_, _, last] if *last > 1 => at += 3,
            _ => at += 1,
        }
    }
    None
}

/// One payload with 4-byte lengths out of single NAL units. A unit of 4 GiB or more is left out.
pub fn join<'a>(units: impl Iterator<Item = &'a [u8]> + Clone) -> Bytes {
    let size = units.clone().map(|unit| 4 + unit.len()).sum();
    let mut payload = BytesMut::with_capacity(size);
    for unit in units {
        if let Ok(length) = u32::try_from(unit.len()) {
            payload.put_u32(length);
            payload.put_slice(unit);
        }
    }
    payload.freeze()
}

/// A byte stream with start codes as a payload with 4-byte lengths.
pub fn from_annex_b(stream: &[u8]) -> Bytes {
    join(AnnexBUnits::new(stream))
}

/// A payload with lengths as a byte stream with 4-byte start codes.
///
/// # Errors
/// [`NalError`] of the first bad length.
pub fn to_annex_b(payload: &[u8], length_size: LengthSize) -> Result<Bytes, NalError> {
    let mut stream = BytesMut::with_capacity(payload.len() + 64);
    for unit in NalUnits::new(payload, length_size) {
        stream.put_slice(&[0, 0, 0, 1]);
        stream.put_slice(unit?);
    }
    Ok(stream.freeze())
}

/// A payload with lengths of `length_size` as one with 4-byte lengths. Shares the memory when it already is one;
/// then the lengths are not checked.
///
/// # Errors
/// [`NalError`] of the first bad length.
pub fn with_four_byte_lengths(payload: Bytes, length_size: LengthSize) -> Result<Bytes, NalError> {
    if length_size == LengthSize::Four {
        return Ok(payload);
    }
    let units = NalUnits::new(&payload, length_size).collect::<Result<Vec<_>, _>>()?;
    Ok(join(units.into_iter()))
}
