//! RTMP chunks into messages, of which only the first bytes are kept (Adobe RTMP 1.0 §5.3).

use anyhow::{Result, ensure};

/// Kept bytes of a command and of anything else.
const COMMAND_HEAD: usize = 512;
const MEDIA_HEAD: usize = 64;
/// Longer messages mean that the reader lost its place.
const LONGEST: usize = 8 << 20;

/// A message that has arrived completely.
pub(crate) struct Received<'a> {
    pub(crate) kind: u8,
    /// The first bytes, at least those with the probe.
    pub(crate) head: &'a [u8],
}

/// Reads chunks from pieces of any size.
pub(crate) struct Reader {
    chunk: usize,
    header: Vec<u8>,
    slots: Vec<Slot>,
    /// Slot and missing bytes of the chunk being read.
    current: usize,
    left: usize,
}

#[derive(Default)]
struct Slot {
    id: u32,
    kind: u8,
    length: usize,
    extended: bool,
    taken: usize,
    head: Vec<u8>,
}

struct Header {
    format: u8,
    id: u32,
    fields: usize,
}

impl Reader {
    /// At the start of a connection; `chunk` is 128 unless agreed otherwise.
    pub(crate) fn new(chunk: usize) -> Self {
        Self {
            chunk,
            header: Vec::with_capacity(18),
            slots: Vec::new(),
            current: 0,
            left: 0,
        }
    }

    /// Takes bytes and hands every message that they complete to `sink`.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut sink: impl FnMut(Received<'_>)) -> Result<()> {
        while let Some((first, rest)) = data.split_first() {
            if self.left == 0 {
                self.header.push(*first);
                data = rest;
                if !self.begin_chunk()? {
                    continue;
                }
            }
            let take = self.left.min(data.len());
            let slot = &mut self.slots[self.current];
            slot.take(&data[..take]);
            data = &data[take..];
            self.left -= take;
            if slot.taken == slot.length {
                slot.taken = 0;
                if slot.kind == 1 && slot.head.len() >= 4 {
                    self.chunk = slot.head[..4]
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                    ensure!((1..=LONGEST).contains(&self.chunk), "chunk size {}", self.chunk);
                }
                sink(Received {
                    kind: slot.kind,
                    head: &slot.head,
                });
            }
        }
        Ok(())
    }

    /// Looks whether the chunk header is complete and applies it.
    fn begin_chunk(&mut self) -> Result<bool> {
        let Some(header) = basic_header(&self.header) else {
            return Ok(false);
        };
        let index = self
            .slots
            .iter()
            .position(|slot| slot.id == header.id)
            .unwrap_or_else(|| {
                self.slots.push(Slot {
                    id: header.id,
                    ..Slot::default()
                });
                self.slots.len() - 1
            });
        ensure!(self.slots.len() <= 32, "more than 32 chunk streams");
        let slot = &mut self.slots[index];
        let size = [11, 7, 3, 0][usize::from(header.format)];
        let Some(fields) = self.header.get(header.fields..header.fields + size) else {
            return Ok(false);
        };
        let extended = if size >= 3 {
            fields[..3] == [0xff; 3]
        } else {
            slot.extended
        };
        if self.header.len() < header.fields + size + if extended { 4 } else { 0 } {
            return Ok(false);
        }
        slot.extended = extended;
        if size >= 7 {
            slot.length = fields[3..6]
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            slot.kind = fields[6];
        }
        ensure!(slot.length <= LONGEST, "message of {} bytes", slot.length);
        if slot.taken == 0 {
            slot.head.clear();
        }
        self.header.clear();
        self.current = index;
        self.left = (slot.length - slot.taken).min(self.chunk);
        Ok(true)
    }
}

fn basic_header(bytes: &[u8]) -> Option<Header> {
    let first = *bytes.first()?;
    let (id, fields) = match first & 0x3f {
        0 => (64 + u32::from(*bytes.get(1)?), 2),
        1 => (
            64 + u32::from(*bytes.get(1)?) + 256 * u32::from(*bytes.get(2)?),
            3,
        ),
        id => (u32::from(id), 1),
    };
    Some(Header {
        format: first >> 6,
        id,
        fields,
    })
}

impl Slot {
    fn take(&mut self, bytes: &[u8]) {
        let keep = if self.kind == 20 { COMMAND_HEAD } else { MEDIA_HEAD };
        let room = keep.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.taken += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::write::message;

    /// Any way of cutting the bytes gives the same messages, also with extended time stamps and a changed chunk size.
    #[test]
    fn cutting_does_not_matter() {
        let mut wire = Vec::new();
        message(&mut wire, 9, 40, 1, 128, &[7; 1000]);
        message(&mut wire, 8, 0x0100_0000, 1, 128, &[8; 300]);
        message(&mut wire, 1, 0, 0, 128, &4096u32.to_be_bytes());
        message(&mut wire, 9, 80, 1, 4096, &[9; 5000]);
        for cut in [1, 2, 3, 7, 129, 4096, wire.len()] {
            let mut reader = Reader::new(128);
            let mut seen = Vec::new();
            for piece in wire.chunks(cut) {
                reader
                    .feed(piece, |message| seen.push((message.kind, message.head.to_vec())))
                    .expect("valid");
            }
            let wanted = [
                (9, vec![7; 64]),
                (8, vec![8; 64]),
                (1, vec![0, 0, 16, 0]),
                (9, vec![9; 64]),
            ];
            assert_eq!(seen, wanted, "cut {cut}");
        }
    }
}
