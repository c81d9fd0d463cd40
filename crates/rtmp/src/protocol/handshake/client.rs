//! The client's half: C0 C1 out, S0 S1 S2 in, C2 out.

use bytes::{Buf, BufMut, BytesMut};

use super::digest::{self, Schema, Side};
use super::{HandshakeError, PACKET, Packet, Seed, VERSION, check_version};

/// The client side of a handshake.
pub struct ClientHandshake {
    seed: Seed,
    done: bool,
    consumed: u64,
}

impl ClientHandshake {
    /// Starts a handshake: appends C0 and C1, with a digest if `with_digest`.
    pub fn start(seed: Seed, with_digest: bool, out: &mut BytesMut) -> ClientHandshake {
        let mut c1 = [0; PACKET];
        seed.fill(3, &mut c1);
        c1[..8].fill(0);
        if with_digest {
            c1[4..8].copy_from_slice(&[9, 0, 124, 2]);
            digest::sign(Side::Client, Schema::First, &mut c1);
        }
        out.put_u8(VERSION);
        out.put_slice(&c1);
        ClientHandshake {
            seed,
            done: false,
            consumed: 0,
        }
    }

    /// Takes what it can from the front of `input`, appends C2 to `out`; true when it is complete.
    ///
    /// # Errors
    /// [`HandshakeError`] as soon as the first byte shows it.
    pub fn advance(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<bool, HandshakeError> {
        if self.done {
            return Ok(true);
        }
        let Some(&version) = input.first() else {
            return Ok(false);
        };
        check_version(version)?;
        // S2 is waited for before C2 is sent, so that a server sees no byte of ours it does not expect yet.
        if input.len() < 1 + 2 * PACKET {
            return Ok(false);
        }
        let Some(s1) = input
            .get(1..1 + PACKET)
            .and_then(|bytes| Packet::try_from(bytes).ok())
        else {
            return Ok(false);
        };
        let mut c2 = s1;
        if let Some(found) = digest::find(Side::Server, &s1) {
            self.seed.fill(4, &mut c2);
            digest::answer(Side::Client, &found.digest, &mut c2);
        }
        out.put_slice(&c2);
        input.advance(1 + 2 * PACKET);
        self.consumed = 1 + 2 * PACKET as u64;
        self.done = true;
        Ok(true)
    }

    /// Bytes of the peer taken so far.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }
}

#[cfg(test)]
mod tests {
    use super::super::ServerHandshake;
    use super::*;

    /// Runs a handshake, byte by byte, between our two sides.
    fn meet(with_digest: bool) -> (BytesMut, BytesMut) {
        let (mut up, mut down) = (BytesMut::new(), BytesMut::new());
        let mut client = ClientHandshake::start(Seed([1; 32]), with_digest, &mut up);
        let mut server = ServerHandshake::new(Seed([2; 32]));
        let (mut at_server, mut at_client) = (BytesMut::new(), BytesMut::new());
        let (mut seen_up, mut seen_down) = (BytesMut::new(), BytesMut::new());
        let (mut done_up, mut done_down) = (false, false);
        while !(up.is_empty() && down.is_empty()) {
            if !up.is_empty() {
                let byte = up.split_to(1);
                seen_up.extend_from_slice(&byte);
                at_server.extend_from_slice(&byte);
                done_up = server.advance(&mut at_server, &mut down).unwrap();
            }
            if !down.is_empty() {
                let byte = down.split_to(1);
                seen_down.extend_from_slice(&byte);
                at_client.extend_from_slice(&byte);
                done_down = client.advance(&mut at_client, &mut up).unwrap();
            }
        }
        assert!(done_up && done_down);
        assert_eq!((server.consumed(), client.consumed()), (3073, 3073));
        (seen_up, seen_down)
    }

    #[test]
    fn both_sides_meet_plainly_and_with_digests() {
        let (up, down) = meet(false);
        assert_eq!(up[1..1 + PACKET], down[1 + PACKET..]);
        let (up, down) = meet(true);
        let c1 = Packet::try_from(&up[1..1 + PACKET]).unwrap();
        let s1 = Packet::try_from(&down[1..1 + PACKET]).unwrap();
        assert!(digest::find(Side::Client, &c1).is_some());
        let found = digest::find(Side::Server, &s1).unwrap();
        let mut c2 = Packet::try_from(&up[1 + PACKET..]).unwrap();
        let sent = c2;
        digest::answer(Side::Client, &found.digest, &mut c2);
        assert_eq!(sent[..], c2[..]);
    }
}
