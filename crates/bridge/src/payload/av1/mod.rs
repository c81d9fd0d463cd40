//! RTP payload format for AV1 (AOMedia, v1.0.0).

mod assembler;
mod header;
mod obu;
mod packetise;

pub(super) use assembler::Assembler;
pub(super) use packetise::packetise;

/// Aggregation header (§4.4): the first OBU goes on from the packet before.
const CONTINUES: u8 = 0x80;
/// The last OBU goes on in the next packet.
const GOES_ON: u8 = 0x40;
/// A coded video sequence starts.
const NEW_SEQUENCE: u8 = 0x08;
