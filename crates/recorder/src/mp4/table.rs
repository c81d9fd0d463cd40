//! Sample tables: what fragments say one by one, put together (ISO/IEC 14496-12 §8.6 and §8.7).

use mp4_atom::{
    Co64, Ctts, CttsEntry, Moof, Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry,
    Traf,
};

/// `sample_is_non_sync_sample`.
const NON_SYNC: u32 = 0x0001_0000;

/// One sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) size: u32,
    pub(crate) duration: u32,
    pub(crate) cts: i32,
    pub(crate) keyframe: bool,
}

/// Samples of one track that lie one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chunk {
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) samples: u32,
}

/// One track.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Table {
    pub(crate) id: u32,
    /// Decoding time of its first sample.
    pub(crate) start: u64,
    /// Where its last sample ends.
    pub(crate) end: u64,
    pub(crate) samples: Vec<Entry>,
    pub(crate) chunks: Vec<Chunk>,
}

/// All tracks that have samples, by id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tables(pub(crate) Vec<Table>);

impl Tables {
    pub(crate) fn of(&self, id: u32) -> Option<&Table> {
        self.0.iter().find(|table| table.id == id)
    }

    /// Adds what follows in another file. The places are then of no more use.
    pub(crate) fn join(&mut self, other: Tables) {
        for table in other.0 {
            match self.0.iter_mut().find(|known| known.id == table.id) {
                Some(known) => {
                    known.end = table.end;
                    known.samples.extend(table.samples);
                }
                None => self.0.push(table),
            }
        }
    }

    /// Adds a fragment at byte `at` whose data ends before byte `end`. Nothing is added when it cannot be used.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn add(&mut self, moof: &Moof, at: u64, end: u64) -> Result<(), &'static str> {
        let parts = moof
            .traf
            .iter()
            .map(|traf| Part::read(traf, at, end))
            .collect::<Result<Vec<_>, _>>()?;
        for part in parts {
            let place = self.0.iter().position(|table| table.id == part.id);
            match place.and_then(|place| self.0.get_mut(place)) {
                Some(table) => table.append(part),
                None => self.0.push(Table {
                    id: part.id,
                    start: part.start,
                    end: part.start + part.duration,
                    samples: part.samples,
                    chunks: vec![part.chunk],
                }),
            }
        }
        Ok(())
    }
}

/// What a `traf` adds to its track.
struct Part {
    id: u32,
    start: u64,
    duration: u64,
    samples: Vec<Entry>,
    chunk: Chunk,
}

impl Part {
    fn read(traf: &Traf, at: u64, end: u64) -> Result<Part, &'static str> {
        let (tfhd, [run]) = (&traf.tfhd, traf.trun.as_slice()) else {
            return Err("a traf with another number of runs than one");
        };
        let start = traf.tfdt.as_ref().ok_or("a traf without decoding time")?;
        let offset = run.data_offset.and_then(|offset| u64::try_from(offset).ok());
        let offset = at.saturating_add(offset.ok_or("a run without offset")?);
        let mut samples = Vec::with_capacity(run.samples.len().min(4_096));
        let (mut size, mut duration) = (0_u64, 0_u64);
        for entry in &run.samples {
            let flags = entry.flags.or(tfhd.default_sample_flags).unwrap_or(0);
            let sample = Entry {
                size: entry.size.ok_or("a sample without size")?,
                duration: entry.duration.ok_or("a sample without duration")?,
                cts: i32::try_from(entry.cts.unwrap_or(0)).map_err(|_| "a composition time past 32 bits")?,
                keyframe: flags & NON_SYNC == 0,
            };
            size += u64::from(sample.size);
            duration += u64::from(sample.duration);
            samples.push(sample);
        }
        if offset.saturating_add(size) > end {
            return Err("a run that ends behind its data");
        }
        let start = start.base_media_decode_time;
        start
            .checked_add(duration)
            .ok_or("a decoding time past 64 bits")?;
        Ok(Part {
            id: tfhd.track_id,
            start,
            duration,
            chunk: Chunk {
                offset,
                size,
                samples: u32::try_from(samples.len()).map_err(|_| "too many samples")?,
            },
            samples,
        })
    }
}

impl Table {
    fn append(&mut self, part: Part) {
        // Ours follow each other exactly; a gap in a foreign file is given to the sample before it.
        if let (Some(last), Some(gap)) = (self.samples.last_mut(), part.start.checked_sub(self.end)) {
            last.duration = last
                .duration
                .saturating_add(u32::try_from(gap).unwrap_or(u32::MAX));
            self.end = part.start;
        }
        self.end += part.duration;
        self.samples.extend(part.samples);
        self.chunks.push(part.chunk);
    }

    /// Time from the first sample's decoding to the end of the last.
    pub(crate) fn duration(&self) -> u64 {
        self.samples.iter().map(|entry| u64::from(entry.duration)).sum()
    }

    /// Composition time of the first sample.
    pub(crate) fn first_cts(&self) -> u64 {
        self.samples
            .first()
            .map_or(0, |entry| u64::try_from(entry.cts).unwrap_or(0))
    }

    /// The sample table with its chunks at `offsets`, as 64 bits if `large`.
    pub(crate) fn stbl(&self, stsd: Stsd, offsets: &[u64], large: bool) -> Stbl {
        let composed = self.samples.iter().any(|entry| entry.cts != 0);
        let all_sync = self.samples.iter().all(|entry| entry.keyframe);
        let narrow = |offset: &u64| u32::try_from(*offset).unwrap_or(u32::MAX);
        Stbl {
            stsd,
            stts: Stts {
                entries: runs(self.samples.iter().map(|entry| entry.duration))
                    .map(|(sample_count, sample_delta)| SttsEntry {
                        sample_count,
                        sample_delta,
                    })
                    .collect(),
            },
            ctts: composed.then(|| Ctts {
                entries: runs(self.samples.iter().map(|entry| entry.cts))
                    .map(|(sample_count, offset)| CttsEntry {
                        sample_count,
                        sample_offset: i64::from(offset),
                    })
                    .collect(),
            }),
            stss: (!all_sync).then(|| Stss {
                entries: (1..)
                    .zip(&self.samples)
                    .filter(|(_, entry)| entry.keyframe)
                    .map(|(number, _)| number)
                    .collect(),
            }),
            stsc: self.stsc(),
            stsz: Stsz {
                samples: StszSamples::Different {
                    sizes: self.samples.iter().map(|entry| entry.size).collect(),
                },
            },
            stco: (!large).then(|| Stco {
                entries: offsets.iter().map(narrow).collect(),
            }),
            co64: large.then(|| Co64 {
                entries: offsets.to_vec(),
            }),
            ..Stbl::default()
        }
    }

    fn stsc(&self) -> Stsc {
        let mut first_chunk = 1;
        let runs = runs(self.chunks.iter().map(|chunk| chunk.samples));
        let entries = runs.map(|(chunks, samples_per_chunk)| {
            let entry = StscEntry {
                first_chunk,
                samples_per_chunk,
                sample_description_index: 1,
            };
            first_chunk += chunks;
            entry
        });
        Stsc {
            entries: entries.collect(),
        }
    }
}

/// How often each value comes in a row.
fn runs<T: PartialEq + Copy>(values: impl Iterator<Item = T>) -> impl Iterator<Item = (u32, T)> {
    let mut values = values.peekable();
    std::iter::from_fn(move || {
        let first = values.next()?;
        let mut count = 1;
        while values.next_if_eq(&first).is_some() {
            count += 1;
        }
        Some((count, first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The table says of every sample what went in, however it is cut into chunks.
        #[test]
        fn tables_say_what_was_put_in(
            samples in prop::collection::vec((1u32..5_000, 1u32..4, -2i32..3, any::<bool>()), 1..200),
            cuts in prop::collection::vec(1usize..9, 200),
        ) {
            let samples: Vec<_> = samples
                .into_iter()
                .map(|(size, duration, cts, keyframe)| Entry { size, duration, cts, keyframe })
                .collect();
            let (mut chunks, mut rest, mut offset) = (Vec::new(), samples.as_slice(), 0);
            for cut in cuts {
                let (chunk, tail) = rest.split_at(cut.min(rest.len()));
                if chunk.is_empty() { break; }
                let size = chunk.iter().map(|entry| u64::from(entry.size)).sum();
                chunks.push(Chunk { offset, size, samples: chunk.len() as u32 });
                offset += size;
                rest = tail;
            }
            let table = Table { id: 1, start: 0, end: 0, samples: samples.clone(), chunks: chunks.clone() };
            let offsets: Vec<u64> = chunks.iter().map(|chunk| chunk.offset + 100).collect();
            let stbl = table.stbl(Stsd::default(), &offsets, false);
            let spread = |runs: Vec<(u32, i64)>| {
                runs.into_iter().flat_map(|(n, value)| (0..n).map(move |_| value)).collect::<Vec<_>>()
            };
            let durations = spread(stbl.stts.entries.iter().map(|e| (e.sample_count, e.sample_delta.into())).collect());
            prop_assert_eq!(durations, samples.iter().map(|e| i64::from(e.duration)).collect::<Vec<_>>());
            if let Some(ctts) = stbl.ctts {
                let cts = spread(ctts.entries.iter().map(|e| (e.sample_count, e.sample_offset)).collect());
                prop_assert_eq!(cts, samples.iter().map(|e| i64::from(e.cts)).collect::<Vec<_>>());
            }
            let sync = stbl.stss.map(|stss| stss.entries);
            let keys: Vec<u32> = (1..).zip(&samples).filter(|(_, e)| e.keyframe).map(|(n, _)| n).collect();
            prop_assert_eq!(sync.unwrap_or_else(|| (1..=samples.len() as u32).collect()), keys);
            let mut of_chunk = Vec::new();
            for (index, entry) in stbl.stsc.entries.iter().enumerate() {
                let end = stbl.stsc.entries.get(index + 1).map_or(chunks.len() as u32 + 1, |next| next.first_chunk);
                of_chunk.extend((entry.first_chunk..end).map(|_| entry.samples_per_chunk));
            }
            prop_assert_eq!(of_chunk, chunks.iter().map(|chunk| chunk.samples).collect::<Vec<_>>());
        }
    }
}
