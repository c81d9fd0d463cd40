//! Rules of rooms, one file per noun, and properties over random interleavings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bypass;
mod clock;
mod directory;
mod entry;
mod management;
mod mixing;
mod muting;
mod properties;
mod pushes;
mod replica;
mod requests;
mod roles;
mod signatures;
mod streams;
mod support;
mod views;
