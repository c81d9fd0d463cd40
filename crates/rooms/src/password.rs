//! Room passwords, of which a room only ever holds a verifier.
//!
//! Hashing and checking are slow on purpose and need randomness, so the caller does both; the room only compares
//! that the check was made against the verifier it holds now.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Opaque verifier of a password, such as a PHC string. Never shown by `Debug`, views or events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps what the caller's password hash function gave.
    #[must_use]
    pub const fn new(verifier: String) -> Self {
        Self(verifier)
    }

    /// The verifier, to check a password against.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Result of checking a password against a verifier taken from [`Room::password`](crate::Room::password).
///
/// Carries the verifier it was checked against: if the password changed meanwhile, the check counts as failed.
#[derive(Debug, Clone)]
pub struct PasswordCheck {
    against: PasswordHash,
    matched: bool,
}

impl PasswordCheck {
    /// Records that a password was checked `against` a verifier and whether it `matched`.
    #[must_use]
    pub const fn new(against: PasswordHash, matched: bool) -> Self {
        Self { against, matched }
    }

    /// Whether the password opened the room that now holds `current`.
    #[must_use]
    pub fn opens(&self, current: &PasswordHash) -> bool {
        self.matched && self.against == *current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_and_a_stale_check_fails() {
        let old = PasswordHash::new("$argon2id$old".into());
        let new = PasswordHash::new("$argon2id$new".into());
        assert!(!format!("{:?}", PasswordCheck::new(old.clone(), true)).contains("argon2"));
        assert!(PasswordCheck::new(old.clone(), true).opens(&old));
        assert!(!PasswordCheck::new(old.clone(), false).opens(&old));
        assert!(!PasswordCheck::new(old, true).opens(&new));
    }
}
