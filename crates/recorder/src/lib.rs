//! Recordings of live streams.
//!
//! [`start`] follows a stream without re-encoding and writes it into files, in parts: MP4, FLV or HLS. A part on disk is
//! playable at any moment but for its last second: MP4 is written as fragments and made a fast-start file when the part
//! ends, FLV gets its duration and index then. [`recover`] does the same for what a crash left. Files are written on a
//! thread of their own behind a bounded queue, and confirmed by the disk beside it; a slow disk costs the recording frames,
//! which are counted, and nobody else. [`upload`] brings finished files to S3-compatible storage.

mod beside;
mod clock;
mod container;
mod disk;
mod error;
mod event;
mod file;
mod finalise;
mod flv;
mod hls;
mod intake;
mod interleave;
mod mp4;
mod names;
mod part;
mod queue;
mod recording;
mod recover;
mod sample;
mod shared;
mod spec;
mod task;
pub mod upload;
mod writer;

pub use disk::{DiskGuard, free_space};
pub use error::RecordError;
pub use event::{CloseReason, EndCause, PartFacts, RecordingEvent, TrackFacts};
pub use recording::{Recording, start};
pub use recover::{RecoveredPart, recover};
pub use shared::{RecordingState, RecordingStatus};
pub use spec::{Format, PartLimits, RecordingSpec, SpecError, TrackChoice};
