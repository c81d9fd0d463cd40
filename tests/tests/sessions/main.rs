//! `/v1/ws` against the running gateway: events, commands, resuming, devices, time-outs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod absence;
mod events;
mod resume;
