//! What of an RTP packet matters for media.

use bytes::Bytes;

use super::Orientation;

/// An RTP packet (RFC 3550 §5.1) without padding, and what its header extensions say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaPacket {
    /// Sequence number; of the original packet when it came as a retransmission (RFC 4588).
    pub sequence_number: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// Payload without padding; empty when the packet is nothing but padding.
    pub payload: Bytes,
    /// Coordination of video orientation (3GPP TS 26.114 §7.4.5), when the packet has it.
    pub orientation: Option<Orientation>,
}
