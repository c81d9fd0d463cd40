//! Files for those who ask: on disk, through us, or at the storage.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt as _;
use lianmai_recorder::upload::{ByteStream, Place, Remote, UploadErrorKind};
use tokio::sync::Semaphore;
use url::Url;

use super::{Download, Uploads};
use crate::recordings::{Location, Part, PartFile, Recording, RecordingError, Recordings};
use crate::service::{ErrorKind, ServiceError};

/// Where a file is to be had.
#[derive(Debug)]
pub enum FileAt {
    /// On disk.
    Disk(PathBuf),
    /// In the bucket, read through the gateway.
    Remote(RemoteFile),
    /// At this URL, for a time.
    Elsewhere(Url),
}

/// A file in the bucket.
#[derive(Debug)]
pub struct RemoteFile {
    remote: Remote,
    place: Place,
    readers: Arc<Semaphore>,
    /// Name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal, where it is known.
    pub sha256: Option<String>,
}

impl RemoteFile {
    /// Some of its bytes.
    ///
    /// # Errors
    /// `file_gone`, `storage_unavailable`, `too_many_downloads`.
    pub async fn read(&self, range: Range<u64>) -> Result<ByteStream, RecordingError> {
        let permit = self.readers.clone().try_acquire_owned().map_err(|_| {
            let text = "too many files are being read from the storage";
            ServiceError::new(ErrorKind::Unavailable, "too_many_downloads", text)
        })?;
        let bytes = self.remote.read(&self.place, range).await.map_err(|error| {
            tracing::warn!(place = %self.place, %error, "an uploaded file could not be read");
            match error.kind {
                UploadErrorKind::Missing => ServiceError::new(
                    ErrorKind::Gone,
                    "file_gone",
                    "the file is no longer in the storage",
                ),
                _ => unavailable("the storage does not answer as it should"),
            }
        })?;
        // Held as long as somebody reads.
        Ok(bytes.map(move |bytes| (&permit, bytes).1).boxed())
    }
}

fn unavailable(text: &str) -> RecordingError {
    ServiceError::new(ErrorKind::Unavailable, "storage_unavailable", text)
}

impl Recordings {
    /// Where a file of a complete part is now.
    pub(in crate::recordings) async fn locate(
        &self,
        recording: &Recording,
        part: &Part,
        file: &PartFile,
    ) -> Result<FileAt, RecordingError> {
        let path = self.dir_of(recording).join(&file.name);
        let is_here = match part.location {
            Location::Local => true,
            Location::Both => tokio::fs::try_exists(&path).await.unwrap_or(false),
            Location::S3 => false,
        };
        let (false, Some(remote)) = (is_here, &part.remote) else {
            return Ok(FileAt::Disk(path));
        };
        let Some(uploads) = self.uploads() else {
            return Err(unavailable("the gateway has no storage configured any more"));
        };
        self.at_storage(uploads, remote.join(&file.name), file).await
    }

    async fn at_storage(
        &self,
        uploads: &Arc<Uploads>,
        place: Place,
        file: &PartFile,
    ) -> Result<FileAt, RecordingError> {
        // What a playlist names is not signed with it.
        let is_playlist = file.name.ends_with(".m3u8");
        if uploads.config.download == Download::Redirect && !is_playlist {
            let url = uploads.remote.signed_url(&place, uploads.config.url_ttl).await;
            let url = url.map_err(|error| unavailable(&error.to_string()))?;
            return Ok(FileAt::Elsewhere(url));
        }
        Ok(FileAt::Remote(RemoteFile {
            remote: uploads.remote.clone(),
            place,
            readers: uploads.readers.clone(),
            name: file.name.clone(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        }))
    }
}
