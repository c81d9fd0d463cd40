//! How much one app may use, and how long it rings.

use crate::Delay;

/// Longest ring: an invitation is valid for two minutes.
pub const MAX_RING: Delay = Delay::from_secs(120);
/// Shortest ring.
pub const MIN_RING: Delay = Delay::from_secs(1);
/// Calls that wait for one account that is offline; the oldest gives way as busy.
pub const MAX_WAITING: usize = 8;

/// Limits of one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Accounts in one call, with the caller.
    pub members: usize,
    /// Calls at the same time.
    pub calls: usize,
    /// Invitations of one account within a minute.
    pub invites_per_minute: u32,
}

/// Checks a time-out.
#[must_use]
pub fn ring_time(millis: u64) -> Option<Delay> {
    let delay = Delay::from_millis(millis).ok()?;
    (MIN_RING <= delay && delay <= MAX_RING).then_some(delay)
}
