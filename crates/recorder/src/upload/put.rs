//! Putting a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::{ObjectStoreExt as _, PutPayload};
use serde::{Deserialize, Serialize};

use super::{Pieces, Place, Remote, UploadError, UploadErrorKind};
use crate::file::io_error;

/// A multipart upload that was begun.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Multipart {
    /// What the server calls it.
    pub id: String,
    /// Bytes of each piece but the last.
    pub piece: u64,
    /// Receipts for pieces that are there, by index from 0.
    pub receipts: BTreeMap<u32, String>,
}

/// Keeps how far an upload is, so that it can go on after a crash.
pub trait Progress {
    /// Writes it down; the upload goes on when that is done.
    fn keep(&mut self, multipart: &Multipart) -> impl Future<Output = Result<(), UploadError>> + Send;
}

impl Remote {
    /// Puts a file of `bytes` bytes; what is there under that name already is replaced. `begun` is what
    /// [`Progress::keep`] was told last.
    ///
    /// # Errors
    /// [`UploadError`]. After [`UploadErrorKind::Forgotten`] it is to be begun anew, after others `begun` holds.
    pub async fn put(
        &self,
        file: &Path,
        bytes: u64,
        place: &Place,
        begun: Option<Multipart>,
        progress: &mut impl Progress,
    ) -> Result<(), UploadError> {
        let pieces = Pieces::new(
            bytes,
            begun
                .as_ref()
                .map_or(self.config.piece_bytes, |begun| begun.piece),
        );
        match begun {
            None if pieces.is_whole() => self.put_whole(file, bytes, place).await,
            begun => self.put_pieces(file, pieces, place, begun, progress).await,
        }
    }

    async fn put_whole(&self, file: &Path, bytes: u64, place: &Place) -> Result<(), UploadError> {
        let (store, key) = self.find(place)?;
        let _permit = self.permits.acquire().await;
        let content = read(file.to_owned(), 0, bytes).await?;
        store.put(&key, PutPayload::from(content)).await?;
        metrics::counter!("lianmai_upload_bytes_total").increment(bytes);
        Ok(())
    }

    async fn put_pieces(
        &self,
        file: &Path,
        pieces: Pieces,
        place: &Place,
        begun: Option<Multipart>,
        progress: &mut impl Progress,
    ) -> Result<(), UploadError> {
        let (store, key) = self.find(place)?;
        let mut multipart = match begun {
            Some(begun) => begun,
            None => {
                let multipart = Multipart {
                    id: store.create_multipart(&key).await?,
                    piece: pieces.piece(),
                    receipts: BTreeMap::new(),
                };
                progress.keep(&multipart).await?;
                multipart
            }
        };
        let id = multipart.id.clone();
        let missing = (0..pieces.count()).filter(|index| !multipart.receipts.contains_key(index));
        let missing: Vec<u32> = missing.collect();
        let mut under_way = stream::iter(missing.into_iter().map(|index| {
            let (store, key, id) = (&store, &key, &id);
            async move {
                let _permit = self.permits.acquire().await;
                let range = pieces.range(index);
                let size = range.end - range.start;
                let content = read(file.to_owned(), range.start, size).await?;
                let put = store.put_part(key, id, index as usize, PutPayload::from(content));
                let receipt = put.await?;
                metrics::counter!("lianmai_upload_bytes_total").increment(size);
                Ok::<_, UploadError>((index, receipt.content_id))
            }
        }))
        .buffer_unordered(self.config.parallel.max(1));
        while let Some(put) = under_way.next().await {
            let (index, receipt) = put.map_err(of_upload)?;
            multipart.receipts.insert(index, receipt);
            progress.keep(&multipart).await?;
        }
        drop(under_way);
        let receipts = multipart.receipts.into_values();
        let receipts = receipts.map(|content_id| PartId { content_id }).collect();
        let completed = store.complete_multipart(&key, &id, receipts).await;
        completed.map_err(|error| of_upload(error.into()))?;
        Ok(())
    }
}

/// What is missing while pieces are put is the upload.
fn of_upload(error: UploadError) -> UploadError {
    match error.kind {
        UploadErrorKind::Missing => UploadError::new(UploadErrorKind::Forgotten, error.to_string()),
        _ => error,
    }
}

async fn read(path: PathBuf, from: u64, size: u64) -> Result<Bytes, UploadError> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        let file = File::open(&path).map_err(io_error(&path))?;
        file.read_exact_at(&mut bytes, from).map_err(io_error(&path))?;
        Ok::<_, crate::RecordError>(Bytes::from(bytes))
    });
    let local = |what: String| UploadError::new(UploadErrorKind::Local, what);
    let bytes = read.await.map_err(|error| local(error.to_string()))?;
    bytes.map_err(|error| local(error.to_string()))
}
