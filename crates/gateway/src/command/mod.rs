//! What each subcommand does.

mod app;
mod config;
mod room;
mod token;

use std::future::Future;

use anyhow::Context;

use crate::cli::{Command, ConfigArgs};
use crate::config::{Config, Overrides, load};

/// Runs `command` to its end.
///
/// # Errors
/// Whatever keeps it from doing its work, in words for the operator.
pub fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => crate::run::serve(&args),
        Command::Config(command) => config::execute(command),
        Command::App(command) => block_on(app::execute(command)),
        Command::Token(args) => block_on(token::execute(args)),
        Command::Room(command) => block_on(room::execute(command)),
    }
}

/// The configuration these arguments name.
///
/// # Errors
/// See [`crate::config::ConfigError`].
pub fn configuration(args: &ConfigArgs) -> anyhow::Result<Config> {
    Ok(load(
        args.config.as_deref(),
        &Overrides {
            set: args.set.clone(),
        },
    )?)
}

/// Seconds since the Unix epoch.
fn unix_seconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("runtime")?.block_on(work)
}
