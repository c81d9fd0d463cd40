//! The HMAC-SHA256 digest inside C1 and S1, and the answer to it in S2 and C2.
//!
//! A packet with a digest holds 32 bytes of HMAC over its other 1504, at a place that four of its bytes
//! say. There are two schemas: they differ in which half of the packet that place lies in.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{PACKET, Packet};

/// Bytes of a digest.
const LEN: usize = 32;

/// The part of a key that is text; the rest is the same for both sides.
const CLIENT_TEXT: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_TEXT: &[u8] = b"Genuine Adobe Flash Media Server 001";
const COMMON: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57, 0x6E,
    0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];

/// Whose packet it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    fn text(self) -> &'static [u8] {
        match self {
            Side::Client => CLIENT_TEXT,
            Side::Server => SERVER_TEXT,
        }
    }
}

/// Which half of the packet holds the digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Schema {
    /// Bytes 8 to 771: the form most clients use.
    First,
    /// Bytes 772 to 1535.
    Second,
}

/// A digest found in a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) schema: Schema,
    pub(super) digest: [u8; LEN],
}

/// Looks for the digest of `side` in its C1 or S1.
pub(super) fn find(side: Side, packet: &Packet) -> Option<Found> {
    [Schema::First, Schema::Second].into_iter().find_map(|schema| {
        let at = offset(schema, packet);
        let digest = digest_of(side, packet, at);
        (packet[at..at + LEN] == digest).then_some(Found { schema, digest })
    })
}

/// Puts the digest of `side` into its C1 or S1 and returns it.
pub(super) fn sign(side: Side, schema: Schema, packet: &mut Packet) -> [u8; LEN] {
    let at = offset(schema, packet);
    let digest = digest_of(side, packet, at);
    packet[at..at + LEN].copy_from_slice(&digest);
    digest
}

/// Makes `packet` the C2 or S2 of `side`, which answers the digest `of_peer`.
pub(super) fn answer(side: Side, of_peer: &[u8; LEN], packet: &mut Packet) {
    let key = mac(&[side.text(), &COMMON], &[of_peer]);
    let signature = mac(&[&key], &[&packet[..PACKET - LEN]]);
    packet[PACKET - LEN..].copy_from_slice(&signature);
}

/// Where the digest begins. The four bytes are summed, so it always lies inside its half.
fn offset(schema: Schema, packet: &Packet) -> usize {
    let base = match schema {
        Schema::First => 8,
        Schema::Second => 772,
    };
    let sum: usize = packet[base..base + 4].iter().map(|&byte| usize::from(byte)).sum();
    base + 4 + sum % 728
}

fn digest_of(side: Side, packet: &Packet, at: usize) -> [u8; LEN] {
    mac(&[side.text()], &[&packet[..at], &packet[at + LEN..]])
}

/// HMAC-SHA256 of `parts` with the concatenation of `keys`.
fn mac(keys: &[&[u8]], parts: &[&[u8]]) -> [u8; LEN] {
    // An HMAC takes keys of any length, so the error cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&keys.concat()) else {
        return [0; LEN];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::super::Seed;
    use super::*;

    #[test]
    fn signed_packets_are_recognised_in_both_schemas() {
        for schema in [Schema::First, Schema::Second] {
            for number in 0..50 {
                let mut packet = [0; PACKET];
                Seed([number; 32]).fill(0, &mut packet);
                assert_eq!(find(Side::Client, &packet), None);
                let digest = sign(Side::Client, schema, &mut packet);
                assert_eq!(find(Side::Client, &packet), Some(Found { schema, digest }));
                assert_eq!(find(Side::Server, &packet), None);
                packet[1535] ^= 1;
                assert_eq!(find(Side::Client, &packet), None);
            }
        }
    }

    #[test]
    fn the_digest_stays_inside_the_packet_for_the_largest_sums() {
        let mut packet = [0xFF; PACKET];
        for schema in [Schema::First, Schema::Second] {
            sign(Side::Server, schema, &mut packet);
            packet = [0; PACKET];
            packet[8..12].copy_from_slice(&[255, 255, 217, 0]);
            packet[772..776].copy_from_slice(&[255, 255, 217, 0]);
            assert!(offset(schema, &packet) + LEN <= PACKET);
        }
    }
}
