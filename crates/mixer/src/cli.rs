//! The command line of `lianmai-worker`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::job::Identity;
use crate::supervisor::{GatewayUrl, Secret, WorkerConfig};
use crate::{calibrate, job, supervisor};

/// Where the secret may be, besides a file. It is never an argument: everybody on the machine could read it there.
const SECRET_VARIABLE: &str = "LIANMAI_WORKER_SECRET";

/// Transcodes streams of a lianmai gateway. Takes jobs from it over a WebSocket, plays and pushes over RTMP.
#[derive(Debug, Parser)]
#[command(name = "lianmai-worker", version)]
struct Cli {
    #[command(subcommand)]
    process: Option<Process>,

    /// Where the gateway takes workers: ws://host:port/internal/worker, or wss://.
    #[arg(long, value_name = "URL")]
    gateway: Option<GatewayUrl>,

    /// File with the secret the gateway knows; or put it into LIANMAI_WORKER_SECRET.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Name in the gateway's logs and metrics; the host's by default.
    #[arg(long)]
    name: Option<String>,

    /// Cores that jobs may use; by default all this process may.
    #[arg(long, value_name = "CORES", value_parser = cores)]
    capacity: Option<f64>,

    /// Take usual figures for what jobs cost, until they show it, instead of measuring it first.
    #[arg(long)]
    no_measure: bool,

    /// Processes that stand by for the next job.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=32))]
    spares: u8,

    /// Who a job becomes when the worker runs as root.
    #[arg(long, value_name = "UID:GID", default_value_t = Identity::NOBODY)]
    user: Identity,

    /// End when standard input ends, which must be a pipe from the process that started this one.
    #[arg(long)]
    with_parent: bool,

    /// What to log: error, warn, info, debug, trace, or filters such as lianmai_mixer=debug.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,

    /// How to log.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Processes that a worker starts.
#[derive(Debug, Subcommand)]
enum Process {
    /// One job.
    #[command(hide = true)]
    Job {
        #[arg(long)]
        user: Option<Identity>,
        #[arg(long)]
        parent: Option<i32>,
    },
    /// Measures what jobs cost.
    #[command(hide = true)]
    Calibrate {
        #[arg(long)]
        user: Option<Identity>,
    },
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.process {
        Some(Process::Job { user, parent }) => return job::main(user, parent),
        Some(Process::Calibrate { user }) => run_calibrate(user),
        None => run_worker(cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lianmai-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn cores(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(cores) if cores.is_finite() && (0.0..=4_096.0).contains(&cores) => Ok(cores),
        _ => Err("expected a number of cores".to_owned()),
    }
}

fn run_calibrate(user: Option<Identity>) -> Result<()> {
    job::confine(user, None).context("cannot confine the process")?;
    crate::codec::silence_logs();
    let costs = calibrate::calibrate()?;
    println!("{}", serde_json::to_string(&costs)?);
    Ok(())
}

fn run_worker(cli: Cli) -> Result<()> {
    let Some(gateway) = cli.gateway else {
        bail!("--gateway is missing; see --help");
    };
    let secret = read_secret(cli.secret_file.as_deref())?;
    start_logging(&cli.log, cli.log_format)?;
    // For wss://; every crate of ours names its provider where it can.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = WorkerConfig {
        gateway,
        secret,
        name: cli.name.unwrap_or_else(host_name),
        capacity: cli.capacity.unwrap_or_else(all_cores),
        measure: !cli.no_measure,
        spares: usize::from(cli.spares),
        identity: cli.user,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stopping = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = parent_gone(), if cli.with_parent => {}
                () = stopping.cancelled() => {}
            }
            stopping.cancel();
        });
        tracing::info!(gateway = %config.gateway, name = config.name, capacity = config.capacity, "worker starts");
        supervisor::run(config, stop.clone()).await;
        stop.cancel();
        tracing::info!("worker ends");
        anyhow::Ok(())
    })?;
    // The thread that reads standard input cannot be woken.
    runtime.shutdown_background();
    Ok(())
}

/// Waits until standard input ends.
async fn parent_gone() {
    let mut input = tokio::io::stdin();
    let mut scrap = [0; 256];
    while matches!(input.read(&mut scrap).await, Ok(1..)) {}
}

fn read_secret(file: Option<&Path>) -> Result<Secret> {
    let secret = match (file, std::env::var(SECRET_VARIABLE)) {
        (Some(path), _) => {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        (None, Ok(secret)) => secret,
        (None, Err(_)) => bail!("no secret: give --secret-file or {SECRET_VARIABLE}"),
    };
    let secret = secret.trim().to_owned();
    if secret.is_empty() {
        bail!("the secret is empty");
    }
    Ok(Secret(secret))
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "worker".to_owned(),
        name => name.chars().take(64).collect(),
    }
}

/// With the limits of affinity and control groups.
fn all_cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |count| count.get() as f64)
}

fn start_logging(filter: &str, format: LogFormat) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).context("--log")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["lianmai-worker", "--gateway", "ws://h/w", "--user", "7:8"]).unwrap();
        assert_eq!((cli.user, cli.spares), (Identity { uid: 7, gid: 8 }, 1));
        for bad in [
            &["lianmai-worker", "--capacity", "-1"][..],
            &["lianmai-worker", "--user", "0:0"],
            &["lianmai-worker", "--gateway", "http://h"],
            &["lianmai-worker", "--secret", "x"],
        ] {
            assert!(Cli::try_parse_from(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_comes_out_of_a_file_and_into_no_log() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush\n").unwrap();
        let secret = read_secret(Some(file.path())).unwrap();
        assert_eq!(secret.0, "hush");
        assert!(!format!("{secret:?}").contains("hush"));
        std::fs::write(file.path(), " \n").unwrap();
        assert!(read_secret(Some(file.path())).is_err());
    }
}
