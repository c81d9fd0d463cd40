//! Media towards viewers: RTP, SRTP, RTCP and the bandwidth estimate of one peer.
//!
//! Packets do not go through the `rtc` crate, whose chain of handlers and interceptors costs more than sending them.
//! It keeps SDP, ICE and DTLS; [`keys`] takes the SRTP keys from its cryptography, [`seal`] protects packets with them,
//! [`sender`] writes each packet once, where the socket takes it from. A repaired packet is the same bytes again:
//! AES-GCM must not seal two different packets under one number (RFC 7714 §8.3).

mod capacity;
mod estimate;
mod extensions;
mod feedback;
mod history;
pub(crate) mod keys;
mod packet;
mod seal;
mod sender;

pub(crate) use extensions::Extensions;
pub(crate) use feedback::Heard;
pub(crate) use packet::Outbound;
pub(crate) use sender::{Out, Sender};
