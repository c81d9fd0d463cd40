//! Persistence of a room. A snapshot holds the password verifier and session ids: store it, never show it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::state::State;

/// Version of the snapshot format written now.
pub const SNAPSHOT_VERSION: u32 = 2;

/// Oldest version that is read: what came later has a value of its own there.
const OLDEST: u32 = 1;

/// Whether snapshots of this version are read.
pub(crate) const fn is_known(version: u32) -> bool {
    OLDEST <= version && version <= SNAPSHOT_VERSION
}

/// A whole room, to store and restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSnapshot {
    pub(crate) version: u32,
    pub(crate) state: State,
}

/// Why a snapshot was not restored.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// Written by another version of the gateway.
    #[error("snapshot version {found} is none of {OLDEST} to {SNAPSHOT_VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// Not the JSON of a snapshot.
    #[error("snapshot is not readable: {0}")]
    Json(#[from] serde_json::Error),
    /// It contradicts itself; nothing this crate wrote does.
    #[error("snapshot is inconsistent: {what}")]
    Inconsistent {
        /// The rule it breaks.
        what: &'static str,
    },
}

impl RoomSnapshot {
    /// As JSON text.
    ///
    /// # Errors
    /// None in practice; the serialiser's signature has one.
    pub fn to_json(&self) -> Result<String, RestoreError> {
        Ok(serde_json::to_string(self)?)
    }

    /// From JSON text.
    ///
    /// # Errors
    /// [`RestoreError::Version`] before anything else is read, else [`RestoreError::Json`].
    pub fn from_json(text: &str) -> Result<Self, RestoreError> {
        #[derive(Deserialize)]
        struct Probe {
            version: u32,
        }
        let Probe { version } = serde_json::from_str(text)?;
        if !is_known(version) {
            return Err(RestoreError::Version { found: version });
        }
        Ok(serde_json::from_str(text)?)
    }
}
