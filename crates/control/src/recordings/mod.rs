//! Recordings: which streams are recorded, what was written, where it is, who may have it.
//!
//! [`Recordings`] compares what is to be recorded (the rooms' flags, requests) with what is being written and starts
//! and stops writers (`lianmai-recorder`). It looks at everything each time, so a lost hint does no harm, and after a
//! crash it repairs what is on disk and goes on with the next part (R-C2).

mod cleanup;
mod config;
mod files;
mod follow;
mod model;
mod plan;
mod requests;
mod restore;
mod retention;
mod running;
#[cfg(test)]
pub(crate) mod sample;
mod tell;
pub mod upload;
mod writer;

pub use config::RecordingConfig;
pub use model::{
    Location, Part, PartFacts, PartFile, PartState, RecordedMember, Recording, RecordingFilter,
    RecordingFormat, RecordingSetup, RecordingState, Upload, UploadState,
};
pub use requests::{RecordingError, StartRecording, What};
pub use running::{OpenRecordingsError, Recordings};
