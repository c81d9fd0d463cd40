//! One attempt to bring a part into the bucket, and what is made of its end.

use std::path::PathBuf;
use std::sync::Arc;

use lianmai_recorder::upload::{Place, UploadError, UploadErrorKind, digest};
use lianmai_rooms::Timestamp;

use super::progress::{Keeper, Kept};
use super::uploads::{Busy, Uploads};
use super::{backoff, leave};
use crate::recordings::{Location, Part, PartFile, Recording, Recordings, tell, writer};
use crate::store::{FailedUpload, Op, QueuedUpload, StoreError, UploadOp};

/// Makes an attempt and writes down how it went.
pub(super) async fn run(
    recordings: Arc<Recordings>,
    uploads: Arc<Uploads>,
    queued: QueuedUpload,
    busy: Busy,
) {
    let found = match find(&recordings, &queued).await {
        Ok(Some(found)) => found,
        // Deleted meanwhile.
        Ok(None) => return,
        Err(error) => {
            tracing::error!(recording = queued.recording, %error, "an upload could not be looked up");
            tokio::time::sleep(uploads.config.first_retry).await;
            return;
        }
    };
    let (recording, part) = found;
    let mut keeper = Keeper {
        core: recordings.core.clone(),
        recording: queued.recording.clone(),
        part: queued.part,
        kept: Kept::parse(&queued.progress),
        has_advanced: false,
        object: None,
    };
    let bring = bring(&recordings, &uploads, &recording, part, &mut keeper);
    let brought = tokio::select! {
        brought = bring => brought,
        () = busy.stop.cancelled() => return,
    };
    let brought = match brought {
        Ok(part) => leave::finish(&recordings, &uploads, &recording, part).await,
        Err(error) => Err(error),
    };
    if let Err(error) = brought {
        failed(&recordings, &uploads, &recording, queued, keeper, error).await;
    }
}

async fn find(
    recordings: &Recordings,
    queued: &QueuedUpload,
) -> Result<Option<(Recording, Part)>, StoreError> {
    let store = &recordings.core.store;
    let Some(recording) = store.recording(&queued.app, &queued.recording).await? else {
        return Ok(None);
    };
    let parts = store.recording_parts(&queued.recording).await?;
    let part = parts.into_iter().find(|part| part.part == queued.part);
    Ok(part.map(|part| (recording, part)))
}

/// Brings all files there. Gives the part as it is then in the index.
async fn bring(
    recordings: &Recordings,
    uploads: &Uploads,
    recording: &Recording,
    mut part: Part,
    keeper: &mut Keeper,
) -> Result<Part, UploadError> {
    if keeper.kept.is_verified {
        return Ok(part);
    }
    let place = uploads.place_of(recording);
    let dir = recordings.dir_of(recording);
    // The file to play last: it is not to be there before what it names.
    let files: Vec<PartFile> = part.facts.files.iter().rev().cloned().collect();
    for (index, file) in files.iter().enumerate().skip(keeper.kept.done) {
        let (path, object) = (dir.join(&file.name), place.join(&file.name));
        keeper.object = Some(object.clone());
        one_file(uploads, keeper, file, path, &object).await?;
        keeper.kept.done = index + 1;
        keeper.kept.multipart = None;
        keeper.has_advanced = true;
        if files.len() > 1 {
            keeper.save().await?;
        }
    }
    keeper.kept.is_verified = true;
    part.location = Location::Both;
    part.remote = Some(place);
    let op = Op::Upload(UploadOp::Verified {
        progress: keeper.kept.to_json(),
        part: Box::new(part.clone()),
    });
    keeper.write(op).await?;
    Ok(part)
}

async fn one_file(
    uploads: &Uploads,
    keeper: &mut Keeper,
    file: &PartFile,
    path: PathBuf,
    place: &Place,
) -> Result<(), UploadError> {
    let remote = &uploads.remote;
    let begun = keeper.kept.multipart.clone();
    let piece = begun.as_ref().map_or(remote.piece_bytes(), |begun| begun.piece);
    let local = |what: String| UploadError::new(UploadErrorKind::Local, what);
    let read = path.clone();
    let found = tokio::task::spawn_blocking(move || digest(&read, piece)).await;
    let found = found.map_err(|error| local(error.to_string()))?;
    let found = found.map_err(|error| local(error.to_string()))?;
    let hash = writer::hex(&found.sha256);
    if file.sha256.as_ref().is_some_and(|known| *known != hash) {
        let what = format!("{} on disk is not what was recorded", file.name);
        return Err(local(what));
    }
    let put = remote.put(&path, found.bytes, place, begun, keeper).await;
    if let Err(error) = &put
        && error.kind == UploadErrorKind::Forgotten
    {
        keeper.kept.multipart = None;
        keeper.save().await?;
    }
    put?;
    let verified = remote.verify(place, &found, uploads.config.read_back).await;
    if let Err(error) = &verified
        && matches!(error.kind, UploadErrorKind::Different | UploadErrorKind::Missing)
    {
        // Its pieces are used up.
        keeper.kept.multipart = None;
        keeper.save().await?;
    }
    verified
}

/// Kinds that wait for somebody to do something, and are therefore told at once.
const fn is_told(kind: UploadErrorKind) -> bool {
    use UploadErrorKind as Kind;
    matches!(
        kind,
        Kind::Refused | Kind::Missing | Kind::Different | Kind::Local
    )
}

/// After so many failures in a row with a multipart upload, it may be its fault.
const BEGIN_ANEW: u32 = 3;

/// Forgets a multipart upload, here and there.
fn begin_anew(
    uploads: &Uploads,
    recording: &Recording,
    queued: &QueuedUpload,
    mut keeper: Keeper,
    at: Timestamp,
) -> Vec<Op> {
    let (Some(multipart), Some(object)) = (keeper.kept.multipart.take(), keeper.object) else {
        return Vec::new();
    };
    tracing::warn!(
        recording = recording.id,
        part = queued.part,
        "an upload is begun anew"
    );
    uploads.deleted.notify_one();
    let keep = UploadOp::Keep {
        recording: queued.recording.clone(),
        part: queued.part,
        progress: keeper.kept.to_json(),
    };
    let forget = UploadOp::Remove {
        object: object.to_string(),
        upload: Some(multipart.id),
        at,
    };
    vec![Op::Upload(keep), Op::Upload(forget)]
}

async fn failed(
    recordings: &Recordings,
    uploads: &Uploads,
    recording: &Recording,
    queued: QueuedUpload,
    keeper: Keeper,
    error: UploadError,
) {
    let reason = error.kind.as_str();
    let before = if keeper.has_advanced { 0 } else { queued.attempts };
    let attempts = before.saturating_add(1);
    let now = recordings.core.config.clock.now();
    let is_given_up = backoff::is_too_old(&uploads.config, now, queued.queued_at);
    let mut ops = Vec::new();
    if error.kind == UploadErrorKind::ServerError && attempts.is_multiple_of(BEGIN_ANEW) {
        ops.extend(begin_anew(uploads, recording, &queued, keeper, now));
    }
    metrics::counter!("lianmai_upload_failures_total", "reason" => reason).increment(1);
    tracing::warn!(
        recording = queued.recording, part = queued.part, attempts, is_given_up, reason, %error,
        "a part was not uploaded"
    );
    ops.push(Op::Upload(UploadOp::Failed(Box::new(FailedUpload {
        recording: queued.recording.clone(),
        part: queued.part,
        attempts,
        next_at: backoff::next(&uploads.config, now, attempts),
        reason,
        error: error.to_string(),
        is_given_up,
    }))));
    if let Err(error) = recordings.core.store.write(ops).await {
        tracing::error!(recording = queued.recording, %error, "the failure of an upload was not stored");
        tokio::time::sleep(uploads.config.first_retry).await;
        return;
    }
    let is_news = queued.reason.as_deref() != Some(reason);
    let is_told = is_given_up || (is_news && is_told(error.kind));
    if is_told && let Ok(Some((_, part))) = find(recordings, &queued).await {
        tell::part(recordings, "record.failed", recording, &part).await;
    }
}
