//! Points in time and bounded delays. Time only comes in from the caller; nothing here reads a clock.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Milliseconds since the Unix epoch. Arithmetic saturates: no input can make it panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// This time plus a delay; the far end of time if that overflows.
    #[must_use]
    pub const fn after(self, delay: Delay) -> Self {
        Self(self.0.saturating_add(delay.0))
    }

    /// Milliseconds from `earlier` to this time; 0 if the clock was set back in between.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A delay above [`Delay::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a delay must not exceed {} ms", Delay::MAX.as_millis())]
pub struct DelayError;

/// A time span in milliseconds, at most 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Delay(u64);

impl Delay {
    /// Longest delay: 30 days.
    pub const MAX: Self = Self(30 * 24 * 3600 * 1000);
    /// No delay.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    ///
    /// # Errors
    /// [`DelayError`] above [`Delay::MAX`].
    pub const fn from_millis(millis: u64) -> Result<Self, DelayError> {
        if millis > Self::MAX.0 {
            Err(DelayError)
        } else {
            Ok(Self(millis))
        }
    }

    /// From seconds that are known to fit (a `u16` always does).
    #[must_use]
    pub const fn from_secs(secs: u16) -> Self {
        Self(secs as u64 * 1000)
    }

    /// Milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Delay {
    type Error = DelayError;

    fn try_from(millis: u64) -> Result<Self, DelayError> {
        Self::from_millis(millis)
    }
}

impl From<Delay> for u64 {
    fn from(delay: Delay) -> Self {
        delay.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(end.after(Delay::MAX), end);
        assert_eq!(Timestamp::from_secs(u64::MAX), end);
        assert_eq!(Timestamp::from_millis(3).millis_since(end), 0);
        assert_eq!(Delay::from_millis(u64::MAX), Err(DelayError));
        assert!(serde_json::from_str::<Delay>("99999999999999").is_err());
    }
}
