//! The secret of an app and the keys derived from it.
//!
//! Every purpose has its own key (HMAC of a label under the secret), so what is signed for one purpose is worth nothing
//! for another. Nothing here prints a secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Size of the SHA-256 input block: HMAC's key size (RFC 2104).
const BLOCK: usize = 64;

/// Why a secret was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecretError {
    /// Shorter than [`Secret::MIN_LEN`].
    #[error("a secret needs at least {} bytes", Secret::MIN_LEN)]
    TooShort,
    /// Longer than [`Secret::MAX_LEN`].
    #[error("a secret has at most {} bytes", Secret::MAX_LEN)]
    TooLong,
    /// A known sample, or a pattern a person typed to fill the length (R-K3).
    #[error("the secret is a sample or a pattern; generate a random one")]
    Sample,
}

/// Secret of an app.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Least length in bytes.
    pub const MIN_LEN: usize = 32;
    /// Greatest length in bytes.
    pub const MAX_LEN: usize = 512;

    /// Checks length and that it is no sample.
    ///
    /// # Errors
    /// [`SecretError`]; it never contains the secret.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretError> {
        if bytes.len() < Self::MIN_LEN {
            return Err(SecretError::TooShort);
        }
        if bytes.len() > Self::MAX_LEN {
            return Err(SecretError::TooLong);
        }
        if is_sample(bytes) {
            return Err(SecretError::Sample);
        }
        Ok(Self(bytes.into()))
    }

    /// The bytes, for other signature schemes under the same secret (a connection's JWT).
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A MAC under the key derived for `purpose`.
    pub(crate) fn mac(&self, purpose: Purpose) -> Hmac<Sha256> {
        let mut derive = keyed(&self.0);
        derive.update(purpose.label());
        keyed(&derive.finalize().into_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What a derived key signs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    StreamUrl,
    Ticket,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::StreamUrl => b"lianmai/stream-url/1",
            Self::Ticket => b"lianmai/ticket/1",
        }
    }
}

/// HMAC-SHA256 with a key of any length, padded or hashed to one block as RFC 2104 says.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        let digest: [u8; 32] = Sha256::digest(key).into();
        block[..digest.len()].copy_from_slice(&digest);
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    Hmac::new(&block.into())
}

/// Words that occur in samples and never in a random secret.
const SAMPLE_WORDS: [&str; 9] = [
    "changeme",
    "change-me",
    "change_me",
    "example",
    "secret",
    "password",
    "default",
    "your-",
    "insert",
];

fn is_sample(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let mut seen = [false; 256];
    bytes.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    let distinct = seen.iter().filter(|&&seen| seen).count();
    let periodic =
        (1..=Secret::MIN_LEN / 2).any(|period| bytes.iter().zip(&bytes[period..]).all(|(a, b)| a == b));
    let run = bytes
        .windows(2)
        .filter(|pair| pair[0].wrapping_add(1) == pair[1])
        .count();
    distinct < 8 || periodic || run > bytes.len() / 2 || SAMPLE_WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = b"q7Jx2mVd9TzKc4Rw8LbNh3Ys6PfGu1Ea";

    #[test]
    fn length_is_bounded() {
        assert!(Secret::new(GOOD).is_ok());
        assert_eq!(Secret::new(&GOOD[..31]).err(), Some(SecretError::TooShort));
        assert_eq!(Secret::new(b"").err(), Some(SecretError::TooShort));
        assert_eq!(Secret::new(&[7; 513]).err(), Some(SecretError::TooLong));
    }

    /// R-K3: no sample or filler passes for a secret.
    #[test]
    fn samples_are_refused() {
        for sample in [
            "00000000000000000000000000000000",
            "0123456789abcdef0123456789abcdef",
            "changemechangemechangemechangeme",
            "a-string-secret-at-least-256-bits-long",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "this-is-only-an-EXAMPLE-of-a-key-1234",
            "deadbeefdeadbeefdeadbeefdeadbeef",
        ] {
            assert_eq!(
                Secret::new(sample.as_bytes()).err(),
                Some(SecretError::Sample),
                "{sample}"
            );
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new(GOOD).unwrap()), "Secret(..)");
    }

    /// RFC 4231, test cases 2 and 6: a short key and one longer than the block.
    #[test]
    fn hmac_matches_the_rfc() {
        fn hex(mac: Hmac<Sha256>, data: &[u8]) -> String {
            mac.chain_update(data)
                .finalize()
                .into_bytes()
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect()
        }
        assert_eq!(
            hex(keyed(b"Jefe"), b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(
                keyed(&[0xaa; 131]),
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            ),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
