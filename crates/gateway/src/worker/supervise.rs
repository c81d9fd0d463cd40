//! Starting the worker, and starting it again when it ends.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use lianmai_control::workers::WorkerSecret;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::output::forward;

/// What a worker keeps of the gateway's environment.
const KEPT: [&str; 4] = ["PATH", "LANG", "TZ", "LD_LIBRARY_PATH"];
/// Time for a worker to end by itself when it is told to.
const FAREWELL: Duration = Duration::from_secs(2);
/// Time for its last words, which a process that it left behind may hold open.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The worker to run.
#[derive(Clone, Debug)]
pub struct LocalWorker {
    /// Its program.
    pub command: PathBuf,
    /// `ws://…/internal/worker`
    pub gateway: String,
    /// What it proves itself with.
    pub secret: WorkerSecret,
    /// Cores its jobs may use; `None`: all.
    pub capacity: Option<f64>,
    /// Whether it measures first what jobs cost.
    pub measure: bool,
    /// Who its jobs become when it runs as root: `<uid>:<gid>`; `None`: nobody.
    pub user: Option<String>,
    /// What it logs: a level, or directives.
    pub log: String,
}

/// How soon a worker that ended is started again.
#[derive(Clone, Copy, Debug)]
pub struct Restarts {
    /// Wait after a worker that had run for long.
    pub first: Duration,
    /// Longest wait; it doubles from worker to worker that ends soon.
    pub most: Duration,
    /// What is not soon.
    pub stable: Duration,
}

impl Default for Restarts {
    fn default() -> Restarts {
        Restarts {
            first: Duration::from_millis(100),
            most: Duration::from_secs(5),
            stable: Duration::from_secs(10),
        }
    }
}

impl Restarts {
    /// The wait after a worker that ran for `lived`, the `soon`th in a row that ended soon, itself counted.
    fn wait(&self, lived: Duration, soon: &mut u32) -> Duration {
        *soon = if lived >= self.stable {
            0
        } else {
            soon.saturating_add(1)
        };
        let doublings = soon.saturating_sub(1).min(16);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }
}

/// Keeps `worker` running until `stop`, then ends it. Dropping the future kills it at once.
pub async fn supervise(worker: LocalWorker, restarts: Restarts, stop: CancellationToken) {
    metrics::counter!("lianmai_worker_restarts_total").increment(0);
    let mut soon = 0;
    while !stop.is_cancelled() {
        let began = Instant::now();
        match worker.command().spawn() {
            Ok(child) => {
                let pid = child.id().unwrap_or_default();
                tracing::info!(pid, "the local worker was started");
                match run(child, &stop).await {
                    Some(status) => tracing::error!(pid, %status, "the local worker ended"),
                    None => return,
                }
            }
            Err(error) => {
                tracing::error!(%error, command = %worker.command.display(), "the local worker cannot be started");
            }
        }
        let wait = restarts.wait(began.elapsed(), &mut soon);
        if stop.run_until_cancelled(sleep(wait)).await.is_some() {
            metrics::counter!("lianmai_worker_restarts_total").increment(1);
        }
    }
}

/// Until the worker ends, which gives its status, or until `stop`, after which it has ended, too.
async fn run(mut child: Child, stop: &CancellationToken) -> Option<ExitStatus> {
    // Held open: a worker ends when it closes, and it closes with the gateway.
    let stdin = child.stdin.take();
    let mut words = JoinSet::new();
    words.spawn(forward(child.stdout.take()));
    words.spawn(forward(child.stderr.take()));
    let status = stop.run_until_cancelled(child.wait()).await;
    drop(stdin);
    if status.is_none() && timeout(FAREWELL, child.wait()).await.is_err() {
        tracing::warn!("the local worker does not end; it is killed");
        let _ = child.kill().await;
    }
    let heard = async { while words.join_next().await.is_some() {} };
    let _ = timeout(LAST_WORDS, heard).await;
    // Without a status it cannot be waited for; it is taken for ended, and killed with `child`.
    status.map(Result::unwrap_or_default)
}

impl LocalWorker {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.command);
        command
            .arg("--with-parent")
            .args(["--gateway", &self.gateway, "--name", "local"])
            .args(["--log", &self.log, "--log-format", "json"])
            .env_clear()
            .envs(
                KEPT.iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            // Not an argument: everybody on the machine could read it there.
            .env("LIANMAI_WORKER_SECRET", self.secret.expose())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the gateway, which ends the worker when it has drained.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(cores) = self.capacity {
            command.args(["--capacity", &cores.to_string()]);
        }
        if !self.measure {
            command.arg("--no-measure");
        }
        if let Some(user) = &self.user {
            command.args(["--user", user]);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rapid_ends_wait_longer_and_a_long_life_forgives() {
        let restarts = Restarts::default();
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(11));
        let mut soon = 0;
        let waits: Vec<u128> = (0..8)
            .map(|_| restarts.wait(short, &mut soon).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(restarts.wait(long, &mut soon).as_millis(), 100);
        assert_eq!(restarts.wait(short, &mut soon).as_millis(), 100);
    }
}
