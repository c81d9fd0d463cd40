//! Rules of calls, one file per noun, and properties over random interleavings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod clock;
mod devices;
mod groups;
mod limits;
mod properties;
mod support;
mod talk;
