//! Which worker makes which rendition or mix: decided here, without I/O and without a clock.
//!
//! Facts come in (what is wanted, which workers there are, what they say, the time since the start), actions and notes
//! come out; [`Planner::deadline`] says when to look again. A rendition has at most one job that was not told to
//! stop, and none when it is not wanted; a mix that runs knows the newest revision of what it composes. `properties`
//! tests that, and that everything runs in the end where there is room for it.

mod estimate;
mod fleet;
mod note;
mod planner;
mod rendition;
mod work;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_mix;

pub(super) use estimate::{Picture, estimate, estimate_mix};
pub(super) use fleet::WorkerId;
pub(super) use note::{Cause, Note};
pub(super) use planner::{Action, Planner, Want};
pub(super) use rendition::Condition;
pub(super) use work::Work;
