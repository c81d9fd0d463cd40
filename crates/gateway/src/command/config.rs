//! `lianmai config check|print`.

use anyhow::Context;

use super::configuration;
use crate::cli::ConfigCommand;

pub(super) fn execute(command: ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check(args) => {
            configuration(&args)?;
            println!("the configuration is sound");
        }
        ConfigCommand::Print(args) => {
            let config = configuration(&args)?;
            print!(
                "{}",
                toml::to_string_pretty(&config).context("cannot be written as TOML")?
            );
        }
    }
    Ok(())
}
