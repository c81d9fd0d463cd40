//! The servers that are compared, behind one way of starting them.

pub(crate) mod floor;
pub(crate) mod lianmai;
mod nginx;

use std::path::PathBuf;

use anyhow::Result;
use tempfile::TempDir;

use crate::client::Target;
use crate::process::{Cores, Process};

/// A server to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Server {
    /// A loop that only sends ready-made bytes: what the system calls cost.
    Floor,
    /// nginx with its RTMP module.
    Nginx,
    /// The gateway.
    Lianmai,
}

/// How players receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Wire {
    Rtmp,
    Flv,
}

/// What the caller may set about the servers.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Settings {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/lianmai")]
    pub(crate) lianmai: PathBuf,
    /// nginx.
    #[arg(long, default_value = "/usr/sbin/nginx")]
    pub(crate) nginx: PathBuf,
    /// nginx's RTMP module.
    #[arg(long, default_value = "/usr/lib/nginx/modules/ngx_rtmp_module.so")]
    pub(crate) nginx_rtmp: PathBuf,
    /// Core of the measured server.
    #[arg(long, default_value_t = 0)]
    pub(crate) server_core: usize,
    /// Core of the load generator.
    #[arg(long, default_value_t = 1)]
    pub(crate) load_core: usize,
}

impl Settings {
    /// Both cores.
    pub(crate) fn cores(&self) -> Cores {
        Cores {
            server: self.server_core,
            load: self.load_core,
        }
    }
}

/// What a run needs of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) wire: Wire,
    pub(crate) streams: usize,
    /// Milliseconds that a server may collect before it writes; not every server can.
    pub(crate) coalesce: u32,
}

/// A server that runs, with its streams not yet published.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) streams: Vec<Stream>,
    /// Configuration and data, removed afterwards.
    _folder: TempDir,
}

/// Where to push and play one stream. The floor publishes by itself.
pub(crate) struct Stream {
    pub(crate) push: Option<Target>,
    pub(crate) play: Target,
}

impl Server {
    /// The name in tables and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Nginx => "nginx",
            Self::Lianmai => "lianmai",
        }
    }

    /// Whether the server can do this at all.
    pub(crate) fn can(self, need: &Need) -> bool {
        match self {
            Self::Floor => need.streams <= 1,
            Self::Nginx => need.wire == Wire::Rtmp,
            Self::Lianmai => true,
        }
    }

    /// Starts the server on free ports with a configuration of its own.
    pub(crate) fn start(self, need: &Need, settings: &Settings) -> Result<Running> {
        match self {
            Self::Floor => floor::start(need, settings),
            Self::Nginx => nginx::start(need, settings),
            Self::Lianmai => lianmai::start(need, settings),
        }
    }
}
