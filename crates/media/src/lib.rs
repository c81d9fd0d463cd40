//! What a frame, a codec and a timestamp are.
//!
//! This crate is pure: bytes come in, values go out. It opens no socket, reads no clock and draws no
//! randomness, so everything in it can be fuzzed and tested on its own. All parsers take untrusted input:
//! they return an error, never panic, and their memory is bounded by the length of the input.

pub mod aac;
pub mod amf0;
pub mod av1;
pub mod bits;
mod codec;
mod cursor;
pub mod flv;
mod frame;
pub mod h264;
pub mod h265;
mod metadata;
pub mod nal;
pub mod opus;
pub mod silence;
mod time;
pub mod vp9;

pub use codec::{AudioCodec, AudioConfig, ConfigError, VideoCodec, VideoConfig};
pub use frame::{Frame, TrackKind};
pub use metadata::{Metadata, Tracks};
pub use time::{MediaDuration, MediaTime, TimeError, Timescale, TimestampUnwrapper};
