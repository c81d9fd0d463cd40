//! Why the store failed.

use thiserror::Error;

/// A failure of the store. Holds no stored value.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database file could not be made.
    #[error("database file: {0}")]
    File(#[from] std::io::Error),
    /// A stored value is not what this version writes.
    #[error("stored {what} is not readable")]
    Corrupt {
        /// Which kind of value.
        what: &'static str,
    },
    /// A batch of writes failed; the reason is in the log.
    #[error("the write failed")]
    WriteFailed,
    /// The store is shut down.
    #[error("the store is closed")]
    Closed,
}
