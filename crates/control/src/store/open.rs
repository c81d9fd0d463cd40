//! Opening and closing the database.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::writer::{self, Ticket, Write};
use super::{Op, StoreError, migrations};

/// Writes that wait for the writer at most; more wait outside.
const QUEUE: usize = 1024;
const READERS: u32 = 4;

/// What an answered change survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process in any way.
    Process,
    /// Also the loss of power: each commit waits for the disk.
    Power,
}

/// Where and how to store.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The database file; `None`: in memory, gone with the process.
    pub path: Option<PathBuf>,
    /// What an answered change survives.
    pub durability: Durability,
}

impl StoreConfig {
    /// A file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(path.into()),
            durability: Durability::Power,
        }
    }

    /// In memory. For tests.
    #[must_use]
    pub const fn memory() -> Self {
        Self {
            path: None,
            durability: Durability::Process,
        }
    }
}

/// The store. Cheap to clone; all clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) read: SqlitePool,
    write: SqlitePool,
    queue: mpsc::Sender<Write>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Store {
    /// Opens the database, makes it if it is not there (readable by its owner only), and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be made or opened, or its schema is newer than this version knows.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let options = options(config)?;
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await?;
        migrations::migrator().run(&write).await?;
        let read = if config.path.is_some() {
            SqlitePoolOptions::new()
                .max_connections(READERS)
                .connect_with(options.read_only(true))
                .await?
        } else {
            // A second connection would see another database.
            write.clone()
        };
        let (queue, incoming) = mpsc::channel(QUEUE);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(writer::run(write.clone(), incoming, stop.clone()));
        Ok(Self {
            read,
            write,
            queue,
            tasks,
            stop,
        })
    }

    /// Waits for a place in the queue of writes. Whoever holds one can write without waiting.
    pub(crate) async fn reserve(&self) -> Result<Ticket, StoreError> {
        let permit = self.queue.clone().reserve_owned().await;
        Ok(Ticket::new(permit.map_err(|_| StoreError::Closed)?))
    }

    /// Writes and waits until it is durable.
    pub(crate) async fn write(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        self.reserve().await?.send(ops, None).durable().await
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        let probe = sqlx::query("SELECT 1").execute(&self.read);
        let answer = tokio::time::timeout(Duration::from_secs(2), probe).await;
        matches!(answer, Ok(Ok(_))) && !self.queue.is_closed()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Writes what waits and closes the database.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.read.close().await;
        self.write.close().await;
    }

    /// Stops at once, as the end of the process would: what waits is not written.
    #[cfg(test)]
    pub(crate) async fn kill(&self) {
        self.write.close().await;
        self.read.close().await;
    }
}

fn options(config: &StoreConfig) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::new()
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .synchronous(match config.durability {
            Durability::Process => SqliteSynchronous::Normal,
            Durability::Power => SqliteSynchronous::Full,
        });
    let Some(path) = &config.path else {
        return Ok(options.in_memory(true).shared_cache(false));
    };
    make_private(path)?;
    Ok(options.filename(path).journal_mode(SqliteJournalMode::Wal))
}

/// Makes the file before the database does, because it holds secrets. Its side files inherit the permissions.
fn make_private(path: &std::path::Path) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        open.mode(0o600);
    }
    open.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lianmai.db");
        let store = Store::open(&StoreConfig::file(&path)).await.unwrap();
        assert!(store.is_ready().await);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        store.close().await;
        assert!(!store.is_ready().await);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lianmai.db");
        std::fs::write(&path, "this is not a database, by any means at all").unwrap();
        assert!(Store::open(&StoreConfig::file(&path)).await.is_err());
    }
}
