//! Why a recording cannot be written or read.

use std::path::PathBuf;

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A box or tag cannot be read.
    #[error("{}: {what} at byte {position}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where it begins.
        position: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A track cannot be put into the container.
    #[error("{0}")]
    Track(String),
}
