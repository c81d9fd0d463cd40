//! WebRTC peers: media between them and the hub.
//!
//! A peer is one peer connection. Each of its media lines either publishes into a stream of the hub or plays one, so a
//! member of a room needs one connection per direction however many streams there are. All peers share one UDP port
//! (and one TCP port). The protocols (ICE, DTLS, SRTP, SDP) are those of the `rtc` crate, the core of the webrtc crate
//! without I/O; no type of it is in this crate's interface. Nothing here decodes media.

mod api;
mod bridge;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod net;
pub mod payload;
mod peer;
pub mod receive;
mod send;

pub use api::{
    Answer, BridgeConfig, BridgeError, BridgeEvent, IceServer, LayerChoice, Line, Lines, Offer, PeerId,
    PlayLine, PublishLine, Trickled,
};
pub use bridge::Bridge;
pub use peer::{OfferedLine, offered};
