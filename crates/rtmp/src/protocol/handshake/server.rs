//! The server's half: C0 C1 in, S0 S1 S2 out, C2 in.

use bytes::{Buf, BufMut, BytesMut};

use super::digest::{self, Side};
use super::{HandshakeError, PACKET, Packet, Seed, VERSION, check_version};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Awaiting {
    C0C1,
    C2,
    Nothing,
}

/// The server side of a handshake. A C1 with a valid digest is answered with digests, any other plainly.
pub struct ServerHandshake {
    seed: Seed,
    awaiting: Awaiting,
    consumed: u64,
}

impl ServerHandshake {
    /// A handshake that draws its randomness from `seed`.
    pub fn new(seed: Seed) -> ServerHandshake {
        ServerHandshake {
            seed,
            awaiting: Awaiting::C0C1,
            consumed: 0,
        }
    }

    /// Takes what it can from the front of `input`, appends answers to `out`; true when it is complete.
    ///
    /// # Errors
    /// [`HandshakeError`] as soon as the first byte shows it.
    pub fn advance(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<bool, HandshakeError> {
        if self.awaiting == Awaiting::C0C1 {
            let Some(&version) = input.first() else {
                return Ok(false);
            };
            check_version(version)?;
            let Some(c1) = input
                .get(1..1 + PACKET)
                .and_then(|bytes| Packet::try_from(bytes).ok())
            else {
                return Ok(false);
            };
            self.answer(&c1, out);
            self.take(1 + PACKET, input, Awaiting::C2);
        }
        if self.awaiting == Awaiting::C2 && input.len() >= PACKET {
            self.take(PACKET, input, Awaiting::Nothing);
        }
        Ok(self.awaiting == Awaiting::Nothing)
    }

    /// Bytes of the peer taken so far.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    fn take(&mut self, bytes: usize, input: &mut BytesMut, then: Awaiting) {
        input.advance(bytes);
        self.consumed += bytes as u64;
        self.awaiting = then;
    }

    fn answer(&self, c1: &Packet, out: &mut BytesMut) {
        let mut s1 = [0; PACKET];
        self.seed.fill(1, &mut s1);
        s1[..8].fill(0);
        // A version of zero says that no digest is in C1.
        let found = if c1[4..8] == [0; 4] {
            None
        } else {
            digest::find(Side::Client, c1)
        };
        let s2 = match found {
            Some(found) => {
                // Clients look for digests only when the server says to be version 3 or newer.
                s1[4..8].copy_from_slice(&[4, 5, 0, 1]);
                digest::sign(Side::Server, found.schema, &mut s1);
                let mut s2 = [0; PACKET];
                self.seed.fill(2, &mut s2);
                digest::answer(Side::Server, &found.digest, &mut s2);
                s2
            }
            None => *c1,
        };
        out.reserve(1 + 2 * PACKET);
        out.put_u8(VERSION);
        out.put_slice(&s1);
        out.put_slice(&s2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(input: &[u8]) -> Result<(bool, BytesMut), HandshakeError> {
        let (mut input, mut out) = (BytesMut::from(input), BytesMut::new());
        let done = ServerHandshake::new(Seed([7; 32])).advance(&mut input, &mut out)?;
        Ok((done, out))
    }

    #[test]
    fn other_versions_are_refused_at_their_first_byte() {
        assert_eq!(serve(&[6]).unwrap_err(), HandshakeError::Encrypted);
        assert_eq!(serve(b"GET /").unwrap_err(), HandshakeError::Version(b'G'));
        assert!(!serve(&[3]).unwrap().0);
    }

    #[test]
    fn a_plain_c1_is_echoed() {
        let mut input = vec![3];
        input.extend((0..PACKET).map(|i| if (4..8).contains(&i) { 0 } else { i as u8 }));
        let (done, out) = serve(&input).unwrap();
        assert!(!done);
        assert_eq!(out.len(), 1 + 2 * PACKET);
        assert_eq!(out[1 + PACKET..], input[1..]);
        assert_eq!(out[5..9], [0; 4]);
        input.extend([0; PACKET]);
        assert!(serve(&input).unwrap().0);
    }
}
