//! How far the upload of a part is, as it is kept.

use std::sync::Arc;

use lianmai_recorder::upload::{Multipart, Place, Progress, UploadError, UploadErrorKind};
use serde::{Deserialize, Serialize};

use crate::service::Core;
use crate::store::{Op, UploadOp};

/// What is there of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// So many of its files, in the order in which they are put.
    pub(super) done: usize,
    /// Of the next file.
    pub(super) multipart: Option<Multipart>,
    /// All of them, verified and in the index: only what is on disk may be left.
    pub(super) is_verified: bool,
}

impl Kept {
    /// What was kept; what cannot be read is nothing, and the upload begins anew.
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Keeps it in the database.
pub(super) struct Keeper {
    pub(super) core: Arc<Core>,
    pub(super) recording: String,
    pub(super) part: u32,
    pub(super) kept: Kept,
    /// Something came there, so the next failure is the first in a row.
    pub(super) has_advanced: bool,
    /// What is being put.
    pub(super) object: Option<Place>,
}

impl Keeper {
    pub(super) async fn save(&self) -> Result<(), UploadError> {
        let op = Op::Upload(UploadOp::Keep {
            recording: self.recording.clone(),
            part: self.part,
            progress: self.kept.to_json(),
        });
        self.write(op).await
    }

    pub(super) async fn write(&self, op: Op) -> Result<(), UploadError> {
        let written = self.core.store.write(vec![op]).await;
        written.map_err(|error| UploadError::new(UploadErrorKind::NotKept, error.to_string()))
    }
}

impl Progress for Keeper {
    async fn keep(&mut self, multipart: &Multipart) -> Result<(), UploadError> {
        self.has_advanced |= !multipart.receipts.is_empty();
        self.kept.multipart = Some(multipart.clone());
        self.save().await
    }
}
