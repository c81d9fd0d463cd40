//! A finished playlist, made anew of the segments there are.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::playlist::{END, playlist};
use crate::file::{io_error, replace};
use crate::mp4::{Scan, Table, scan, started_at, tracks_of};
use crate::names::PartName;
use crate::{CloseReason, PartFacts, RecordError};

/// Finishes a part: cuts what is incomplete of its last segment, lists all of them, and says that no more will come.
///
/// # Errors
/// [`RecordError`].
pub(crate) fn finish(dir: &Path, name: &PartName, reason: CloseReason) -> Result<PartFacts, RecordError> {
    let init_path = dir.join(name.init());
    let init = File::open(&init_path).map_err(io_error(&init_path))?;
    let moov = scan(&init, &init_path)?.moov;
    let moov = moov.ok_or_else(|| RecordError::Track("no movie box".into()))?;
    let scale_of = |id: u32| {
        let trak = moov.trak.iter().find(|trak| trak.tkhd.track_id == id);
        trak.map_or(1, |trak| trak.mdia.mdhd.timescale.max(1))
    };
    let (mut segments, mut all) = (Vec::new(), crate::mp4::Tables::default());
    for number in 1..=u32::MAX {
        let path = dir.join(name.segment(number));
        let file = match File::options().read(true).write(true).open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            file => file.map_err(io_error(&path))?,
        };
        let found = cut(&file, &path)?;
        if found.tables.0.is_empty() {
            std::fs::remove_file(&path).map_err(io_error(&path))?;
            break;
        }
        let begins = of_tables(&found.tables.0, scale_of, |table| table.start).min();
        let ends = of_tables(&found.tables.0, scale_of, |table| table.end).max();
        segments.push((path, begins.unwrap_or(0), ends.unwrap_or(0), found.valid));
        all.join(found.tables);
    }
    let Some(&(_, _, end, _)) = segments.last() else {
        return Err(RecordError::Track("no whole fragment".into()));
    };
    let starts = segments
        .iter()
        .skip(1)
        .map(|(_, begins, ..)| *begins)
        .chain([end]);
    let millis: Vec<u64> = segments
        .iter()
        .zip(starts)
        .map(|((_, begins, ..), next)| next.saturating_sub(*begins))
        .collect();
    let text = playlist(name, &millis, started_at(&moov), true);
    let list = name.file(dir);
    let sha256 = replace(&list, |out| out.write_all(text.as_bytes()))?;
    let init_size = init.metadata().map_err(io_error(&init_path))?.len();
    let media: u64 = segments.iter().map(|(.., size)| size).sum();
    let (tracks, duration) = tracks_of(&moov, &all);
    let files: Vec<PathBuf> = [list, init_path]
        .into_iter()
        .chain(segments.into_iter().map(|(path, ..)| path))
        .collect();
    Ok(PartFacts {
        files,
        started_at: started_at(&moov),
        duration,
        size: text.len() as u64 + init_size + media,
        sha256,
        tracks,
        reason,
        finalised: true,
    })
}

/// Times of the pictures in milliseconds, or of sound where there are none.
fn of_tables<'a>(
    tables: &'a [Table],
    scale_of: impl Fn(u32) -> u32 + Copy + 'a,
    time: impl Fn(&Table) -> u64 + 'a,
) -> impl Iterator<Item = u64> + 'a {
    let is_video = move |table: &Table| scale_of(table.id) == crate::mp4::VIDEO_SCALE;
    let has_video = tables.iter().any(is_video);
    tables
        .iter()
        .filter(move |table| !has_video || is_video(table))
        .map(move |table| time(table).saturating_mul(1_000) / u64::from(scale_of(table.id)))
}

fn cut(file: &File, path: &Path) -> Result<Scan, RecordError> {
    let found = scan(file, path)?;
    if found.valid < found.length {
        file.set_len(found.valid).map_err(io_error(path))?;
        file.sync_all().map_err(io_error(path))?;
    }
    Ok(found)
}

/// Whether a part's playlist says that no more will come.
pub(crate) fn is_finished(dir: &Path, name: &PartName) -> bool {
    std::fs::read_to_string(name.file(dir)).is_ok_and(|text| text.trim_end().ends_with(END))
}
