//! A file that grows, and what is synced of it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::RecordError;
use crate::beside::Beside;

/// How much may be lost when the machine goes down.
const SYNC_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn io_error(path: &Path) -> impl Fn(std::io::Error) -> RecordError {
    move |source| RecordError::Io {
        path: path.to_owned(),
        source,
    }
}

/// A file being written. What is written is with the operating system at once, and is brought to the disk beside.
#[derive(Debug)]
pub(crate) struct Growing {
    file: Arc<File>,
    path: PathBuf,
    length: u64,
    synced: Instant,
    dirty: bool,
    syncing: Beside,
}

impl Growing {
    /// A new file. One that is there already is never written over.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn create(path: PathBuf) -> Result<Growing, RecordError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(io_error(&path))?;
        Ok(Growing {
            file: Arc::new(file),
            path,
            length: 0,
            synced: Instant::now(),
            dirty: false,
            syncing: Beside::default(),
        })
    }

    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// Writes at the end. What could not be written whole is taken back.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        if let Err(error) = self.file.write_all_at(bytes, self.length) {
            // A tail that stays is cut when the part is finalised.
            let _ = self.file.set_len(self.length);
            return Err(io_error(&self.path)(error));
        }
        self.length += bytes.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Writes over the beginning.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn rewrite(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.dirty = true;
        self.file.write_all_at(bytes, 0).map_err(io_error(&self.path))
    }

    /// Begins to bring what is written to the disk, if that was not done for a second.
    ///
    /// # Errors
    /// [`RecordError::Io`], also of the last time.
    pub(crate) fn sync_if_due(&mut self) -> Result<(), RecordError> {
        if self.synced.elapsed() < SYNC_EVERY || !self.syncing.is_idle()? {
            return Ok(());
        }
        if std::mem::take(&mut self.dirty) {
            let (file, path) = (self.file.clone(), self.path.clone());
            let sync = move || file.sync_data().map_err(io_error(&path));
            self.syncing.start(&self.path, sync)?;
        }
        self.synced = Instant::now();
        Ok(())
    }

    /// Brings what is written to the disk, and waits for it.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn sync(&mut self) -> Result<(), RecordError> {
        self.syncing.wait()?;
        if std::mem::take(&mut self.dirty) {
            self.file.sync_data().map_err(io_error(&self.path))?;
        }
        self.synced = Instant::now();
        Ok(())
    }
}

/// Counts and hashes what is written.
pub(crate) struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Hashing<W> {
        Hashing {
            inner,
            hash: Sha256::new(),
        }
    }

    pub(crate) fn finish(self) -> (W, [u8; 32]) {
        (self.inner, self.hash.finalize().into())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Where a file is put together before it takes its place.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(TEMPORARY);
    path.with_file_name(name)
}

/// Ends the names of files that are put together; what a crash leaves of them is worth nothing.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Puts a whole file in place of `path`: a crash leaves the old one or the new one. Gives its SHA-256.
///
/// # Errors
/// [`RecordError::Io`]; the old file is then as it was.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut Hashing<File>) -> std::io::Result<()>,
) -> Result<[u8; 32], RecordError> {
    let temporary = beside(path);
    let put = || {
        let mut out = Hashing::new(File::create(&temporary)?);
        write(&mut out)?;
        let (file, hash) = out.finish();
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_folder(path);
        Ok(hash)
    };
    put().map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        io_error(path)(error)
    })
}

/// As [`replace`], but for the wait until it is on the disk; [`sync_file`] does that.
///
/// # Errors
/// [`RecordError::Io`]; the old file is then as it was.
pub(crate) fn replace_at_once(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let temporary = beside(path);
    let put = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    put.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        io_error(path)(error)
    })
}

/// Brings a file and its name to the disk.
///
/// # Errors
/// [`RecordError::Io`].
pub(crate) fn sync_file(path: &Path) -> Result<(), RecordError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    sync_folder(path);
    synced.map_err(io_error(path))
}

/// Brings names to the disk. Where that is not possible the file system does it by itself.
pub(crate) fn sync_folder(path: &Path) {
    if let Some(Ok(folder)) = path.parent().map(File::open) {
        let _ = folder.sync_all();
    }
}

/// SHA-256 of a file.
///
/// # Errors
/// [`RecordError::Io`].
pub(crate) fn hash(path: &Path) -> Result<[u8; 32], RecordError> {
    let mut out = Hashing::new(std::io::sink());
    let mut file = File::open(path).map_err(io_error(path))?;
    std::io::copy(&mut file, &mut out).map_err(io_error(path))?;
    Ok(out.finish().1)
}
