//! Which worker makes which rendition: decided here, without I/O and without a clock.
//!
//! Facts come in (what is wanted, which workers there are, what they say, the time since the start), actions and notes
//! come out; [`Planner::deadline`] says when to look again. A rendition has at most one job that was not told to
//! stop, and none when it is not wanted; `properties` tests that, and that everything runs in the end where there is
//! room for it.

mod estimate;
mod fleet;
mod note;
mod planner;
mod rendition;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub(super) use estimate::estimate;
pub(super) use fleet::WorkerId;
pub(super) use note::{Cause, Note};
pub(super) use planner::{Action, Planner, Want};
pub(super) use rendition::Condition;
