//! Processes that stand by, loaded and confined, so that a job need not wait for one.

use std::io;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::child::{JobProcess, Launcher};

/// Between attempts when processes cannot be started.
const RETRY: Duration = Duration::from_secs(1);
/// Requests that may wait; each belongs to one job being started.
const MAX_REQUESTS: usize = 64;

/// The processes that stand by. One task keeps them.
#[derive(Clone, Debug)]
pub(super) struct Spares {
    launcher: Launcher,
    requests: mpsc::Sender<oneshot::Sender<JobProcess>>,
}

impl Spares {
    /// Keeps `count` processes standing by until `stop`.
    pub(super) fn start(
        tasks: &TaskTracker,
        launcher: Launcher,
        count: usize,
        stop: &CancellationToken,
    ) -> Spares {
        let (requests, waiting) = mpsc::channel(MAX_REQUESTS);
        let stop = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = keep(launcher, count, waiting) => {}
                () = stop.cancelled() => {}
            }
        });
        Spares { launcher, requests }
    }

    /// A process that is ready: one standing by, or else a new one.
    ///
    /// # Errors
    /// When none can be started.
    pub(super) async fn take(&self) -> io::Result<JobProcess> {
        let (reply, process) = oneshot::channel();
        if self.requests.try_send(reply).is_ok()
            && let Ok(process) = process.await
        {
            return Ok(process);
        }
        self.launcher.launch().await
    }
}

/// Answers each request at once: with a process that stands by, or by letting go of it.
async fn keep(launcher: Launcher, count: usize, mut requests: mpsc::Receiver<oneshot::Sender<JobProcess>>) {
    let mut ready: Vec<JobProcess> = Vec::new();
    let mut launching = JoinSet::new();
    let mut retry_at = Instant::now();
    loop {
        while ready.len() + launching.len() < count {
            launching.spawn(async move {
                tokio::time::sleep_until(retry_at).await;
                launcher.launch().await
            });
        }
        tokio::select! {
            request = requests.recv() => {
                let Some(reply) = request else { return };
                if let Some(index) = ready.iter_mut().position(JobProcess::is_alive) {
                    // When the requester went away, the process ends with this.
                    let _ = reply.send(ready.swap_remove(index));
                }
            }
            Some(launched) = launching.join_next() => match launched {
                Ok(Ok(process)) => ready.push(process),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "no process to stand by");
                    retry_at = Instant::now() + RETRY;
                }
                Err(error) => tracing::error!(%error, "launching panicked"),
            },
            () = first_gone(&mut ready), if !ready.is_empty() => {
                tracing::warn!("a process standing by ended");
                ready.retain_mut(JobProcess::is_alive);
                retry_at = Instant::now() + RETRY;
            }
        }
    }
}

/// Waits until the first of `ready` ends; the others are looked at when they are wanted.
async fn first_gone(ready: &mut [JobProcess]) {
    match ready.first_mut() {
        Some(first) => first.gone().await,
        None => std::future::pending().await,
    }
}
