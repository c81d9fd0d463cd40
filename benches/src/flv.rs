//! FLV tags: written by the floor, read by HTTP players (Adobe FLV 10.1 §E.3, §E.4).

use anyhow::{Result, ensure};

use crate::source::HEAD;

/// File header with audio and video, and the size of the tag before the first.
pub(crate) const FILE_HEADER: [u8; 13] = *b"FLV\x01\x05\0\0\0\x09\0\0\0\0";
const TAG_HEADER: usize = 11;

/// Appends one tag and its size.
pub(crate) fn tag(out: &mut Vec<u8>, kind: u8, milliseconds: u32, body: &[u8]) {
    let [high, time @ ..] = milliseconds.to_be_bytes();
    out.push(kind);
    out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&time);
    out.extend_from_slice(&[high, 0, 0, 0]);
    out.extend_from_slice(body);
    out.extend_from_slice(&((TAG_HEADER + body.len()) as u32).to_be_bytes());
}

/// Reads tags from pieces of any size, keeping the first bytes of each.
#[derive(Default)]
pub(crate) struct Reader {
    started: bool,
    /// Header and first body bytes of the tag being read.
    head: Vec<u8>,
    /// Bytes still to pass over, and whether a tag ends with them.
    skip: usize,
    inside: bool,
}

impl Reader {
    /// Takes bytes; every completed tag goes to `sink` as type and first body bytes.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut sink: impl FnMut(u8, &[u8])) -> Result<()> {
        loop {
            let skipped = self.skip.min(data.len());
            data = &data[skipped..];
            self.skip -= skipped;
            if self.skip > 0 {
                return Ok(());
            }
            if std::mem::take(&mut self.inside) {
                sink(self.head[0] & 0x1f, &self.head[TAG_HEADER..]);
                self.head.clear();
            }
            if data.is_empty() {
                return Ok(());
            }
            self.head_bytes(&mut data)?;
        }
    }

    /// Collects the file header or the head of a tag; sets what to skip when it is complete.
    fn head_bytes(&mut self, data: &mut &[u8]) -> Result<()> {
        while self.skip == 0 && !self.inside {
            let Some((first, rest)) = data.split_first() else {
                return Ok(());
            };
            self.head.push(*first);
            *data = rest;
            if !self.started {
                if self.head.len() == FILE_HEADER.len() {
                    ensure!(self.head.starts_with(b"FLV"), "not FLV");
                    self.started = true;
                    self.head.clear();
                }
                continue;
            }
            let Some(size) = self.head.get(1..4) else { continue };
            let size = size.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            if self.head.len() == TAG_HEADER + size.min(HEAD) {
                self.skip = size - size.min(HEAD) + 4;
                self.inside = true;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_does_not_matter() {
        let mut wire = FILE_HEADER.to_vec();
        tag(&mut wire, 9, 40, &[7; 500]);
        tag(&mut wire, 8, 0x0100_0001, &[8; 3]);
        tag(&mut wire, 18, 0, &[]);
        for cut in [1, 2, 13, 100, wire.len()] {
            let (mut reader, mut seen) = (Reader::default(), Vec::new());
            for piece in wire.chunks(cut) {
                reader
                    .feed(piece, |kind, head| seen.push((kind, head.to_vec())))
                    .expect("valid");
            }
            assert_eq!(
                seen,
                [(9, vec![7; HEAD]), (8, vec![8; 3]), (18, vec![])],
                "cut {cut}"
            );
        }
    }
}
