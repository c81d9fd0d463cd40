//! The command line of `viewers`, and the order of the runs.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde_json::json;

use super::measure::{Point, Server, measure};
use super::{floor, table};
use crate::machine::{pin, raise_open_files};
use crate::peers::Settings;

/// Measures WebRTC viewers of one stream: CPU per packet, memory per viewer, loss and latency.
#[derive(Parser, Debug)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,
    /// What to measure; they take turns in every run.
    #[arg(long, value_delimiter = ',', default_value = "sendto,gso,lianmai")]
    servers: Vec<Server>,
    /// Numbers of viewers.
    #[arg(long, value_delimiter = ',', default_value = "200")]
    viewers: Vec<usize>,
    /// Bits per second of the picture.
    #[arg(long, value_delimiter = ',', default_value = "600000,1270000")]
    bitrate: Vec<u32>,
    /// Viewers that decrypt, check what they get and give feedback.
    #[arg(long, default_value_t = 5)]
    sampled: usize,
    /// All viewers decrypt and give feedback; the load then costs more than the server.
    #[arg(long)]
    feedback: bool,
    /// The stream has AAC too; a worker has to make Opus of it.
    #[arg(long)]
    audio: bool,
    /// Every picture begins with an SEI message, as some encoders do it.
    #[arg(long)]
    sei: bool,
    /// Seconds that the publisher sends before viewers come: longer than the gateway keeps media.
    #[arg(long, default_value_t = 12)]
    warm_up: u64,
    /// Seconds of the measuring window.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often to measure every point; the table shows medians.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// File to append one JSON line per run to.
    #[arg(long)]
    json: Option<PathBuf>,
    /// File for the table, which is printed in any case.
    #[arg(long)]
    table: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand, Debug)]
enum Mode {
    /// Runs the floor server; started by the benchmark itself.
    #[command(hide = true)]
    Floor(floor::Options),
}

/// Runs the program `viewers`.
///
/// # Errors
/// If a server cannot be started, refuses its publisher, or ends while it is measured.
pub fn run() -> Result<()> {
    let arguments = Arguments::parse();
    raise_open_files().context("raise the limit of open files")?;
    if let Some(Mode::Floor(options)) = &arguments.mode {
        return floor::serve(options);
    }
    pin(arguments.settings.load_core).context("pin the load generator")?;
    let mut lines = arguments.json.as_ref().map(open).transpose()?;
    let mut rows: Vec<table::Row> = Vec::new();
    for point in arguments.points() {
        for run in 1..=arguments.runs {
            for server in arguments.servers.iter().copied() {
                let sample = measure(&point, server, &arguments.settings)?;
                eprintln!("{point:?}, run {run}: {server:?} {sample:?}");
                if let Some(file) = &mut lines {
                    let line = json!({ "server": server, "point": point, "run": run, "sample": sample });
                    writeln!(file, "{line}")?;
                }
                match rows
                    .iter_mut()
                    .find(|row| row.point == point && row.server == server)
                {
                    Some(row) => row.samples.push(sample),
                    None => rows.push(table::Row {
                        point,
                        server,
                        samples: vec![sample],
                    }),
                }
            }
        }
    }
    let table = table::table(&rows);
    print!("{table}");
    if let Some(path) = &arguments.table {
        fs::write(path, table).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn open(path: &PathBuf) -> Result<File> {
    let file = File::options().create(true).append(true).open(path);
    file.with_context(|| format!("open {}", path.display()))
}

impl Arguments {
    fn points(&self) -> Vec<Point> {
        let of = |viewers: usize, bitrate: u32| Point {
            viewers,
            bitrate,
            sampled: self.sampled.min(viewers),
            feedback: self.feedback,
            audio: self.audio,
            sei: self.sei,
            warm_up: Duration::from_secs(self.warm_up),
            window: Duration::from_secs(self.seconds),
        };
        let rates = self.bitrate.iter();
        rates
            .flat_map(|rate| self.viewers.iter().map(|viewers| of(*viewers, *rate)))
            .collect()
    }
}
