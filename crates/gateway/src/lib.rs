//! The lianmai gateway: configuration → build → run → drain; command line.
//!
//! [`cli`] is what the operator types, [`command`] what each subcommand does, [`config`] what can be set,
//! [`run`] a gateway's life, [`worker`] the worker it runs beside itself.

pub mod cli;
pub mod command;
pub mod config;
mod logging;
mod metrics;
pub mod run;
mod signals;
pub mod worker;
