//! Support for the end-to-end tests: a real gateway process and real clients around it.
//!
//! Everything listens on loopback and free ports, is bounded in time and ends with the test. Processes are
//! ended by their id.
// Tests report by panicking; this package is nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

pub mod api;
pub mod gateway;
pub mod media;
pub mod process;
pub mod rtmp;
pub mod sync;
pub mod wait;

pub use api::{Api, Room};
pub use gateway::Gateway;
pub use process::Process;
