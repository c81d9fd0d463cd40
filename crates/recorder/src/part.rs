//! The part that is being written, and when it has to end.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use lianmai_media::TrackKind;

use crate::container::{Container, Written};
use crate::finalise::Closed;
use crate::names::PartName;
use crate::sample::{Sample, TrackConfig};
use crate::{CloseReason, PartLimits, RecordError};

/// A part being written.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: PartName,
    pub(crate) started_at: SystemTime,
    container: Container,
    base: i64,
    end: i64,
    tracks: [Option<Arc<TrackConfig>>; 2],
    /// Tracks that the container cannot hold; said once.
    refused: [bool; 2],
}

fn place(kind: TrackKind) -> usize {
    usize::from(kind == TrackKind::Video)
}

impl Part {
    /// A part that begins with `first`, which is not written yet.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn open(dir: &Path, name: PartName, first: &Sample) -> Result<Part, RecordError> {
        Ok(Part {
            container: Container::open(dir, &name, first)?,
            name,
            started_at: first.wall,
            base: first.millis(),
            end: first.millis(),
            tracks: [None, None],
            refused: [false, false],
        })
    }

    /// Whether `sample` is of another track than the part's.
    pub(crate) fn is_other_track(&self, sample: &Sample) -> bool {
        self.tracks[place(sample.frame.kind)]
            .as_ref()
            .is_some_and(|track| !Arc::ptr_eq(track, &sample.track) && **track != *sample.track)
    }

    pub(crate) fn has(&self, kind: TrackKind) -> bool {
        self.container.has(kind)
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn write(&mut self, sample: &Sample) -> Result<Written, RecordError> {
        let track = place(sample.frame.kind);
        if self.refused[track] {
            return Ok(Written::TooEarly);
        }
        let written = self.container.write(sample)?;
        match &written {
            Written::Taken => {
                self.end = self.end.max(sample.millis());
                self.tracks[track] = Some(sample.track.clone());
            }
            Written::Refused(_) => {
                self.refused[track] = true;
                self.tracks[track] = Some(sample.track.clone());
            }
            Written::TooEarly | Written::NoRoom => {}
        }
        Ok(written)
    }

    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        self.container.flush()
    }

    /// Writes what is left, unless writing has failed already: what came after a hole would not decode. Gives the part
    /// as it is to be finished.
    pub(crate) fn close(mut self, failed: bool, reason: CloseReason) -> (Closed, Result<(), RecordError>) {
        let written = if failed { Ok(()) } else { self.container.close() };
        let failed = failed || written.is_err();
        let closed = Closed {
            name: self.name,
            started_at: self.started_at,
            reason: if failed { CloseReason::WriteError } else { reason },
            files: self.container,
        };
        (closed, written)
    }

    /// Milliseconds of media.
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.end - self.base).unwrap_or(0)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.container.bytes()
    }

    pub(crate) fn is_full(&self, limits: PartLimits) -> bool {
        let long = limits
            .duration
            .is_some_and(|limit| u128::from(self.millis()) >= limit.as_millis());
        long || limits.bytes.is_some_and(|limit| self.bytes() >= limit)
    }
}
