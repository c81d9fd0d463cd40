//! NAL units to RTP payloads, as RFC 6184 (H.264) and RFC 7798 (H.265) have it in common: one unit, several small
//! units together, or fragments of a large one.

use bytes::{BufMut, Bytes, BytesMut};

use super::fragments::equal_pieces;

/// What differs between the two.
pub(super) trait NalFormat {
    /// Bytes of a NAL unit's header.
    const HEADER: usize;
    /// Bytes before a fragment.
    const FRAGMENT_HEADER: usize;

    /// Writes the header of an aggregate of `units`: [`HEADER`](Self::HEADER) bytes.
    fn put_aggregate_header(units: &[Bytes], out: &mut BytesMut);

    /// Writes what comes before a fragment of `unit`: [`FRAGMENT_HEADER`](Self::FRAGMENT_HEADER) bytes.
    fn put_fragment_header(unit: &[u8], start: bool, end: bool, out: &mut BytesMut);
}

/// The payloads of `units`, each at most `limit` bytes. Single units share their memory.
pub(super) fn payloads<F: NalFormat>(units: &[Bytes], limit: usize) -> Vec<Bytes> {
    let total: usize = units.iter().map(Bytes::len).sum();
    let mut payloads = Vec::with_capacity(total / limit + units.len().min(4) + 1);
    let mut rest = units;
    while let Some(first) = rest.first() {
        let together = units_together::<F>(rest, limit);
        let (taken, behind) = rest.split_at_checked(together).unwrap_or((rest, &[]));
        rest = behind;
        if together > 1 {
            payloads.push(aggregate::<F>(taken));
        } else if first.len() <= limit {
            payloads.push(first.clone());
        } else {
            fragment::<F>(first, limit, &mut payloads);
        }
    }
    payloads
}

/// How many of the first units fit into one payload; at least one.
fn units_together<F: NalFormat>(units: &[Bytes], limit: usize) -> usize {
    let mut size = F::HEADER;
    let fitting = units.iter().take_while(|unit| {
        size += 2 + unit.len();
        size <= limit && unit.len() <= usize::from(u16::MAX)
    });
    fitting.count().max(1)
}

fn aggregate<F: NalFormat>(units: &[Bytes]) -> Bytes {
    let size = F::HEADER + units.iter().map(|unit| 2 + unit.len()).sum::<usize>();
    let mut out = BytesMut::with_capacity(size);
    F::put_aggregate_header(units, &mut out);
    for unit in units {
        out.put_u16(unit.len() as u16);
        out.put_slice(unit);
    }
    out.freeze()
}

fn fragment<F: NalFormat>(unit: &Bytes, limit: usize, payloads: &mut Vec<Bytes>) {
    let content = unit.get(F::HEADER..).unwrap_or_default();
    let pieces = equal_pieces(content, limit.saturating_sub(F::FRAGMENT_HEADER));
    let count = pieces.len();
    // One block of memory for all fragments.
    let mut out = BytesMut::with_capacity(content.len() + count * F::FRAGMENT_HEADER);
    for (index, piece) in pieces.enumerate() {
        F::put_fragment_header(unit, index == 0, index + 1 == count, &mut out);
        out.put_slice(piece);
        payloads.push(out.split().freeze());
    }
}

/// The units of an aggregate, behind its header; `None` as soon as a length is wrong.
pub(super) fn aggregated_units(content: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let unit = rest
            .split_first_chunk::<2>()
            .and_then(|(length, behind)| behind.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        rest = unit.map_or(&[], |(_, behind)| behind);
        Some(unit.map(|(unit, _)| unit))
    })
}
