//! From packets as they arrive to frames on a timeline. Pure: the time comes in, deadlines go out.
//!
//! Video: [`FrameAssembler`] (reordering, access units, loss). Audio: [`AudioReceiver`]. Both give RTP timestamps,
//! which a [`TrackClock`] puts on the timeline that all tracks of one publisher share ([`SourceClock`]).

mod audio;
mod clock;
mod drops;
mod jitter;
mod level;
mod ntp;
mod orientation;
mod packet;
mod quality;
mod reorder;
mod speaker;
mod video;

pub use audio::{AudioReceiver, ReceivedAudio};
pub use clock::{SourceClock, TrackClock};
pub use jitter::JitterMeter;
pub use level::{AudioLevel, LevelMeter};
pub use ntp::ntp_time;
pub use orientation::Orientation;
pub use packet::MediaPacket;
pub use quality::{Link, quality};
pub use reorder::{Ordered, ReorderBuffer, ReorderLimits, ReorderStats};
pub use speaker::ActiveSpeaker;
pub use video::{FrameAssembler, ReceivedVideo, repair_wait};
