//! The command line: which servers, which work, how often; and the order of the runs.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::machine::{pin, raise_open_files};
use crate::peers::{Server, Settings, floor};
use crate::report::Report;
use crate::scenario::{Point, Scenario};

/// Measures live servers beside each other: CPU per gigabyte, latency, memory.
#[derive(Parser, Debug)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "rtmp")]
    scenario: Vec<Scenario>,
    /// Servers to compare; they take turns in every run. One that cannot do a scenario is left out of it.
    #[arg(long, value_delimiter = ',', default_value = "floor,nginx,lianmai")]
    servers: Vec<Server>,
    /// Numbers of players.
    #[arg(long, value_delimiter = ',', default_value = "1000")]
    players: Vec<usize>,
    /// Milliseconds to coalesce writes, where the server can; 0 writes every frame.
    #[arg(long, value_delimiter = ',', default_value = "20")]
    coalesce: Vec<u32>,
    /// Players that never read, in the scenario `stalled`.
    #[arg(long, default_value_t = 200)]
    stalled: usize,
    /// Seconds that publishers send before players come. For memory, longer than servers keep media.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Seconds of the measuring window.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often to measure every point; tables show medians.
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

/// Runs the program.
///
/// # Errors
/// If a server cannot be started, refuses its publisher, or ends while it is measured.
pub fn run() -> Result<()> {
    let arguments = Arguments::parse();
    let files = raise_open_files().context("raise the limit of open files")?;
    if let Some(Mode::Floor(options)) = arguments.mode {
        return floor::serve(options);
    }
    pin(arguments.settings.load_core).context("pin the load generator")?;
    let most = arguments.players.iter().max().copied().unwrap_or_default() + arguments.stalled;
    if most as u64 + 100 > files {
        eprintln!("warning: {most} players, but only {files} open files (ulimit -Hn)");
    }
    let mut report = Report::new(arguments.json.as_deref())?;
    for point in arguments.points() {
        for run in 1..=arguments.runs {
            for server in arguments
                .servers
                .iter()
                .copied()
                .filter(|server| server.can(&point.need()))
            {
                let (sample, lost) = point.measure(server, &arguments.settings)?;
                let (name, cost) = (server.name(), sample.ms_per_gb.unwrap_or_default());
                eprintln!(
                    "{:?}, {} players, run {run}: {name} {cost:.0} ms/GB",
                    point.scenario, point.players
                );
                if let Some(lost) = lost {
                    eprintln!("  lost: {lost:#}");
                }
                report.add(point, server, run, sample)?;
            }
        }
    }
    let table = report.table();
    print!("{table}");
    if let Some(path) = &arguments.table {
        fs::write(path, table).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

impl Arguments {
    /// Every combination that makes a difference.
    fn points(&self) -> Vec<Point> {
        let mut points = Vec::new();
        for scenario in self.scenario.iter().copied() {
            for players in self.players.iter().copied() {
                for coalesce in self.coalesce.iter().copied() {
                    let (warm_up, window) = (
                        Duration::from_secs(self.warm_up),
                        Duration::from_secs(self.seconds),
                    );
                    let mut point = Point {
                        scenario,
                        players,
                        coalesce,
                        stalled: 0,
                        warm_up,
                        window,
                    };
                    match scenario {
                        Scenario::Startup => (point.players, point.coalesce) = (0, 0),
                        Scenario::Stalled => point.stalled = self.stalled,
                        Scenario::Rtmp | Scenario::Flv | Scenario::Publishers => {}
                    }
                    if !points.contains(&point) {
                        points.push(point);
                    }
                }
            }
        }
        points
    }
}
