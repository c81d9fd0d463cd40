//! A FLV file that grows.

use std::sync::Arc;

use lianmai_media::amf0::Value;
use lianmai_media::flv::{self, FileHeader, TagKind};
use lianmai_media::{Metadata, TrackKind};

use crate::RecordError;
use crate::container::Written;
use crate::file::Growing;
use crate::names::PartName;
use crate::sample::{Sample, TrackConfig};

/// What is held back before it is written.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_MILLIS: i64 = 400;

/// When the first frame was, as a property of `onMetaData`.
pub(super) const STARTED_AT: &str = "recordedat";

/// A FLV file being written.
#[derive(Debug)]
pub(crate) struct FlvFile {
    file: Growing,
    base: i64,
    /// Audio and video.
    tracks: [Option<Arc<TrackConfig>>; 2],
    /// Latest time per track: FLV knows no two tags of a track out of order.
    newest: [i64; 2],
    waiting: Vec<u8>,
    waiting_since: i64,
}

impl FlvFile {
    /// A file that begins with `first`, which is not written yet.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn open(
        dir: &std::path::Path,
        name: &PartName,
        first: &Sample,
    ) -> Result<FlvFile, RecordError> {
        let mut file = Growing::create(name.file(dir))?;
        // Until the file is finished it says that both may come.
        let header = FileHeader {
            audio: true,
            video: !name.audio_only,
        };
        file.append(&header.to_bytes())?;
        let millis = first
            .wall
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let mut metadata = Metadata::default();
        metadata.set(
            STARTED_AT,
            Value::Date {
                millis: millis.as_millis() as f64,
                timezone: 0,
            },
        );
        metadata.set("encoder", "lianmai".into());
        let tag = flv::tag(TagKind::Script, 0, &[], &flv::metadata_body(&metadata));
        file.append(&tag.map_err(|error| RecordError::Track(error.to_string()))?)?;
        Ok(FlvFile {
            file,
            base: first.millis(),
            tracks: [None, None],
            newest: [-1, -1],
            waiting: Vec::new(),
            waiting_since: 0,
        })
    }

    pub(crate) fn file(&mut self) -> &mut Growing {
        &mut self.file
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.file.len() + self.waiting.len() as u64
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// [`RecordError`].
    pub(crate) fn write(&mut self, sample: &Sample) -> Result<Written, RecordError> {
        let place = usize::from(sample.is_video());
        let at = sample.millis() - self.base;
        if at < 0 {
            return Ok(Written::TooEarly);
        }
        let at = at.max(self.newest[place]);
        self.newest[place] = at;
        if sample.is_picture_to_begin_with() || at - self.waiting_since >= BATCH_MILLIS {
            self.flush()?;
            self.waiting_since = at;
        }
        // The field is 32 bits wide and wraps.
        let stamp = at as u32;
        if self.tracks[place].is_none() {
            self.tracks[place] = Some(sample.track.clone());
            self.put_config(&sample.track, stamp)?;
        }
        let (kind, header) = match &*sample.track {
            TrackConfig::Video { config, .. } => (
                TagKind::Video,
                flv::video_frame_header(config.codec, &sample.frame),
            ),
            TrackConfig::Audio(config) => (TagKind::Audio, flv::audio_frame_header(config)),
        };
        self.put(kind, stamp, header.as_slice(), &sample.frame.payload)?;
        if self.waiting.len() >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(Written::Taken)
    }

    pub(crate) fn has(&self, kind: TrackKind) -> bool {
        self.tracks[usize::from(kind == TrackKind::Video)].is_some()
    }

    fn put_config(&mut self, track: &TrackConfig, stamp: u32) -> Result<(), RecordError> {
        let (kind, body) = match track {
            TrackConfig::Video { config, .. } => (TagKind::Video, Some(flv::video_config_body(config))),
            TrackConfig::Audio(config) => (TagKind::Audio, flv::audio_config_body(config)),
        };
        match body {
            Some(body) => self.put(kind, stamp, &[], &body),
            None => Ok(()),
        }
    }

    fn put(&mut self, kind: TagKind, stamp: u32, header: &[u8], payload: &[u8]) -> Result<(), RecordError> {
        let tag = flv::tag(kind, stamp, header, payload);
        self.waiting
            .extend_from_slice(&tag.map_err(|error| RecordError::Track(error.to_string()))?);
        Ok(())
    }

    /// Writes what is held back.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        if !self.waiting.is_empty() {
            self.file.append(&self.waiting)?;
            self.waiting.clear();
        }
        self.file.sync_if_due()
    }
}
