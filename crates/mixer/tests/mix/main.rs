//! Mixes by the real worker program: pictures and tones of real publishers, found again in what comes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod goldens;
mod layouts;
mod members;
#[path = "../rig/mod.rs"]
mod rig;
mod support;
