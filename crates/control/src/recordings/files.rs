//! Files of recordings, for those who may have them, and their end.

use lianmai_rooms::AppId;

use super::running::Recordings;
use super::upload::FileAt;
use super::{PartState, Recording, RecordingError};
use crate::service::{ErrorKind, ServiceError};
use crate::store::{Op, UploadOp};

impl Recordings {
    /// Where a file of a part is. Names come from the index, so that nothing else on the disk can be asked for.
    ///
    /// # Errors
    /// `no_such_recording`, `no_such_file`, `part_open` while it is written, `storage_unavailable`.
    pub async fn file(&self, app: &AppId, id: &str, part: u32, name: &str) -> Result<FileAt, RecordingError> {
        let recording = self.get(app, id).await?;
        let parts = self.parts(id).await?;
        let part = parts.iter().find(|known| known.part == part);
        let (part, file) = part
            .and_then(|part| {
                let file = part.facts.files.iter().find(|file| file.name == name)?;
                Some((part, file))
            })
            .ok_or_else(|| ServiceError::new(ErrorKind::NotFound, "no_such_file", "there is no such file"))?;
        if part.state == PartState::Open {
            return Err(ServiceError::new(
                ErrorKind::Conflict,
                "part_open",
                "the part is still being written",
            ));
        }
        self.locate(&recording, part, file).await
    }

    /// Deletes a recording that has ended, with its files.
    ///
    /// # Errors
    /// `no_such_recording`, `recording_running`, `disk_error`, `store_unavailable`.
    pub async fn delete(&self, app: &AppId, id: &str) -> Result<(), RecordingError> {
        let recording = self.get(app, id).await?;
        let runs = self.running.lock().all.contains_key(id);
        // Between the two its end is being written down.
        if runs || !recording.state.is_over() {
            return Err(ServiceError::new(
                ErrorKind::Conflict,
                "recording_running",
                "stop the recording first",
            ));
        }
        self.erase(&recording).await
    }

    /// Has what could not be uploaded so far tried again now, also what was given up.
    ///
    /// # Errors
    /// `no_such_recording`, `no_storage`, `store_unavailable`.
    pub async fn upload(&self, app: &AppId, id: &str) -> Result<Recording, RecordingError> {
        let recording = self.get(app, id).await?;
        if self.uploads.is_none() {
            let text = "recordings are not uploaded anywhere";
            return Err(ServiceError::new(ErrorKind::Conflict, "no_storage", text));
        }
        let hurry = Op::Upload(UploadOp::Hurry {
            recording: recording.id.clone(),
            at: self.core.config.clock.now(),
        });
        self.core.store.write(vec![hurry]).await?;
        self.wake_uploads();
        Ok(recording)
    }

    pub(super) async fn erase(&self, recording: &Recording) -> Result<(), RecordingError> {
        let _held = match &self.uploads {
            Some(uploads) => Some(uploads.hold(&recording.id).await),
            None => None,
        };
        let mut rows = self.remote_rows(recording).await?;
        match tokio::fs::remove_dir_all(self.dir_of(recording)).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::error!(recording = recording.id, %error, "files of a recording were not deleted");
                return Err(ServiceError::new(
                    ErrorKind::Unavailable,
                    "disk_error",
                    "the files could not be deleted",
                ));
            }
        }
        rows.push(Op::DeleteRecording(recording.id.clone()));
        self.core.store.write(rows).await?;
        if let Some(uploads) = &self.uploads {
            uploads.deleted.notify_one();
        }
        metrics::counter!("lianmai_recordings_deleted_total").increment(1);
        Ok(())
    }
}
