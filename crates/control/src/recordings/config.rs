//! What an operator decides about recordings.

use std::path::PathBuf;
use std::time::Duration;

use super::RecordingFormat;
use super::upload::UploadConfig;

/// Settings of recordings.
#[derive(Debug, Clone)]
pub struct RecordingConfig {
    /// Where files are written; `None`: nothing is recorded.
    pub dir: Option<PathBuf>,
    /// Bytes that stay free on that disk: recordings stop before, rooms go on.
    pub min_free: u64,
    /// The format, when nobody asks for another.
    pub format: RecordingFormat,
    /// A part ends after this time.
    pub part_duration: Option<Duration>,
    /// A part ends at this size.
    pub part_bytes: Option<u64>,
    /// How long recordings are kept after their end, with their files; `None`: until they are deleted.
    pub retention: Option<Duration>,
    /// Recordings at a time.
    pub max_active: usize,
    /// Where complete parts are uploaded to; `None`: they stay on disk.
    pub upload: Option<UploadConfig>,
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self {
            dir: None,
            min_free: 1 << 30,
            format: RecordingFormat::Mp4,
            part_duration: Some(Duration::from_secs(3_600)),
            part_bytes: None,
            retention: None,
            max_active: 1_000,
            upload: None,
        }
    }
}
