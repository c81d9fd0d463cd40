//! Room passwords: hashing and checking with Argon2id, off the async threads and only so many at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use lianmai_rooms::{PasswordCheck, PasswordHash};
use tokio::sync::Semaphore;

use crate::service::{ErrorKind, ServiceError, random};

/// Longest wait for a turn to hash.
const PATIENCE: Duration = Duration::from_secs(5);

/// A password as somebody typed it. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Longest password in bytes of UTF-8.
    pub const MAX_LEN: usize = 128;

    /// Checks length, and that it is no mask such as `****` written back by a client that showed one (R-K1).
    ///
    /// # Errors
    /// `invalid_password` or `masked_secret`.
    pub fn parse(text: &str) -> Result<Self, ServiceError> {
        if text.is_empty() || text.len() > Self::MAX_LEN || text.contains('\0') {
            return Err(ServiceError::new(
                ErrorKind::Invalid,
                "invalid_password",
                format!("a password has 1 to {} bytes", Self::MAX_LEN),
            ));
        }
        let lower = text.to_lowercase();
        let mask = text.chars().all(|c| matches!(c, '*' | '•' | '●' | '·'));
        if mask || lower.contains("redacted") || lower.contains("<hidden>") || lower.contains("<masked>") {
            return Err(ServiceError::new(
                ErrorKind::Invalid,
                "masked_secret",
                "this is the mask of a password, not a password",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Hashes and checks passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(concurrency.max(1))),
        }
    }

    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, ServiceError> {
        self.run(move || {
            let salt = SaltString::encode_b64(&random::bytes::<16>()).ok()?;
            let phc = argon2()?.hash_password(password.0.as_bytes(), &salt).ok()?;
            Some(PasswordHash::new(phc.to_string()))
        })
        .await
    }

    pub(crate) async fn check(
        &self,
        password: Password,
        against: PasswordHash,
    ) -> Result<PasswordCheck, ServiceError> {
        self.run(move || {
            let matched = Phc::new(against.expose()).is_ok_and(|phc| {
                // The cost is what the verifier says, so that it can be raised later.
                Argon2::default()
                    .verify_password(password.0.as_bytes(), &phc)
                    .is_ok()
            });
            Some(PasswordCheck::new(against, matched))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let busy = || {
            ServiceError::new(
                ErrorKind::Unavailable,
                "password_check_busy",
                "too many passwords are being checked",
            )
        };
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller that goes away does not free its turn early.
            let _turn = turn;
            work()
        });
        done.await.ok().flatten().ok_or_else(busy)
    }
}

/// Argon2id with 9 MiB and 4 passes, one of the equivalent settings OWASP recommends.
fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(9 * 1024, 4, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_only_its_own_verifier() {
        let passwords = Passwords::new(1);
        let word = |text| Password::parse(text).unwrap();
        let hash = passwords.hash(word("correct horse")).await.unwrap();
        let again = passwords.hash(word("correct horse")).await.unwrap();
        assert_ne!(hash, again, "salted");
        assert!(hash.expose().starts_with("$argon2id$"));
        let right = passwords
            .check(word("correct horse"), hash.clone())
            .await
            .unwrap();
        let wrong = passwords.check(word("battery"), hash.clone()).await.unwrap();
        assert_eq!(
            format!("{right:?}"),
            format!("{:?}", PasswordCheck::new(hash.clone(), true))
        );
        assert_eq!(
            format!("{wrong:?}"),
            format!("{:?}", PasswordCheck::new(hash, false))
        );
    }

    /// R-K1.
    #[test]
    fn masks_are_refused() {
        for mask in ["***", "<redacted>", "••••••", "[REDACTED]"] {
            assert_eq!(Password::parse(mask).unwrap_err().code, "masked_secret", "{mask}");
        }
        assert_eq!(Password::parse("").unwrap_err().code, "invalid_password");
        assert_eq!(
            Password::parse(&"x".repeat(129)).unwrap_err().code,
            "invalid_password"
        );
        assert_eq!(
            format!("{:?}", Password::parse("hunter2").unwrap()),
            "Password(..)"
        );
    }
}
