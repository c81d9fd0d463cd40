//! Workers as the gateway meets them: a scripted worker on a real socket against the real router and service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/ends.rs"]
mod ends;
mod harness;
mod jobs;
mod login;
mod mixes;
mod shown;
