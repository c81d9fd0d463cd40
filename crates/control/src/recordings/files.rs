//! Files of recordings, for those who may have them, and their end.

use std::path::PathBuf;

use lianmai_rooms::AppId;

use super::running::Recordings;
use super::{PartState, Recording, RecordingError};
use crate::service::{ErrorKind, ServiceError};
use crate::store::Op;

impl Recordings {
    /// Where a file of a part is. Names come from the index, so that nothing else on the disk can be asked for.
    ///
    /// # Errors
    /// `no_such_recording`, `no_such_file`, `part_open` while it is written.
    pub async fn file(
        &self,
        app: &AppId,
        id: &str,
        part: u32,
        name: &str,
    ) -> Result<PathBuf, RecordingError> {
        let recording = self.get(app, id).await?;
        let parts = self.parts(id).await?;
        let part = parts.iter().find(|known| known.part == part);
        let part = part
            .filter(|part| part.facts.files.iter().any(|file| file.name == name))
            .ok_or_else(|| ServiceError::new(ErrorKind::NotFound, "no_such_file", "there is no such file"))?;
        if part.state == PartState::Open {
            return Err(ServiceError::new(
                ErrorKind::Conflict,
                "part_open",
                "the part is still being written",
            ));
        }
        Ok(self.dir_of(&recording).join(name))
    }

    /// Deletes a recording that has ended, with its files.
    ///
    /// # Errors
    /// `no_such_recording`, `recording_running`, `disk_error`, `store_unavailable`.
    pub async fn delete(&self, app: &AppId, id: &str) -> Result<(), RecordingError> {
        let recording = self.get(app, id).await?;
        if self.running.lock().all.contains_key(id) {
            return Err(ServiceError::new(
                ErrorKind::Conflict,
                "recording_running",
                "stop the recording first",
            ));
        }
        self.erase(&recording).await
    }

    pub(super) async fn erase(&self, recording: &Recording) -> Result<(), RecordingError> {
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
        let row = Op::DeleteRecording(recording.id.clone());
        self.core.store.write(vec![row]).await?;
        metrics::counter!("lianmai_recordings_deleted_total").increment(1);
        Ok(())
    }
}
