//! From layouts to scenes: goldens of every preset, what holds for all of them, and the vendors' grammars.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod goldens;
mod properties;
mod shown;
mod sources;
mod support;
mod vendors;
mod wild;
