//! RTP payload format for VP9 (RFC 9628).

mod assembler;
mod descriptor;
mod header;
mod packetise;

pub(super) use assembler::Assembler;
pub(super) use packetise::packetise;
