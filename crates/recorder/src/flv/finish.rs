//! A finished FLV file: its header tells the tracks, its metadata how long it is and where the key frames are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use lianmai_media::amf0::Value;
use lianmai_media::flv::{self, FILE_HEADER_LENGTH, FileHeader, TagKind};
use lianmai_media::{Metadata, Tracks};

use super::scan::Scan;
use crate::file::{hash, io_error, replace};
use crate::{CloseReason, PartFacts, RecordError};

/// Longest index; key frames of longer files are left out evenly.
const MAX_INDEX: usize = 1_000;

/// Finishes the file at `path`, whatever state it is in. With `rewrite` off its tail is cut and it stays without index.
///
/// # Errors
/// [`RecordError`]; the file is then as it was.
pub(crate) fn finish(path: &Path, reason: CloseReason, rewrite: bool) -> Result<PartFacts, RecordError> {
    let file = File::options()
        .read(true)
        .write(true)
        .open(path)
        .map_err(io_error(path))?;
    let scan = Scan::read(&file, path)?;
    if scan.pictures + scan.packets == 0 {
        return Err(RecordError::Track("no whole frame".into()));
    }
    let sha256 = if rewrite {
        let header = header(&scan)?;
        let (from, to) = scan.media;
        replace(path, |out| {
            out.write_all(&header)?;
            let mut media = &file;
            media.seek(SeekFrom::Start(from))?;
            std::io::copy(&mut media.take(to - from), out).map(drop)
        })?
    } else {
        file.set_len(scan.media.1).map_err(io_error(path))?;
        file.sync_all().map_err(io_error(path))?;
        hash(path)?
    };
    facts(path, &scan, sha256, reason, rewrite)
}

/// What a finished file is; `None` if it is not finished.
///
/// # Errors
/// [`RecordError::Io`].
pub(crate) fn finished(path: &Path) -> Result<Option<PartFacts>, RecordError> {
    let file = File::open(path).map_err(io_error(path))?;
    let scan = Scan::read(&file, path)?;
    let has_duration = scan
        .metadata
        .as_ref()
        .is_some_and(|m| m.get("duration").is_some());
    if !has_duration || scan.media.1 != scan.length {
        return Ok(None);
    }
    facts(path, &scan, hash(path)?, CloseReason::Recovered, true).map(Some)
}

fn facts(
    path: &Path,
    scan: &Scan,
    sha256: [u8; 32],
    reason: CloseReason,
    finalised: bool,
) -> Result<PartFacts, RecordError> {
    Ok(PartFacts {
        files: vec![path.to_owned()],
        started_at: scan.started_at(),
        duration: scan.duration(),
        size: std::fs::metadata(path).map_err(io_error(path))?.len(),
        sha256,
        tracks: scan.tracks(),
        reason,
        finalised,
    })
}

/// File header and metadata. Numbers always take nine bytes, so the length is known before the places are.
fn header(scan: &Scan) -> Result<Vec<u8>, RecordError> {
    let length = build(scan, 0)?.len() as u64;
    build(scan, length)
}

fn build(scan: &Scan, media_at: u64) -> Result<Vec<u8>, RecordError> {
    let seconds = scan.duration().as_secs_f64();
    let mut metadata = Metadata::default();
    if let Some(at) = scan
        .metadata
        .as_ref()
        .and_then(|m| m.get(super::write::STARTED_AT))
    {
        metadata.set(super::write::STARTED_AT, at.clone());
    }
    let media = scan.media.1 - scan.media.0;
    metadata.set("duration", seconds.into());
    metadata.set("filesize", ((media_at + media) as f64).into());
    let per_second = |count: f64| Some(count / seconds).filter(|rate| rate.is_finite());
    let mut metadata = metadata.describe(&Tracks {
        video: scan.video.as_ref().filter(|_| scan.pictures > 0),
        audio: scan.audio.as_ref().filter(|_| scan.packets > 0),
        frame_rate: per_second(scan.pictures as f64).map(|rate| (rate * 1_000.0).round() / 1_000.0),
        video_kbps: per_second(media as f64 * 8.0 / 1_000.0).map(f64::round),
        audio_kbps: None,
    });
    metadata.set("hasKeyframes", (!scan.keyframes.is_empty()).into());
    let step = scan.keyframes.len().div_ceil(MAX_INDEX).max(1);
    let index = || scan.keyframes.iter().step_by(step);
    let times = index()
        .map(|(millis, _)| (f64::from(*millis) / 1_000.0).into())
        .collect();
    let places = index().map(|(_, at)| ((media_at + at) as f64).into()).collect();
    metadata.set(
        "keyframes",
        Value::Object(vec![
            ("times".into(), Value::StrictArray(times)),
            ("filepositions".into(), Value::StrictArray(places)),
        ]),
    );
    let file = FileHeader {
        audio: scan.packets > 0,
        video: scan.pictures > 0,
    };
    let mut out = Vec::with_capacity(FILE_HEADER_LENGTH + 256);
    out.extend(file.to_bytes());
    let tag = flv::tag(TagKind::Script, 0, &[], &flv::metadata_body(&metadata));
    out.extend_from_slice(&tag.map_err(|error| RecordError::Track(error.to_string()))?);
    Ok(out)
}
