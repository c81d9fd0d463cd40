//! What a recording tells its owner.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lianmai_hub::EndReason;
use lianmai_media::{AudioCodec, TrackKind, VideoCodec};

/// Why a part was closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// The part reached its limit of time or bytes.
    Limit,
    /// A track's codec, size or parameters changed.
    ConfigChange,
    /// [`Recording::split`](crate::Recording::split).
    Split,
    /// [`Recording::pause`](crate::Recording::pause).
    Paused,
    /// The recording ended.
    Ended,
    /// Writing failed; what was written until then is in the part.
    WriteError,
    /// Repaired after a crash.
    Recovered,
}

/// Why a recording ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndCause {
    /// [`Recording::stop`](crate::Recording::stop), or the gateway shuts down.
    Stopped,
    /// The stream ended, or its publisher did not come back in time.
    Stream(EndReason),
    /// Space on the disk ran low.
    DiskFull,
    /// Writing failed.
    WriteError,
}

/// A track of a finished part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackFacts {
    /// Picture or sound.
    pub kind: TrackKind,
    /// Codec of the picture.
    pub video: Option<VideoCodec>,
    /// Codec of the sound.
    pub audio: Option<AudioCodec>,
    /// Width in pixels; 0 for sound and where it is unknown.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Samples per second of sound; 0 for pictures.
    pub sample_rate: u32,
    /// Channels of sound; 0 for pictures.
    pub channels: u8,
    /// Pictures, or packets of sound.
    pub samples: u64,
}

/// What is known about a finished part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartFacts {
    /// All files; the one to open comes first. HLS: playlist, then initialisation segments and media segments.
    pub files: Vec<PathBuf>,
    /// Wall clock at the first frame.
    pub started_at: SystemTime,
    /// From the first frame to the end of the last.
    pub duration: Duration,
    /// Bytes of all files.
    pub size: u64,
    /// SHA-256 of the first file.
    pub sha256: [u8; 32],
    /// The tracks there are.
    pub tracks: Vec<TrackFacts>,
    /// Why the part was closed.
    pub reason: CloseReason,
    /// Whether a MP4 part is a fast-start file. It stays a fragmented one where there was no space for a second copy.
    pub finalised: bool,
}

/// What happened to a recording.
#[derive(Clone, PartialEq, Debug)]
pub enum RecordingEvent {
    /// A part began.
    PartOpened {
        /// Its number.
        part: u32,
        /// The file to open once it is closed.
        file: PathBuf,
        /// Wall clock at its first frame.
        started_at: SystemTime,
    },
    /// A part is complete on disk.
    PartClosed {
        /// Its number.
        part: u32,
        /// What it is.
        facts: PartFacts,
    },
    /// Frames were lost between the stream and the file, because the disk was too slow.
    Gap {
        /// How many since the last time it was said.
        dropped: u64,
    },
    /// Something went wrong; the recording ends or the part is left as it is.
    Failed {
        /// In words for an operator.
        reason: String,
    },
    /// Nothing more will come.
    Ended {
        /// Why.
        cause: EndCause,
    },
}
