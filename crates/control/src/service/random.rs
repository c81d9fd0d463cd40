//! Randomness of the operating system, for ids and secrets.

use rand::TryRngCore;
use rand::rngs::OsRng;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A system without randomness can make no secret; the generator of the standard library would abort here, too.
    while OsRng.try_fill_bytes(&mut bytes).is_err() {
        std::thread::yield_now();
    }
    bytes
}

/// `prefix` and `N` characters of `[a-z2-7]`, five random bits each.
pub(crate) fn id<const N: usize>(prefix: &str) -> String {
    let random = bytes::<N>();
    let tail = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    prefix.chars().chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let (a, b) = (id::<20>("m"), id::<20>("m"));
        assert_ne!(a, b);
        assert_eq!(a.len(), 21);
        assert!(a.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    }
}
