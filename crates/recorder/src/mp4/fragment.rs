//! Fragments: what is written at once (ISO/IEC 14496-12 §8.8).
//!
//! A fragment ends before every picture that can be decoded by itself, and after [`LENGTH_MILLIS`] at the latest. The
//! newest frame of each track is held until the next one tells its duration, but not for long. Pure.

use std::sync::Arc;
use std::time::SystemTime;

use lianmai_media::{MediaTime, TrackKind};
use mp4_atom::{Encode, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry};

use super::header::{TrackHeader, encode_error};
use super::timing::{Timed, TrackTiming};
use crate::RecordError;
use crate::sample::{Sample, TrackConfig};

/// Longest media time of a fragment.
const LENGTH_MILLIS: u64 = 400;
/// `sample_flags` (§8.8.3.1): decodable by itself, or depending on others and no sync sample.
const SYNC: u32 = 0x0200_0000;
const DEPENDENT: u32 = 0x0101_0000;

/// A fragment ready to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fragment {
    /// `moof` and `mdat`.
    pub(crate) bytes: Vec<u8>,
    /// Where its tracks end, at the latest, in milliseconds of the part.
    pub(crate) end_millis: u64,
}

/// What became of a frame.
#[derive(Debug)]
pub(crate) enum Pushed {
    /// It is held; a fragment may have become complete before it.
    Taken(Option<Fragment>),
    /// It is from before the part's beginning.
    TooEarly,
}

#[derive(Debug)]
struct Track {
    id: u32,
    config: Arc<TrackConfig>,
    timing: TrackTiming,
    pending: Vec<Timed>,
}

/// The tracks of a part and what of them is not written yet.
#[derive(Debug)]
pub(crate) struct Fragments {
    base: MediaTime,
    started_at: SystemTime,
    tracks: Vec<Track>,
    sequence: u32,
    end_millis: u64,
}

impl Fragments {
    /// A part that begins with `first`, without tracks yet.
    pub(crate) fn new(first: &Sample) -> Fragments {
        Fragments {
            base: first.frame.dts,
            started_at: first.wall,
            tracks: Vec::new(),
            sequence: 0,
            end_millis: 0,
        }
    }

    pub(crate) fn started_at(&self) -> SystemTime {
        self.started_at
    }

    pub(crate) fn has(&self, kind: TrackKind) -> bool {
        self.tracks.iter().any(|track| track.config.kind() == kind)
    }

    /// Adds the track of `first`.
    pub(crate) fn add(&mut self, first: &Sample) {
        let id = u32::try_from(self.tracks.len()).unwrap_or(u32::MAX - 1) + 1;
        self.tracks.push(Track {
            id,
            config: first.track.clone(),
            timing: TrackTiming::new(&first.track, self.base, &first.frame),
            pending: Vec::new(),
        });
    }

    /// Takes the last added track out again.
    pub(crate) fn take_back(&mut self) {
        self.tracks.pop();
    }

    pub(crate) fn headers(&self) -> Vec<TrackHeader<'_>> {
        let header = |track: &'_ Track| (track.id, track.timing.scale());
        self.tracks
            .iter()
            .map(|track| {
                let (id, scale) = header(track);
                TrackHeader {
                    id,
                    scale,
                    track: &track.config,
                }
            })
            .collect()
    }

    /// Takes a frame of a track that was added.
    ///
    /// # Errors
    /// [`RecordError::Track`] when the fragment cannot be written.
    pub(crate) fn push(&mut self, sample: &Sample) -> Result<Pushed, RecordError> {
        let Some(track) = self
            .tracks
            .iter_mut()
            .find(|track| track.config.kind() == sample.frame.kind)
        else {
            return Ok(Pushed::TooEarly);
        };
        match track.timing.push(&sample.frame) {
            Err(_) => return Ok(Pushed::TooEarly),
            Ok(before) => track.pending.extend(before),
        }
        let scale = u64::from(track.timing.scale().max(1));
        let length = match (track.pending.first(), track.pending.last()) {
            (Some(first), Some(last)) => (last.dts - first.dts + u64::from(last.duration)) * 1_000 / scale,
            _ => 0,
        };
        if sample.is_picture_to_begin_with() || length >= LENGTH_MILLIS {
            return self.flush().map(Pushed::Taken);
        }
        Ok(Pushed::Taken(None))
    }

    /// What is complete, and what has waited for its successor from one call to the one after it.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn look(&mut self) -> Result<Option<Fragment>, RecordError> {
        for track in &mut self.tracks {
            track.pending.extend(track.timing.look());
        }
        self.flush()
    }

    /// What is complete, if anything is.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    fn flush(&mut self) -> Result<Option<Fragment>, RecordError> {
        if self.tracks.iter().all(|track| track.pending.is_empty()) {
            return Ok(None);
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut moof = Moof {
            mfhd: Mfhd {
                sequence_number: self.sequence,
            },
            traf: self.tracks.iter().filter_map(Track::traf).collect(),
        };
        let mut bytes = Vec::new();
        moof.encode(&mut bytes).map_err(encode_error)?;
        let mut at = bytes.len() + 8;
        let with_samples = || self.tracks.iter().filter(|track| !track.pending.is_empty());
        for (traf, track) in moof.traf.iter_mut().zip(with_samples()) {
            for run in &mut traf.trun {
                run.data_offset = i32::try_from(at).ok();
            }
            at += track.size();
        }
        bytes.clear();
        moof.encode(&mut bytes).map_err(encode_error)?;
        let size: usize = self.tracks.iter().map(Track::size).sum();
        let size = u32::try_from(size + 8).map_err(|_| RecordError::Track("a fragment of 4 GiB".into()))?;
        bytes.extend(size.to_be_bytes());
        bytes.extend(b"mdat");
        for track in &mut self.tracks {
            let scale = u64::from(track.timing.scale().max(1));
            if let Some(last) = track.pending.last() {
                let end = (last.dts + u64::from(last.duration)) * 1_000 / scale;
                self.end_millis = self.end_millis.max(end);
            }
            for timed in track.pending.drain(..) {
                bytes.extend_from_slice(&timed.payload);
            }
        }
        Ok(Some(Fragment {
            bytes,
            end_millis: self.end_millis,
        }))
    }

    /// Everything that is left.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn finish(&mut self) -> Result<Option<Fragment>, RecordError> {
        for track in &mut self.tracks {
            track.pending.extend(track.timing.finish());
        }
        self.flush()
    }
}

impl Track {
    fn size(&self) -> usize {
        self.pending.iter().map(|timed| timed.payload.len()).sum()
    }

    fn traf(&self) -> Option<Traf> {
        let first = self.pending.first()?;
        let is_video = self.config.kind() == TrackKind::Video;
        let composed = self.pending.iter().any(|timed| timed.cts != 0);
        let entry = |timed: &Timed| TrunEntry {
            duration: Some(timed.duration),
            size: u32::try_from(timed.payload.len()).ok(),
            flags: is_video.then_some(if timed.keyframe { SYNC } else { DEPENDENT }),
            cts: composed.then_some(i64::from(timed.cts)),
        };
        Some(Traf {
            tfhd: Tfhd {
                track_id: self.id,
                default_sample_flags: (!is_video).then_some(SYNC),
                default_base_is_moof: true,
                ..Tfhd::default()
            },
            tfdt: Some(Tfdt {
                base_media_decode_time: first.dts,
            }),
            trun: vec![Trun {
                data_offset: Some(0),
                samples: self.pending.iter().map(entry).collect::<Vec<_>>().into(),
            }],
            ..Traf::default()
        })
    }
}
