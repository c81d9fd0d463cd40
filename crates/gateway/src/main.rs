//! The `lianmai` binary: configuration → build → run → drain.

mod cli;
mod command;
mod config;
mod logging;
mod metrics;
mod run;
mod signals;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // One crypto provider for every TLS connection of the process.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("lianmai: another crypto provider is installed");
        return ExitCode::FAILURE;
    }
    match command::execute(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lianmai: {error:#}");
            ExitCode::FAILURE
        }
    }
}
