//! The files of the part that is being written, whatever its container.

use std::path::Path;

use lianmai_media::TrackKind;

use crate::flv::FlvFile;
use crate::hls::HlsFiles;
use crate::mp4::Mp4File;
use crate::names::PartName;
use crate::sample::Sample;
use crate::{Format, RecordError};

/// What became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is in the part.
    Taken,
    /// It is from before the part's beginning.
    TooEarly,
    /// Its track is new and can only come into a new part.
    NoRoom,
    /// Its track cannot be put into this container.
    Refused(String),
}

/// A part being written.
#[derive(Debug)]
pub(crate) enum Container {
    Mp4(Mp4File),
    Flv(FlvFile),
    Hls(HlsFiles),
}

impl Container {
    /// The files of a part that begins with `first`, which is not written yet.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn open(dir: &Path, name: &PartName, first: &Sample) -> Result<Container, RecordError> {
        Ok(match name.format {
            Format::Mp4 => Container::Mp4(Mp4File::open(dir, name, first)?),
            Format::Flv => Container::Flv(FlvFile::open(dir, name, first)?),
            Format::Hls => Container::Hls(HlsFiles::open(dir, name, first)),
        })
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn write(&mut self, sample: &Sample) -> Result<Written, RecordError> {
        match self {
            Container::Mp4(file) => file.write(sample),
            Container::Flv(file) => file.write(sample),
            Container::Hls(files) => files.write(sample),
        }
    }

    /// Writes what is complete. To be called a few times a second.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        match self {
            Container::Mp4(file) => file.flush(),
            Container::Flv(file) => file.flush(),
            Container::Hls(files) => files.flush(),
        }
    }

    /// Writes everything that is left.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn close(&mut self) -> Result<(), RecordError> {
        match self {
            Container::Mp4(file) => file.finish(),
            Container::Flv(file) => file.flush(),
            Container::Hls(files) => files.finish(),
        }
    }

    /// Brings everything to the disk, and waits for it.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn sync(&mut self) -> Result<(), RecordError> {
        match self {
            Container::Mp4(file) => file.file().sync(),
            Container::Flv(file) => file.file().sync(),
            Container::Hls(files) => files.sync(),
        }
    }

    pub(crate) fn has(&self, kind: TrackKind) -> bool {
        match self {
            Container::Mp4(file) => file.has(kind),
            Container::Flv(file) => file.has(kind),
            Container::Hls(files) => files.has(kind),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Container::Mp4(file) => file.bytes(),
            Container::Flv(file) => file.bytes(),
            Container::Hls(files) => files.bytes(),
        }
    }
}
