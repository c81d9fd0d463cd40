//! What to record, and into what.

use std::path::PathBuf;
use std::time::Duration;

use lianmai_hub::StreamKey;

use crate::DiskGuard;

/// The container of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// ISO base media (`.mp4`; `.m4a` without pictures).
    Mp4,
    /// Flash Video, Enhanced RTMP where the codec needs it (`.flv`).
    Flv,
    /// HTTP Live Streaming: one playlist (`.m3u8`) of type EVENT with fMP4 segments (`.m4s`) per part.
    Hls,
}

/// Which tracks of a stream are recorded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TrackChoice {
    /// Picture and sound, as far as the stream has them.
    #[default]
    All,
    /// Sound alone.
    AudioOnly,
}

/// When a part is ended for the next one. The cut is at the first key frame past the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PartLimits {
    /// Media time of one part.
    pub duration: Option<Duration>,
    /// Bytes of one part.
    pub bytes: Option<u64>,
}

/// A recording to start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordingSpec {
    /// Begins the file names (`{id}-{part:05}.mp4`): 1 to 128 of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// The stream, by its plain key.
    pub key: StreamKey,
    /// The container.
    pub format: Format,
    /// Which tracks.
    pub tracks: TrackChoice,
    /// Where the files go; made when it is missing.
    pub dir: PathBuf,
    /// When to begin a new part.
    pub limits: PartLimits,
    /// Number of the first part.
    pub first_part: u32,
    /// When to stop for lack of space.
    pub guard: DiskGuard,
}

/// Why a specification cannot be recorded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpecError {
    /// The id would not make a safe file name.
    #[error("a recording's id has 1 to 128 letters, digits, - and _")]
    Id,
    /// A limit of zero.
    #[error("a part's limits are greater than zero")]
    Limit,
}

const MAX_ID: usize = 128;

impl RecordingSpec {
    /// Everything of `key` as MP4 into `dir`, without limits.
    pub fn new(id: &str, key: StreamKey, dir: impl Into<PathBuf>) -> RecordingSpec {
        RecordingSpec {
            id: id.to_owned(),
            key,
            format: Format::Mp4,
            tracks: TrackChoice::All,
            dir: dir.into(),
            limits: PartLimits::default(),
            first_part: 0,
            guard: DiskGuard::default(),
        }
    }

    /// Whether the specification can be recorded.
    ///
    /// # Errors
    /// [`SpecError`].
    pub fn check(&self) -> Result<(), SpecError> {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.id.is_empty() || self.id.len() > MAX_ID || !self.id.chars().all(safe) {
            return Err(SpecError::Id);
        }
        if self.limits.duration.is_some_and(|d| d.is_zero()) || self.limits.bytes == Some(0) {
            return Err(SpecError::Limit);
        }
        Ok(())
    }
}
