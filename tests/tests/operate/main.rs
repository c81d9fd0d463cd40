//! The gateway as its operator meets it: command line, reload, drain, figures, crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod command_line;
mod configuration;
mod crash;
mod drain;
mod figures;
mod reload;
