//! The `lianmai` binary.

use std::process::ExitCode;

use clap::Parser;
use lianmai_gateway::{cli, command};

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // One crypto provider for every TLS connection of the process.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
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
