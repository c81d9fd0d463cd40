//! Bypass: streams of rooms (their mix, mostly) pushed to other servers over RTMP and RTMPS.
//!
//! What is to be pushed where is part of a room's state; `Bypass` brings what runs into line with it. Every target is
//! a task with a reader of its own, so a slow or dead one costs nobody else anything (R-P1): what it does not take stays
//! in the ring, and is dropped there. Addresses hold stream keys: they are in no log, event, metric or answer.

mod air;
mod config;
mod connect;
mod figures;
mod liveness;
mod meter;
mod outgoing;
mod pushes;
mod reason;
mod retry;
mod silence;
mod standing;
mod target;
mod tell;
mod times;

#[cfg(test)]
mod tests;

pub use config::{BypassConfig, RetryConfig};
pub(crate) use connect::check_url;
pub(crate) use pushes::Bypass;
pub use standing::{PushState, PushStatus};
