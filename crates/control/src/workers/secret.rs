//! What a worker proves itself with.

use lianmai_rooms::{Secret, SecretError};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::service::random;

/// The secret that gateway and workers share: 32 to 512 printable ASCII characters without spaces, because it travels
/// in a header. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WorkerSecret(Box<str>);

/// Why a text cannot be the secret of the workers. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkerSecretError {
    /// Length or content; see [`SecretError`].
    #[error(transparent)]
    Weak(#[from] SecretError),
    /// A character that a header does not carry.
    #[error("a worker secret has only printable ASCII characters, and no spaces")]
    Character,
}

impl WorkerSecret {
    /// Takes a secret from the configuration.
    ///
    /// # Errors
    /// Too short, too long, a sample, or not fit for a header.
    pub fn parse(text: &str) -> Result<Self, WorkerSecretError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WorkerSecretError::Character);
        }
        Secret::new(text.as_bytes())?;
        Ok(Self(text.into()))
    }

    /// A random one: 256 bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::id::<52>("").into())
    }

    /// The text, to hand it to a worker.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether somebody knows it. Takes the same time whatever is shown, also for another length.
    #[must_use]
    pub fn matches(&self, shown: &str) -> bool {
        let (own, shown) = (
            Sha256::digest(self.0.as_bytes()),
            Sha256::digest(shown.as_bytes()),
        );
        own.as_slice().ct_eq(shown.as_slice()).into()
    }
}

impl std::fmt::Debug for WorkerSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorkerSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_matches() {
        let secret = WorkerSecret::generate();
        assert!(secret.matches(secret.expose()));
        assert!(!secret.matches(""));
        assert!(!secret.matches(&secret.expose()[1..]));
        assert!(!secret.matches(&format!("{} ", secret.expose())));
        assert_ne!(secret, WorkerSecret::generate());
        assert_eq!(WorkerSecret::parse(secret.expose()).as_ref(), Ok(&secret));
        assert_eq!(format!("{secret:?}"), "WorkerSecret(..)");
    }

    /// R-K3: no short secrets, no samples.
    #[test]
    fn weak_secrets_are_refused() {
        for weak in [
            "",
            "short",
            "(set)",
            &"a".repeat(64),
            "please-change-me-please-change-me-now",
            "abcdefghijklmnopqrstuvwxyz0123456789",
        ] {
            assert!(WorkerSecret::parse(weak).is_err(), "{weak}");
        }
        let spaced = "q7Jx2mVd9TzKc4Rw 8LbNh3Ys6PfGu1Ea";
        assert_eq!(WorkerSecret::parse(spaced), Err(WorkerSecretError::Character));
    }
}
