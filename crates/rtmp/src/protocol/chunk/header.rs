//! The bytes of basic and message headers (RTMP 1.0 §5.3.1).
//!
//! Parsing is a pure look at a slice: either the whole header is there, or nothing is consumed.

use bytes::BufMut;

use super::EXTENDED;

/// Header type and chunk stream, and how many bytes said so (§5.3.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Basic {
    pub(super) format: u8,
    pub(super) csid: u32,
    pub(super) length: usize,
}

impl Basic {
    /// `None` while bytes are missing.
    pub(super) fn parse(input: &[u8]) -> Option<Basic> {
        let first = *input.first()?;
        let (csid, length) = match first & 0x3F {
            0 => (64 + u32::from(*input.get(1)?), 2),
            1 => (
                64 + u32::from(*input.get(1)?) + 256 * u32::from(*input.get(2)?),
                3,
            ),
            csid => (u32::from(csid), 1),
        };
        Some(Basic {
            format: first >> 6,
            csid,
            length,
        })
    }

    /// Appends the shortest form; `csid` is from 2 to 65 599.
    pub(super) fn put(format: u8, csid: u32, out: &mut impl BufMut) {
        let format = format << 6;
        match csid {
            0..64 => out.put_u8(format | (csid as u8)),
            64..320 => {
                out.put_u8(format);
                out.put_u8((csid - 64) as u8);
            }
            _ => {
                out.put_u8(format | 1);
                out.put_u16_le((csid - 64) as u16);
            }
        }
    }

    /// How many bytes [`put`](Self::put) appends.
    pub(super) fn put_len(csid: u32) -> usize {
        match csid {
            0..64 => 1,
            64..320 => 2,
            _ => 3,
        }
    }
}

/// The fields of a message header of type 0, 1 or 2; those the type leaves out are `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fields {
    /// Timestamp (type 0) or delta (types 1 and 2), from the 32-bit field when there is one.
    pub(super) time: u32,
    /// Whether the 32-bit field was there.
    pub(super) extended: bool,
    /// Message length and type id.
    pub(super) kind: Option<(u32, u8)>,
    /// Message stream id.
    pub(super) stream_id: Option<u32>,
    /// Bytes of the message header with its extended timestamp.
    pub(super) length: usize,
}

impl Fields {
    /// Parses the message header after the basic header; `None` while bytes are missing. `format` is 0 to 2.
    pub(super) fn parse(format: u8, input: &[u8]) -> Option<Fields> {
        let base = match format {
            0 => 11,
            1 => 7,
            _ => 3,
        };
        let header = input.get(..base)?;
        let short = u24(header, 0);
        let extended = short == EXTENDED;
        let (time, length) = if extended {
            (u32_at(input, base)?, base + 4)
        } else {
            (short, base)
        };
        let kind = (format < 2).then(|| (u24(header, 3), header.get(6).copied().unwrap_or_default()));
        let stream_id = if format == 0 {
            u32_at(header, 7).map(u32::swap_bytes)
        } else {
            None
        };
        Some(Fields {
            time,
            extended,
            kind,
            stream_id,
            length,
        })
    }
}

/// Big-endian 24 bits at `at`; missing bytes count as zero.
fn u24(input: &[u8], at: usize) -> u32 {
    (at..at + 3).fold(0, |sum, i| {
        sum << 8 | u32::from(input.get(i).copied().unwrap_or_default())
    })
}

/// Big-endian 32 bits at `at`.
pub(super) fn u32_at(input: &[u8], at: usize) -> Option<u32> {
    input.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Appends a 24-bit big-endian number.
pub(super) fn put_u24(number: u32, out: &mut impl BufMut) {
    out.put_slice(&number.to_be_bytes()[1..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_headers_of_all_three_lengths() {
        for csid in [2, 3, 63, 64, 65, 319, 320, 321, 65_598, 65_599] {
            for format in 0..4 {
                let mut bytes = Vec::new();
                Basic::put(format, csid, &mut bytes);
                assert_eq!(bytes.len(), Basic::put_len(csid));
                assert_eq!(
                    Basic::parse(&bytes),
                    Some(Basic {
                        format,
                        csid,
                        length: bytes.len()
                    })
                );
                for cut in 0..bytes.len() {
                    assert_eq!(Basic::parse(&bytes[..cut]), None);
                }
            }
        }
        // The three-byte form may also say what two bytes could.
        assert_eq!(Basic::parse(&[0x01, 0x00, 0x00]).unwrap().csid, 64);
    }

    #[test]
    fn fields_of_each_type() {
        let full = [0, 0, 5, 0, 1, 0, 9, 1, 0, 0, 0];
        let fields = Fields::parse(0, &full).unwrap();
        assert_eq!(
            (fields.time, fields.kind, fields.stream_id, fields.length),
            (5, Some((256, 9)), Some(1), 11)
        );
        let extended = [0xFF, 0xFF, 0xFF, 0, 1, 0, 9, 0x01, 0, 0, 2];
        let fields = Fields::parse(1, &extended).unwrap();
        assert_eq!(
            (fields.time, fields.extended, fields.length),
            (0x0100_0002, true, 11)
        );
        assert_eq!(Fields::parse(1, &extended[..10]), None);
        assert_eq!(Fields::parse(2, &[0, 1]), None);
    }
}
