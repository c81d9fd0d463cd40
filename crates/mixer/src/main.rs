//! The `lianmai-worker` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    lianmai_mixer::cli::main()
}
