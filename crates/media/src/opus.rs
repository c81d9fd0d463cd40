//! Opus facts that a relay needs without decoding: the TOC byte and frame count of a packet (RFC 6716 §3) and the
//! identification header (RFC 7845 §5.1).

mod head;
mod packet;

pub use head::OpusHead;
pub use packet::{OpusError, OpusMode, OpusPacket};

/// Samples per second of every Opus time stamp and duration.
pub const SAMPLE_RATE: u32 = 48_000;
