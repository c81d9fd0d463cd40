//! A fast-start file made of a fragmented one: movie box first, media behind it, in the order it was written.
//!
//! A track that starts later than the movie gets an empty edit, and one whose first picture is composed later an edit
//! that begins there (ISO/IEC 14496-12 §8.6.6), so that the distance between sound and picture is the stream's.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use mp4_atom::{Edts, Elst, ElstEntry, Encode, FixedPoint, Moov, Trak};

use super::VIDEO_SCALE;
use super::header::{encode_error, ftyp, mvhd};
use super::scan::Scan;
use super::table::{Chunk, Table};
use crate::RecordError;

const COPY: usize = 1 << 20;
/// Header of a `mdat` with a 64-bit size.
const LARGE_HEADER: u64 = 16;

/// A plan of the file.
pub(crate) struct Progressive {
    header: Vec<u8>,
    /// Of the fragmented file, in order.
    chunks: Vec<Chunk>,
}

impl Progressive {
    /// The plan of what `scan` found.
    ///
    /// # Errors
    /// [`RecordError::Track`] when there is nothing in it, or a box cannot be written.
    pub(crate) fn plan(scan: &Scan, audio_only: bool) -> Result<Progressive, RecordError> {
        let source = scan.moov.as_ref();
        let source = source.ok_or_else(|| RecordError::Track("no movie box".into()))?;
        let tracks: Vec<(&Trak, &Table)> = source
            .trak
            .iter()
            .filter_map(|trak| Some((trak, scan.tables.of(trak.tkhd.track_id)?)))
            .collect();
        if tracks.is_empty() {
            return Err(RecordError::Track("no whole fragment".into()));
        }
        let mut order: Vec<(usize, Chunk)> = Vec::new();
        for (index, (_, table)) in tracks.iter().enumerate() {
            order.extend(table.chunks.iter().map(|chunk| (index, *chunk)));
        }
        order.sort_by_key(|(_, chunk)| chunk.offset);
        let data: u64 = order.iter().map(|(_, chunk)| chunk.size).sum();
        let mut header = Vec::new();
        // The table's own length decides where the media is: once for the length, once for the places.
        let is_small =
            |length: usize| data.saturating_add(length as u64 + LARGE_HEADER) <= u64::from(u32::MAX);
        let write = |large: bool, start: u64, header: &mut Vec<u8>| {
            header.clear();
            let mut offsets = vec![Vec::new(); tracks.len()];
            let mut at = start;
            for (index, chunk) in &order {
                if let Some(list) = offsets.get_mut(*index) {
                    list.push(at);
                }
                at += chunk.size;
            }
            encode_header(source, &tracks, &offsets, large, audio_only, header)?;
            put_mdat_header(data, header);
            Ok::<(), RecordError>(())
        };
        write(false, 0, &mut header)?;
        let large = !is_small(header.len());
        if large {
            write(true, 0, &mut header)?;
        }
        let length = header.len() as u64;
        write(large, length, &mut header)?;
        Ok(Progressive {
            header,
            chunks: order.into_iter().map(|(_, chunk)| chunk).collect(),
        })
    }

    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.header.len() as u64 + self.chunks.iter().map(|chunk| chunk.size).sum::<u64>()
    }

    /// Writes the file, its media read from `source`.
    ///
    /// # Errors
    /// Those of either file.
    pub(crate) fn write(&self, source: &File, out: &mut impl Write) -> std::io::Result<()> {
        out.write_all(&self.header)?;
        let mut buffer = vec![0; COPY];
        for chunk in joined(&self.chunks) {
            let (mut at, end) = chunk;
            while at < end {
                let step = usize::try_from(end - at).unwrap_or(COPY).min(COPY);
                let part = buffer.get_mut(..step).unwrap_or_default();
                source.read_exact_at(part, at)?;
                out.write_all(part)?;
                at += step as u64;
            }
        }
        Ok(())
    }
}

/// Ranges of bytes, neighbours made one.
fn joined(chunks: &[Chunk]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let end = chunk.offset + chunk.size;
        match ranges.last_mut() {
            Some(last) if last.1 == chunk.offset => last.1 = end,
            _ => ranges.push((chunk.offset, end)),
        }
    }
    ranges
}

fn put_mdat_header(data: u64, header: &mut Vec<u8>) {
    match u32::try_from(data + 8) {
        Ok(size) => {
            header.extend(size.to_be_bytes());
            header.extend(b"mdat");
        }
        Err(_) => {
            header.extend(1_u32.to_be_bytes());
            header.extend(b"mdat");
            header.extend((data + LARGE_HEADER).to_be_bytes());
        }
    }
}

/// `ticks` of `from` on the movie's scale, rounded up: an edit must not cut its last sample.
fn to_movie(ticks: u64, from: u32) -> u64 {
    let scaled = (u128::from(ticks) * u128::from(VIDEO_SCALE)).div_ceil(u128::from(from.max(1)));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// When a track is first seen or heard, on the movie's scale.
pub(super) fn presented_at(table: &Table, scale: u32) -> u64 {
    let ticks =
        u128::from(table.start + table.first_cts()) * u128::from(VIDEO_SCALE) / u128::from(scale.max(1));
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

fn encode_header(
    source: &Moov,
    tracks: &[(&Trak, &Table)],
    offsets: &[Vec<u64>],
    large: bool,
    audio_only: bool,
    out: &mut Vec<u8>,
) -> Result<(), RecordError> {
    let zero = tracks
        .iter()
        .map(|(trak, table)| presented_at(table, trak.mdia.mdhd.timescale))
        .min()
        .unwrap_or(0);
    let mut traks = Vec::with_capacity(tracks.len());
    let mut movie = 0;
    for ((trak, table), offsets) in tracks.iter().zip(offsets) {
        let scale = trak.mdia.mdhd.timescale;
        let late = presented_at(table, scale) - zero;
        let shown = to_movie(table.duration(), scale);
        let mut trak = (*trak).clone();
        trak.tkhd.duration = late + shown;
        trak.mdia.mdhd.duration = table.duration();
        trak.edts = edits(late, shown, table.first_cts());
        let stsd = std::mem::take(&mut trak.mdia.minf.stbl.stsd);
        trak.mdia.minf.stbl = table.stbl(stsd, offsets, large);
        movie = movie.max(trak.tkhd.duration);
        traks.push(trak);
    }
    let brands: &[&[u8; 4]] = &[b"isom", b"iso2", b"mp41"];
    ftyp(audio_only, brands).encode(out).map_err(encode_error)?;
    let moov = Moov {
        mvhd: mvhd(source.mvhd.creation_time, movie, traks.len()),
        trak: traks,
        ..Moov::default()
    };
    moov.encode(out).map_err(encode_error)
}

fn edits(late: u64, shown: u64, first_cts: u64) -> Option<Edts> {
    if late == 0 && first_cts == 0 {
        return None;
    }
    let one = || FixedPoint::new(1, 0);
    let empty = (late > 0).then(|| ElstEntry {
        segment_duration: late,
        media_time: None,
        media_rate: one(),
    });
    let media = ElstEntry {
        segment_duration: shown,
        media_time: Some(first_cts),
        media_rate: one(),
    };
    Some(Edts {
        elst: Some(Elst {
            entries: empty.into_iter().chain([media]).collect(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mp4::table::{Entry, Tables};
    use mp4_atom::Decode;

    fn scan_of(size: u64, count: u32) -> Scan {
        let entry = Entry {
            size: 1,
            duration: 3_600,
            cts: 0,
            keyframe: true,
        };
        let chunk = |index: u32| Chunk {
            offset: 4_096 + u64::from(index) * (size + 500),
            size,
            samples: 1,
        };
        let mut trak = Trak::default();
        trak.tkhd.track_id = 1;
        trak.mdia.mdhd.timescale = VIDEO_SCALE;
        trak.mdia.mdhd.language = "und".into();
        Scan {
            moov: Some(Moov {
                trak: vec![trak],
                ..Moov::default()
            }),
            tables: Tables(vec![Table {
                id: 1,
                start: 0,
                end: 0,
                samples: vec![entry; count as usize],
                chunks: (0..count).map(chunk).collect(),
            }]),
            valid: 0,
            length: 0,
        }
    }

    /// Beyond 4 GiB, places and sizes have 64 bits.
    #[test]
    fn places_beyond_32_bits() {
        for (size, count, large) in [
            (1_000, 10, false),
            (1 << 30, 4, true),
            ((1 << 30) - 1_000, 4, false),
            (1 << 32, 3, true),
        ] {
            let plan = Progressive::plan(&scan_of(size, count), false).unwrap();
            let mut header = plan.header.as_slice();
            mp4_atom::Ftyp::decode(&mut header).unwrap();
            let moov = Moov::decode(&mut header).unwrap();
            let stbl = &moov.trak[0].mdia.minf.stbl;
            let offsets: Vec<u64> = match (&stbl.stco, &stbl.co64) {
                (Some(stco), None) => stco.entries.iter().map(|at| u64::from(*at)).collect(),
                (None, Some(co64)) => co64.entries.clone(),
                other => panic!("{other:?}"),
            };
            assert_eq!(stbl.co64.is_some(), large, "{size}");
            let start = plan.header.len() as u64;
            let expected: Vec<u64> = (0..u64::from(count)).map(|index| start + index * size).collect();
            assert_eq!(offsets, expected);
            let mdat = mp4_atom::Header::decode(&mut header).unwrap();
            assert_eq!(mdat.size, Some((size * u64::from(count)) as usize));
            assert!(header.is_empty());
            assert_eq!(plan.size(), start + size * u64::from(count));
        }
    }
}
