//! From a fragmented file to a fast-start one.

use std::fs::File;
use std::path::Path;

use super::facts::{Finished, started_at, tracks_of};
use super::progressive::Progressive;
use super::scan::{read_moov, scan};
use crate::file::{hash, io_error, replace};
use crate::{CloseReason, DiskGuard, PartFacts, RecordError};

/// Finishes the fragmented file at `path`, whole or cut anywhere. Where there is no space for a second copy, what is
/// incomplete is cut and the file stays fragmented.
///
/// # Errors
/// [`RecordError`]; the file is then as it was.
pub(crate) fn finish(
    path: &Path,
    audio_only: bool,
    reason: CloseReason,
    guard: DiskGuard,
) -> Result<PartFacts, RecordError> {
    let file = File::options()
        .read(true)
        .write(true)
        .open(path)
        .map_err(io_error(path))?;
    let scan = scan(&file, path)?;
    let plan = Progressive::plan(&scan, audio_only)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let fits = guard.leaves(dir, plan.size());
    let replaced = fits.then(|| replace(path, |out| plan.write(&file, out)));
    let (sha256, finalised) = match replaced {
        Some(Ok(sha256)) => (sha256, true),
        other => {
            if let Some(Err(error)) = other {
                tracing::warn!(%error, "a part stays fragmented");
            }
            file.set_len(scan.valid).map_err(io_error(path))?;
            file.sync_all().map_err(io_error(path))?;
            (hash(path)?, false)
        }
    };
    let moov = scan.moov.unwrap_or_default();
    let (tracks, duration) = tracks_of(&moov, &scan.tables);
    Ok(PartFacts {
        files: vec![path.to_owned()],
        started_at: started_at(&moov),
        duration,
        size: std::fs::metadata(path).map_err(io_error(path))?.len(),
        sha256,
        tracks,
        reason,
        finalised,
    })
}

/// What a finished file is; `None` if it is fragmented or no such file.
///
/// # Errors
/// [`RecordError::Io`].
pub(crate) fn finished(path: &Path) -> Result<Option<PartFacts>, RecordError> {
    let file = File::open(path).map_err(io_error(path))?;
    let moov = read_moov(&file, path)?;
    let Some((moov, found)) = moov.and_then(|moov| Finished::read(&moov).map(|found| (moov, found))) else {
        return Ok(None);
    };
    Ok(Some(PartFacts {
        files: vec![path.to_owned()],
        started_at: started_at(&moov),
        duration: found.duration,
        size: file.metadata().map_err(io_error(path))?.len(),
        sha256: hash(path)?,
        tracks: found.tracks,
        reason: CloseReason::Recovered,
        finalised: true,
    }))
}
