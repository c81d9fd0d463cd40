//! A part that is in the bucket leaves the disk.

use std::io::ErrorKind;
use std::sync::Arc;

use lianmai_recorder::upload::{UploadError, UploadErrorKind};

use super::uploads::Uploads;
use crate::recordings::{Location, Part, Recording, Recordings, tell};
use crate::store::{Op, StoreError, UploadOp};

/// Removes the local files of a verified part, unless they are to stay, and tells that it is uploaded.
pub(super) async fn finish(
    recordings: &Recordings,
    uploads: &Uploads,
    recording: &Recording,
    mut part: Part,
) -> Result<(), UploadError> {
    part.location = match uploads.config.keep_local {
        true => Location::Both,
        false => {
            remove(recordings, recording, &part).await?;
            Location::S3
        }
    };
    part.upload = None;
    metrics::counter!("lianmai_uploads_total").increment(1);
    let done = Op::Upload(UploadOp::Done {
        recording: part.recording.clone(),
        part: part.part,
        location: part.location,
    });
    let told = tell::part_with(recordings, "record.uploaded", recording, &part, vec![done]).await;
    told.map_err(|error| UploadError::new(UploadErrorKind::NotKept, error.to_string()))
}

async fn remove(recordings: &Recordings, recording: &Recording, part: &Part) -> Result<(), UploadError> {
    let dir = recordings.dir_of(recording);
    // Backwards: a repair looks for beginnings of parts.
    let mut names: Vec<&str> = part.facts.files.iter().map(|file| file.name.as_str()).collect();
    names.sort_by_key(|name| !name.ends_with("-init.mp4"));
    for name in names {
        match tokio::fs::remove_file(dir.join(name)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let what = format!("{name} was not removed from disk: {error}");
                return Err(UploadError::new(UploadErrorKind::Local, what));
            }
            _ => {}
        }
    }
    recordings.leave_folder(recording).await;
    Ok(())
}

impl Recordings {
    /// Removes the folder of a recording that has ended and has nothing on disk any more.
    pub(in crate::recordings) async fn leave_folder(&self, recording: &Recording) {
        let runs = self.running.lock().all.contains_key(&recording.id);
        if self.uploads.is_some() && !runs {
            // Stays while parts are in it.
            let _ = tokio::fs::remove_dir(self.dir_of(recording)).await;
        }
    }

    /// Once, before anything is repaired: a repair is not to meet parts that are half removed.
    pub(in crate::recordings) async fn finish_uploads(
        &self,
        uploads: &Arc<Uploads>,
    ) -> Result<(), StoreError> {
        for queued in self.core.store.verified_uploads().await? {
            let store = &self.core.store;
            let Some(recording) = store.recording(&queued.app, &queued.recording).await? else {
                continue;
            };
            let parts = store.recording_parts(&queued.recording).await?;
            for part in parts.into_iter().filter(|part| part.part == queued.part) {
                if let Err(error) = finish(self, uploads, &recording, part).await {
                    tracing::error!(recording = recording.id, %error, "an uploaded part was not removed");
                }
            }
        }
        Ok(())
    }
}
