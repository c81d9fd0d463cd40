//! A stream in its forms: WebRTC publishers, renditions, feeds and what is composed for players, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod composition;
mod enhanced;
mod feeds;
mod layers;
mod leaks;
mod rig;
mod silence;
mod takeover;
mod times;
mod wants;
