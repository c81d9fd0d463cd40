//! Files cut at every byte (R-C2).

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind};
use mp4_atom::{Atom, Decode, Moof, Moov};
use proptest::prelude::*;

use super::scan::scan;
use super::{Mp4File, finish};
use crate::container::Written;
use crate::names::PartName;
use crate::sample::{Sample, TrackConfig};
use crate::{CloseReason, DiskGuard, Format, TrackChoice};

fn sound() -> Arc<TrackConfig> {
    Arc::new(TrackConfig::Audio(AudioConfig::aac_lc(48_000, 2).unwrap()))
}

fn picture() -> Arc<TrackConfig> {
    let record = [1, 0, 0, 0, 0, 10, 0x80, 1, 1, 1, 0, 0];
    let config = lianmai_media::VideoConfig {
        width: 160,
        height: 120,
        ..lianmai_media::VideoConfig::from_record(
            lianmai_media::VideoCodec::Vp9,
            Bytes::copy_from_slice(&record),
        )
        .unwrap()
    };
    Arc::new(TrackConfig::Video { config, rotation: 90 })
}

fn sample(track: &Arc<TrackConfig>, millis: i64, keyframe: bool, composition: i64, size: usize) -> Sample {
    Sample {
        frame: Frame {
            kind: track.kind(),
            dts: MediaTime::from_millis(millis),
            composition: MediaDuration::from_millis(composition),
            keyframe,
            payload: vec![millis as u8; size].into(),
        },
        track: track.clone(),
        wall: UNIX_EPOCH,
    }
}

fn name() -> PartName {
    PartName::new("r", 0, Format::Mp4, TrackChoice::All)
}

/// A file that was written and never finished.
fn written(dir: &Path, samples: &[Sample]) -> std::path::PathBuf {
    let mut file = Mp4File::open(dir, &name(), &samples[0]).unwrap();
    for sample in samples {
        assert_eq!(file.write(sample).unwrap(), Written::Taken);
    }
    file.flush().unwrap();
    name().file(dir)
}

/// Six seconds: 25 pictures a second, one in 50 decodable by itself, and sound.
fn six_seconds() -> Vec<Sample> {
    let (video, audio) = (picture(), sound());
    let pictures = (0..150).map(|n| sample(&video, n * 40, n % 50 == 0, 0, 40));
    let packets = (0..282).map(|n| sample(&audio, n * 1_024 / 48, true, 0, 10));
    let mut all: Vec<_> = pictures.chain(packets).collect();
    all.sort_by_key(Sample::millis);
    all
}

/// R-C2: wherever the file is cut, every fragment that is whole is found, and fragments are at most a second apart.
#[test]
fn a_cut_at_any_byte_costs_one_fragment() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), &six_seconds());
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let whole = scan(&file, &path).unwrap();
    assert_eq!(whole.valid, whole.length);
    let count = |tables: &super::Tables| tables.0.iter().map(|table| table.samples.len()).sum::<usize>();
    let (mut before, mut ends) = (count(&whole.tables), vec![whole.length]);
    let end_of_pictures = |tables: &super::Tables| tables.0.first().map_or(0, |table| table.end);
    let mut newest = end_of_pictures(&whole.tables);
    for length in (0..whole.length).rev() {
        file.set_len(length).unwrap();
        let found = scan(&file, &path).unwrap();
        assert!(found.valid <= length);
        let now = count(&found.tables);
        assert!(now <= before);
        if now < before {
            let end = end_of_pictures(&found.tables);
            assert!(newest - end <= u64::from(super::VIDEO_SCALE), "{end} to {newest}");
            // The fragment was lost with its very last byte.
            assert_eq!(length + 1, *ends.last().unwrap());
            ends.push(found.valid);
            (before, newest) = (now, end);
        }
    }
    assert_eq!(before, 0);
    assert!(ends.len() > 12, "{ends:?}");
}

/// The whole repair, cut inside every kind of box, and with a torn tail of zeros as file systems leave it.
#[test]
fn what_is_cut_is_finished() {
    let all = six_seconds();
    for (cut, zeros) in [(0.999, 0), (0.9, 0), (0.5, 700), (0.5, 3), (0.31, 70_000)] {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), &all);
        let file = File::options().write(true).open(&path).unwrap();
        let media = file.metadata().unwrap().len() - 4_096;
        let length = 4_096 + (media as f64 * cut) as u64;
        file.set_len(length).unwrap();
        file.write_all_at(&vec![0; zeros], length).unwrap();
        let facts = finish(&path, false, CloseReason::Recovered, DiskGuard { min_free: 0 }).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let moov = bytes.windows(4).position(|w| w == b"moov").unwrap() - 4;
        let moov = Moov::decode(&mut &bytes[moov..]).unwrap();
        assert!(moov.mvex.is_none());
        assert_eq!(moov.trak[0].tkhd.matrix.b, 1 << 16, "turned");
        let expected = 6.0 * cut - 1.0;
        assert!(
            facts.duration.as_secs_f64() >= expected,
            "{:?} of {cut}",
            facts.duration
        );
    }
}

/// Nothing whole in it: an error, and the file stays.
#[test]
fn an_empty_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), &six_seconds());
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(4_096)
        .unwrap();
    assert!(finish(&path, false, CloseReason::Recovered, DiskGuard { min_free: 0 }).is_err());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 4_096);
}

/// Where there is no space for a second copy, the file is cut and stays playable.
#[test]
fn without_space_the_file_stays_fragmented() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), &six_seconds());
    let facts = finish(&path, false, CloseReason::Ended, DiskGuard { min_free: u64::MAX }).unwrap();
    assert!(!facts.finalised);
    let file = File::open(&path).unwrap();
    let found = scan(&file, &path).unwrap();
    assert_eq!(found.valid, found.length);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Sizes of boxes and places of samples are right for any frames: what is read is what was put in.
    #[test]
    fn any_frames_are_read_back(
        frames in prop::collection::vec((any::<bool>(), 1i64..300, any::<bool>(), 0i64..200, 1usize..3_000), 1..120),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (video, audio) = (picture(), sound());
        let (mut now, mut samples, mut started) = (0, Vec::new(), false);
        for (index, (is_video, step, key, composition, size)) in frames.into_iter().enumerate() {
            now += step;
            let key = key || !is_video || !started;
            started |= is_video;
            let track = if is_video { &video } else { &audio };
            let mut one = sample(track, now, key, if is_video { composition } else { 0 }, size);
            one.frame.payload = vec![index as u8; size].into();
            samples.push(one);
        }
        let mut file = Mp4File::open(dir.path(), &name(), &samples[0]).unwrap();
        for sample in &samples {
            prop_assert_eq!(file.write(sample).unwrap(), Written::Taken);
        }
        file.finish().unwrap();
        let path = name().file(dir.path());
        let facts = finish(&path, false, CloseReason::Ended, DiskGuard { min_free: 0 }).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        prop_assert_eq!(facts.size, bytes.len() as u64);
        let mut rest = bytes.as_slice();
        mp4_atom::Ftyp::decode(&mut rest).unwrap();
        let moov = Moov::decode(&mut rest).unwrap();
        let mdat = mp4_atom::Header::decode(&mut rest).unwrap();
        prop_assert_eq!(mdat.size, Some(rest.len()));
        for trak in &moov.trak {
            let kind = if trak.mdia.minf.vmhd.is_some() { TrackKind::Video } else { TrackKind::Audio };
            let expected: Vec<&Bytes> =
                samples.iter().filter(|s| s.frame.kind == kind).map(|s| &s.frame.payload).collect();
            let stbl = &trak.mdia.minf.stbl;
            let mp4_atom::StszSamples::Different { sizes } = &stbl.stsz.samples else { panic!() };
            prop_assert_eq!(sizes.len(), expected.len());
            let offsets = &stbl.stco.as_ref().unwrap().entries;
            let mut next = 0;
            for (chunk, offset) in (1..).zip(offsets) {
                let per = stbl.stsc.entries.iter().rfind(|e| e.first_chunk <= chunk).unwrap().samples_per_chunk;
                let mut at = *offset as usize;
                for _ in 0..per {
                    let size = sizes[next] as usize;
                    prop_assert_eq!(&bytes[at..at + size], &expected[next][..]);
                    at += size;
                    next += 1;
                }
            }
            prop_assert_eq!(next, expected.len());
        }
    }

    /// Bytes of any kind never make the reader panic.
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..4_500) {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), &six_seconds()[..60]);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        file.write_all_at(&bytes, at as u64).unwrap();
        let _ = scan(&file, &path).unwrap();
        let _ = Moof::decode_body(&mut bytes.as_slice());
    }
}
