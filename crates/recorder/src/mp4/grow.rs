//! A fragmented file that grows.

use std::path::Path;

use lianmai_media::TrackKind;

use super::{Fragment, Fragments, Pushed, fragmented_header};
use crate::RecordError;
use crate::container::Written;
use crate::file::Growing;
use crate::names::PartName;
use crate::sample::Sample;

/// A fragmented file being written. Its header has room for a track that comes later.
#[derive(Debug)]
pub(crate) struct Mp4File {
    file: Growing,
    fragments: Fragments,
    audio_only: bool,
    /// Once it is written.
    header_length: Option<usize>,
}

impl Mp4File {
    /// A file that begins with `first`, which is not written yet.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn open(dir: &Path, name: &PartName, first: &Sample) -> Result<Mp4File, RecordError> {
        Ok(Mp4File {
            file: Growing::create(name.file(dir))?,
            fragments: Fragments::new(first),
            audio_only: name.audio_only,
            header_length: None,
        })
    }

    pub(crate) fn has(&self, kind: TrackKind) -> bool {
        self.fragments.has(kind)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.file.len()
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn write(&mut self, sample: &Sample) -> Result<Written, RecordError> {
        if !self.has(sample.frame.kind)
            && let Some(refused) = self.add(sample)?
        {
            return Ok(refused);
        }
        match self.fragments.push(sample)? {
            Pushed::TooEarly => Ok(Written::TooEarly),
            Pushed::Taken(fragment) => self.append(fragment).map(|()| Written::Taken),
        }
    }

    fn add(&mut self, sample: &Sample) -> Result<Option<Written>, RecordError> {
        self.fragments.add(sample);
        let length = self.header_length;
        let header = fragmented_header(
            &self.fragments.headers(),
            self.fragments.started_at(),
            self.audio_only,
            length,
        );
        let header = match header {
            Ok(Some(header)) => header,
            Ok(None) => {
                self.fragments.take_back();
                return Ok(Some(Written::NoRoom));
            }
            Err(error) => {
                self.fragments.take_back();
                return Ok(Some(Written::Refused(error.to_string())));
            }
        };
        if length.is_some() {
            self.file.rewrite(&header)?;
        } else {
            self.header_length = Some(header.len());
            self.file.append(&header)?;
        }
        Ok(None)
    }

    fn append(&mut self, fragment: Option<Fragment>) -> Result<(), RecordError> {
        if let Some(fragment) = fragment {
            self.file.append(&fragment.bytes)?;
        }
        self.file.sync_if_due()
    }

    /// Writes what is complete. To be called a few times a second.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        let fragment = self.fragments.look()?;
        self.append(fragment)
    }

    /// Writes everything that is left.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn finish(&mut self) -> Result<(), RecordError> {
        let fragment = self.fragments.finish()?;
        self.append(fragment)
    }

    pub(crate) fn file(&mut self) -> &mut Growing {
        &mut self.file
    }
}
