//! Where decoded sound belongs on the source's timeline: gaps, overlaps, clock drift, and silence by the wall clock.
//!
//! Positions are samples at 48 kHz on the source's timeline, so that they convert from and to RTMP milliseconds
//! without a remainder going lost. Everything here is pure: stamps, sample counts and the time of day come in.
//! Invariant: what is written out is one unbroken run of samples except where [`Placement::Anchor`] says otherwise.

#[cfg(test)]
mod chain;
mod drift;
mod live;
mod place;

pub(crate) use live::LiveClock;
pub(crate) use place::{Placement, Policy, Timeline};

/// Positions per second.
pub(crate) const RATE: i64 = 48_000;
/// Positions per millisecond.
pub(crate) const PER_MILLI: i64 = RATE / 1_000;

/// The position of a stamp in milliseconds.
pub(crate) fn from_millis(millis: i64) -> i64 {
    millis.saturating_mul(PER_MILLI)
}

/// The stamp of a position, rounded to the nearest millisecond.
pub(crate) fn to_millis(position: i64) -> i64 {
    position.saturating_add(PER_MILLI / 2).div_euclid(PER_MILLI)
}
