//! C0 to C2 and S0 to S2, simple and with digest (RTMP 1.0 §5.2; the digest is Adobe's later addition).
//!
//! Both sides take bytes from the front of a buffer and consume whole packets only, so fragmentation does
//! not show. What the peer echoes is not compared: many peers echo something else.

mod client;
mod digest;
mod server;

pub use client::ClientHandshake;
pub use server::ServerHandshake;

use sha2::{Digest, Sha256};

/// The version byte of plain RTMP (C0, S0).
const VERSION: u8 = 3;
/// Bytes of C1, C2, S1 and S2.
const PACKET: usize = 1536;

/// C1, C2, S1 or S2.
type Packet = [u8; PACKET];

/// Unpredictable bytes a handshake makes its own from; to be used once.
#[derive(Clone, Copy)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// A packet of bytes that look random; `label` tells apart what one seed is used for.
    fn fill(&self, label: u8, packet: &mut Packet) {
        for (counter, block) in (0u8..).zip(packet.chunks_mut(32)) {
            let hash = Sha256::new()
                .chain_update(self.0)
                .chain_update([label, counter])
                .finalize();
            block.copy_from_slice(&hash[..block.len()]);
        }
    }
}

/// Why a handshake failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The peer wants RTMPE (version 6 or 8), which we do not speak.
    #[error("encrypted RTMP is not supported")]
    Encrypted,
    /// The first byte is no RTMP version.
    #[error("version {0} is not RTMP")]
    Version(u8),
}

fn check_version(byte: u8) -> Result<(), HandshakeError> {
    match byte {
        VERSION => Ok(()),
        6 | 8 | 9 => Err(HandshakeError::Encrypted),
        other => Err(HandshakeError::Version(other)),
    }
}
