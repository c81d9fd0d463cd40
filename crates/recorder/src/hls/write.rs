//! HLS files that grow.

use std::io::Write;
use std::path::{Path, PathBuf};

use lianmai_media::TrackKind;

use super::playlist::{LONGEST_MILLIS, playlist};
use crate::RecordError;
use crate::beside::Beside;
use crate::container::Written;
use crate::file::{Growing, replace, replace_at_once, sync_file};
use crate::mp4::{Fragment, Fragments, Pushed, init_segment};
use crate::names::PartName;
use crate::sample::Sample;

/// A segment ends at the first key frame after this.
const SEGMENT_MILLIS: u64 = 4_000;

/// The files of a part being written. The playlist lists complete segments only.
#[derive(Debug)]
pub(crate) struct HlsFiles {
    dir: PathBuf,
    name: PartName,
    fragments: Fragments,
    base: i64,
    segment: Option<Growing>,
    /// Of the complete segments.
    millis: Vec<u64>,
    segment_since: u64,
    end_millis: u64,
    closed_bytes: u64,
    /// Brings complete segments to the disk, and lists them.
    beside: Beside,
}

impl HlsFiles {
    /// Files that begin with `first`, which is not written yet.
    pub(crate) fn open(dir: &Path, name: &PartName, first: &Sample) -> HlsFiles {
        HlsFiles {
            dir: dir.to_owned(),
            name: name.clone(),
            fragments: Fragments::new(first),
            base: first.millis(),
            segment: None,
            millis: Vec::new(),
            segment_since: 0,
            end_millis: 0,
            closed_bytes: 0,
            beside: Beside::default(),
        }
    }

    pub(crate) fn has(&self, kind: TrackKind) -> bool {
        self.fragments.has(kind)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.closed_bytes + self.segment.as_ref().map_or(0, Growing::len)
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
            Pushed::TooEarly => return Ok(Written::TooEarly),
            Pushed::Taken(fragment) => {
                let at = u64::try_from(sample.millis() - self.base).unwrap_or(0);
                let ended = fragment.is_some();
                self.append(fragment)?;
                let may_end = sample.is_picture_to_begin_with() || !self.has(TrackKind::Video);
                let least = if may_end { SEGMENT_MILLIS } else { LONGEST_MILLIS };
                if ended && at.saturating_sub(self.segment_since) >= least {
                    self.end_segment(at)?;
                }
            }
        }
        Ok(Written::Taken)
    }

    /// A track can come as long as no player has seen the initialisation segment.
    fn add(&mut self, sample: &Sample) -> Result<Option<Written>, RecordError> {
        if !self.millis.is_empty() {
            return Ok(Some(Written::NoRoom));
        }
        self.fragments.add(sample);
        let started_at = self.fragments.started_at();
        match init_segment(&self.fragments.headers(), started_at, self.name.audio_only) {
            Ok(init) => {
                // Brought to the disk with the first segment.
                replace_at_once(&self.dir.join(self.name.init()), &init).map(|()| None)
            }
            Err(error) => {
                self.fragments.take_back();
                Ok(Some(Written::Refused(error.to_string())))
            }
        }
    }

    fn append(&mut self, fragment: Option<Fragment>) -> Result<(), RecordError> {
        let Some(fragment) = fragment else {
            return self.segment.as_mut().map_or(Ok(()), Growing::sync_if_due);
        };
        self.end_millis = fragment.end_millis;
        let segment = match &mut self.segment {
            Some(segment) => segment,
            None => {
                let number = u32::try_from(self.millis.len()).unwrap_or(u32::MAX - 1) + 1;
                let path = self.dir.join(self.name.segment(number));
                self.segment.insert(Growing::create(path)?)
            }
        };
        segment.append(&fragment.bytes)?;
        segment.sync_if_due()
    }

    fn end_segment(&mut self, at: u64) -> Result<(), RecordError> {
        let Some(mut segment) = self.segment.take() else {
            return Ok(());
        };
        self.closed_bytes += segment.len();
        self.millis.push(at.saturating_sub(self.segment_since));
        self.segment_since = at;
        let text = playlist(&self.name, &self.millis, self.fragments.started_at(), false);
        let path = self.name.file(&self.dir);
        let (list, init) = (path.clone(), self.dir.join(self.name.init()));
        let is_first = self.millis.len() == 1;
        self.beside.start(&path, move || {
            if is_first {
                sync_file(&init)?;
            }
            segment.sync()?;
            replace(&list, |out| out.write_all(text.as_bytes())).map(drop)
        })
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

    /// Lists the last segment, and waits until everything is on the disk.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn sync(&mut self) -> Result<(), RecordError> {
        self.end_segment(self.end_millis)?;
        self.beside.wait()
    }
}
