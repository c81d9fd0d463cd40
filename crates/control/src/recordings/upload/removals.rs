//! What deleted recordings have in the bucket is removed.

use std::sync::Arc;

use lianmai_recorder::upload::{Place, UploadError, UploadErrorKind};
use lianmai_rooms::Timestamp;

use super::backoff;
use super::progress::Kept;
use super::uploads::Uploads;
use crate::recordings::{Recording, RecordingError, Recordings};
use crate::store::{Op, QueuedRemoval, UploadOp};

/// Removals that are looked at together.
const BATCH: usize = 32;

/// Removes what is due, one after the other. When the next is due.
pub(super) async fn round(recordings: &Recordings, uploads: &Uploads) -> Option<Timestamp> {
    let (store, clock) = (&recordings.core.store, &recordings.core.config.clock);
    loop {
        let queued = match store.queued_removals(BATCH).await {
            Ok(queued) => queued,
            Err(error) => {
                tracing::error!(%error, "what is to be removed could not be looked up");
                return Some(backoff::next(&uploads.config, clock.now(), 1));
            }
        };
        let first = queued.first()?.next_at;
        if first > clock.now() {
            return Some(first);
        }
        let mut ops = Vec::new();
        for removal in queued
            .into_iter()
            .filter(|removal| removal.next_at <= clock.now())
        {
            ops.push(Op::Upload(remove(uploads, &removal, clock.now()).await));
        }
        if let Err(error) = store.write(ops).await {
            tracing::error!(%error, "removals were not written down");
            return Some(backoff::next(&uploads.config, clock.now(), 1));
        }
    }
}

async fn remove(uploads: &Uploads, removal: &QueuedRemoval, now: Timestamp) -> UploadOp {
    let removed = match removal.object.parse::<Place>() {
        Ok(place) => match &removal.upload {
            Some(upload) => uploads.remote.abort(&place, upload).await,
            None => uploads.remote.delete(&place).await,
        },
        Err(error) => Err(UploadError::new(UploadErrorKind::Local, error.to_string())),
    };
    let Err(error) = removed else {
        metrics::counter!("lianmai_remote_removals_total").increment(1);
        return UploadOp::Removed(removal.id);
    };
    let object = &removal.object;
    metrics::counter!("lianmai_upload_failures_total", "reason" => "removal").increment(1);
    if error.kind == UploadErrorKind::Local || backoff::is_too_old(&uploads.config, now, removal.queued_at) {
        tracing::error!(object, %error, "an object was not removed, and will not be");
        return UploadOp::Removed(removal.id);
    }
    tracing::warn!(object, %error, "an object was not removed");
    UploadOp::RemoveLater {
        id: removal.id,
        next_at: backoff::next(&uploads.config, now, removal.attempts.saturating_add(1)),
    }
}

impl Recordings {
    /// What is to be removed from the bucket with a recording of which nothing is being uploaded.
    pub(in crate::recordings) async fn remote_rows(
        &self,
        recording: &Recording,
    ) -> Result<Vec<Op>, RecordingError> {
        let at = self.core.config.clock.now();
        let wait = self
            .uploads
            .as_ref()
            .map(|uploads| uploads.config.remote.timeout.saturating_mul(2));
        let wait = u64::try_from(wait.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        let later = Timestamp::from_millis(at.as_millis().saturating_add(wait));
        let begun = self.core.store.uploads_of(&recording.id).await?;
        let mut ops = Vec::new();
        let mut push = |object: Place, upload: Option<String>, at: Timestamp| {
            let object = object.to_string();
            ops.push(Op::Upload(UploadOp::Remove { object, upload, at }));
        };
        for part in self.core.store.recording_parts(&recording.id).await? {
            let begun = begun.iter().find(|(number, _)| *number == part.part);
            let kept = begun.map(|(_, progress)| Kept::parse(progress));
            let place = match (&part.remote, &kept, &self.uploads) {
                (Some(remote), _, _) => remote.clone(),
                (None, Some(_), Some(uploads)) => uploads.place_of(recording),
                _ => continue,
            };
            for file in &part.facts.files {
                push(place.join(&file.name), None, at);
                if kept.is_some() {
                    // A request that was cut off may arrive after the first removal.
                    push(place.join(&file.name), None, later);
                }
            }
            if let Some(kept) = kept
                && let Some(multipart) = kept.multipart
                && let Some(file) = part.facts.files.iter().rev().nth(kept.done)
            {
                push(place.join(&file.name), Some(multipart.id), at);
            }
        }
        Ok(ops)
    }

    pub(in crate::recordings) fn uploads(&self) -> Option<&Arc<Uploads>> {
        self.uploads.as_ref()
    }
}
