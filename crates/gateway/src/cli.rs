//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Self-hosted live gateway: rooms for RTMP (and WebRTC) clients.
#[derive(Parser, Debug)]
#[command(name = "lianmai", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Where settings come from.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArgs {
    /// Configuration file; without it, defaults and environment.
    #[arg(long, short, env = "LIANMAI_CONFIG")]
    pub config: Option<PathBuf>,
    /// Setting that wins over file and environment, such as `http.listen=127.0.0.1:8080`. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

/// Subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the gateway until SIGTERM or SIGINT; SIGHUP reloads the configuration.
    Serve(ConfigArgs),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Apps and their secrets.
    #[command(subcommand)]
    App(AppCommand),
    /// Print a signed token (JWT) for the API.
    Token(TokenArgs),
    /// Rooms, through the API of a running gateway; answers are JSON.
    #[command(subcommand)]
    Room(RoomCommand),
}

/// `lianmai config …`
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Tell every mistake with file, key and reason.
    Check(ConfigArgs),
    /// Print what is in force, as TOML.
    Print(ConfigArgs),
}

/// `lianmai app …`: works on the database, whether the gateway runs or not.
#[derive(Subcommand, Debug)]
pub enum AppCommand {
    /// Create an app and print its id and generated secrets as JSON, this once.
    Create {
        /// Its id.
        id: String,
        /// Where settings come from.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Delete an app with everything stored about it. A running gateway does it at SIGHUP, another when it starts.
    Delete {
        /// Its id.
        id: String,
        /// Its recordings go, too, on disk and in the bucket. Without this, an app that has any is left alone.
        #[arg(long)]
        recordings: bool,
        /// Where settings come from.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// List the ids of the apps, one per line.
    List(#[command(flatten)] ConfigArgs),
    /// Print the key that signs an app's webhooks.
    WebhookSecret {
        /// Its id.
        id: String,
        /// Where settings come from.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// `lianmai token …`
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// The app whose secret signs.
    #[arg(long)]
    pub app: String,
    /// Whom the token is for.
    #[arg(long)]
    pub account: String,
    /// Acts for the app's own server, not for the account alone.
    #[arg(long)]
    pub server: bool,
    /// The one room it is for; its holder needs no password there.
    #[arg(long)]
    pub room: Option<String>,
    /// Highest role in that room: admin, talker or audience.
    #[arg(long, requires = "room")]
    pub role: Option<String>,
    /// Seconds it is valid.
    #[arg(long, default_value_t = 3_600)]
    pub ttl: u64,
    /// Where settings come from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Which app and gateway a room command talks to.
#[derive(Args, Debug)]
pub struct RoomArgs {
    /// The app.
    #[arg(long)]
    pub app: String,
    /// Base URL of the gateway; default: `public.http_url`.
    #[arg(long)]
    pub url: Option<String>,
    /// Where settings come from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `lianmai room …`
#[derive(Subcommand, Debug)]
pub enum RoomCommand {
    /// Create a room.
    Create {
        /// Its name.
        #[arg(long)]
        name: Option<String>,
        /// communication, communication_mix or live.
        #[arg(long, default_value = "communication")]
        kind: String,
        /// Which app and gateway.
        #[command(flatten)]
        target: RoomArgs,
    },
    /// List the rooms.
    List(#[command(flatten)] RoomArgs),
    /// Show a room with its members and streams.
    Show {
        /// Its id.
        room: String,
        /// Which app and gateway.
        #[command(flatten)]
        target: RoomArgs,
    },
    /// End a room for everybody.
    Destroy {
        /// Its id.
        room: String,
        /// Which app and gateway.
        #[command(flatten)]
        target: RoomArgs,
    },
    /// Make an account a member and print its push URL.
    Push {
        /// The room's id.
        room: String,
        /// Who publishes.
        #[arg(long)]
        account: String,
        /// Which app and gateway.
        #[command(flatten)]
        target: RoomArgs,
    },
    /// Print the pull URLs of every stream in a room.
    Pull {
        /// The room's id.
        room: String,
        /// Which app and gateway.
        #[command(flatten)]
        target: RoomArgs,
    },
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_are_pairs() {
        assert_eq!(key_value("a.b = 1"), Ok(("a.b".into(), "1".into())));
        assert_eq!(key_value("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(key_value("a").is_err() && key_value("=b").is_err());
    }
}
