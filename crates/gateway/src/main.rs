//! The `lianmai` binary.

use std::process::ExitCode;

use clap::Parser;
use lianmai_gateway::{cli, command};

/// Media is allocated on one thread and freed on another all the time; the C library's allocator then moves the end of
/// its heaps with a system call per few messages (measured: a fifth of all system calls with many streams).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
