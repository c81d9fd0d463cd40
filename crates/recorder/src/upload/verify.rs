//! Whether what lies there is what was put.

use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use sha2::{Digest as _, Sha256};

use super::{Digest, Place, Remote, UploadError, UploadErrorKind};

impl Remote {
    /// Compares an object with the file it was made of: its size, and its entity tag where that is the MD5 which S3 makes
    /// of what it has. Where the tag says something else (encryption by another key, other servers), or if `reads`, the
    /// object is read back and its SHA-256 compared.
    ///
    /// # Errors
    /// [`UploadErrorKind::Different`] or [`UploadErrorKind::Missing`]; others when it cannot be told.
    pub async fn verify(&self, place: &Place, digest: &Digest, reads: bool) -> Result<(), UploadError> {
        let (store, key) = self.find(place)?;
        let found = store.head(&key).await?;
        if found.size != digest.bytes {
            let what = format!("the object has {} bytes instead of {}", found.size, digest.bytes);
            return Err(UploadError::new(UploadErrorKind::Different, what));
        }
        let tag = found.e_tag.unwrap_or_default();
        if !reads && tag.trim_matches('"').eq_ignore_ascii_case(&digest.etag) {
            return Ok(());
        }
        let mut content = self.read(place, 0..digest.bytes).await?;
        let mut sha256 = Sha256::new();
        while let Some(bytes) = content.try_next().await? {
            sha256.update(&bytes);
        }
        if <[u8; 32]>::from(sha256.finalize()) == digest.sha256 {
            return Ok(());
        }
        let what = "the object's content is not the file's";
        Err(UploadError::new(UploadErrorKind::Different, what))
    }
}
