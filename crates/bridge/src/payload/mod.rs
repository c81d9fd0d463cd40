//! RTP payloads: frames to payloads and back. Pure.
//!
//! [`packetise`] makes the payloads of a frame once for all viewers; [`Depacketiser`] puts a publisher's packets, in
//! order, together to access units. What is on the wire follows RFC 6184 (H.264), RFC 7798 (H.265), RFC 7741 (VP8),
//! RFC 9628 (VP9), the AV1 RTP payload format, and RFC 7587 (Opus). The codecs of the crate `rtc` panic on cut
//! aggregates, refuse valid packets and have no bounds, so none of them is used.

mod access_unit;
mod av1;
mod clock_rate;
mod depacketiser;
mod error;
mod fragments;
mod h264;
mod h265;
mod limits;
mod nal;
mod nal_buffer;
mod packetise;
mod vp8;
mod vp9;

pub use access_unit::AccessUnit;
pub use clock_rate::{audio_clock_rate, video_clock_rate};
pub use depacketiser::Depacketiser;
pub use error::PayloadError;
pub use limits::{MAX_ACCESS_UNIT, MAX_PAYLOAD};
pub use packetise::{packetise, packetise_with_limit};
