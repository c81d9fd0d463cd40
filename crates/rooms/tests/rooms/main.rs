//! Rules of rooms, one file per noun, and properties over random interleavings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod directory;
mod entry;
mod management;
mod muting;
mod properties;
mod replica;
mod requests;
mod roles;
mod signatures;
mod streams;
mod support;
mod views;
