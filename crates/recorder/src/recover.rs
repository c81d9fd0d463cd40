//! Repairs what a crash left.

use std::path::Path;

use crate::file::{TEMPORARY, io_error};
use crate::names::PartName;
use crate::{CloseReason, DiskGuard, Format, PartFacts, RecordError, finalise, flv, hls, mp4};

/// So many parts that had been finished are told, too: a crash may have come before anybody was told.
const FINISHED_TOLD: usize = 3;

/// A part found and repaired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecoveredPart {
    /// The recording's id, from the file name.
    pub id: String,
    /// The part's number.
    pub part: u32,
    /// What it is now. The start on the wall clock is rounded down to a second for MP4 and HLS.
    pub facts: PartFacts,
}

/// Repairs all unfinished parts in `dir`, the folder of one recording: what is incomplete at the end is cut, and the
/// part is finalised. Gives them and the last three of the finished parts, in order. Finished parts are not touched.
/// Blocking; to be called before the recording goes on.
///
/// # Errors
/// [`RecordError`] when the folder cannot be read. A part that cannot be repaired is left as it is, and logged.
pub fn recover(dir: &Path) -> Result<Vec<RecoveredPart>, RecordError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io_error(dir))? {
        let entry = entry.map_err(io_error(dir))?;
        let file = entry.file_name();
        let Some(text) = file.to_str() else { continue };
        if text.strip_suffix(TEMPORARY).and_then(of_a_part).is_some() {
            let path = entry.path();
            std::fs::remove_file(&path).map_err(io_error(&path))?;
        }
        names.extend(PartName::parse(text));
    }
    names.sort_by(|a, b| (&a.id, a.part).cmp(&(&b.id, b.part)));
    let told_from = names.len().saturating_sub(FINISHED_TOLD);
    let mut found = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        match repair(dir, &name, index >= told_from) {
            Ok(Some(facts)) => found.push(RecoveredPart {
                id: name.id,
                part: name.part,
                facts,
            }),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(id = name.id, part = name.part, %error, "a part cannot be repaired")
            }
        }
    }
    Ok(found)
}

/// Whether a name is one of a part's files.
fn of_a_part(name: &str) -> Option<()> {
    let is_list = name.ends_with(".m3u8");
    (is_list || PartName::parse(name).is_some()).then_some(())
}

fn repair(dir: &Path, name: &PartName, tell_finished: bool) -> Result<Option<PartFacts>, RecordError> {
    let path = name.file(dir);
    let finished = match name.format {
        Format::Mp4 => mp4::finished(&path)?,
        Format::Flv => flv::finished(&path)?,
        Format::Hls if hls::is_finished(dir, name) => {
            let list = tell_finished.then(|| hls::finish(dir, name, CloseReason::Recovered));
            return list.transpose();
        }
        Format::Hls => None,
    };
    match finished {
        Some(facts) => Ok(tell_finished.then_some(facts)),
        None => finalise::finish(dir, name, CloseReason::Recovered, DiskGuard::default()).map(Some),
    }
}
