//! The worker itself: takes jobs from a gateway, gives each a process of its own, and tells how they are.
//!
//! It decodes nothing and links FFmpeg only because it is one program with its jobs. One spare process stands by, loaded
//! and confined, so that a job begins at once. When the connection to the gateway breaks, all jobs end: the gateway hands
//! them out anew.

mod admission;
mod backoff;
mod child;
mod jobs;
mod link;
mod load;
mod session;
mod spare;

use std::future::Future;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use link::GatewayUrl;

use crate::calibrate::Costs;
use crate::job::Identity;
use admission::Admission;
use backoff::Backoff;
use spare::Spares;

/// A connection that stood this long begins the waiting times anew.
const STABLE: Duration = Duration::from_secs(10);
/// For measuring what jobs cost here.
const CALIBRATION_LIMIT: Duration = Duration::from_secs(10);

/// Settings of a worker.
#[derive(Clone, Debug)]
pub(crate) struct WorkerConfig {
    /// Where the gateway takes workers.
    pub(crate) gateway: GatewayUrl,
    /// What the worker shows there.
    pub(crate) secret: Secret,
    /// Its name in logs and metrics.
    pub(crate) name: String,
    /// Cores it may use.
    pub(crate) capacity: f64,
    /// Whether to measure first what jobs cost.
    pub(crate) measure: bool,
    /// Processes that stand by.
    pub(crate) spares: usize,
    /// Who jobs become when the worker is root.
    pub(crate) identity: Identity,
}

/// A secret that no log shows.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Works until `stop`, through any number of connections.
pub(crate) async fn run(config: WorkerConfig, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let spares = Spares::start(
        &tasks,
        child::Launcher::new(config.identity),
        config.spares,
        &stop,
    );
    let (measure, costs) = watch::channel(Costs::default());
    if config.measure {
        let (identity, stopping) = (config.identity, stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                costs = measured(identity) => measure.send_replace(costs),
                () = stopping.cancelled() => return,
            };
        });
    }
    let admission = Admission::new(config.capacity, costs);
    let mut backoff = Backoff::default();
    let mut said: Option<String> = None;
    while !stop.is_cancelled() {
        let since = tokio::time::Instant::now();
        let ended = tokio::select! {
            link = link::connect(&config.gateway, &config.secret) => match link {
                Ok(link) => session::serve(link, &config, &admission, &spares, &stop).await,
                Err(error) => Err(error),
            },
            () = stop.cancelled() => break,
        };
        if stop.is_cancelled() {
            break;
        }
        if let Err(error) = ended {
            // Once: the next attempts most likely end the same way.
            let error = error.to_string();
            if said.as_ref() == Some(&error) {
                tracing::debug!(gateway = %config.gateway, error, "still no connection to the gateway");
            } else {
                tracing::warn!(gateway = %config.gateway, error, "no connection to the gateway");
                said = Some(error);
            }
        }
        if since.elapsed() >= STABLE {
            backoff = Backoff::default();
            said = None;
        }
        let wait = backoff.next(rand::random());
        unless_stopped(&stop, tokio::time::sleep(wait)).await;
    }
    tasks.close();
    tasks.wait().await;
}

async fn unless_stopped(stop: &CancellationToken, future: impl Future<Output = ()>) {
    tokio::select! {
        () = future => {}
        () = stop.cancelled() => {}
    }
}

/// What jobs cost on this machine, measured by a process of its own; the usual figures when that fails.
async fn measured(identity: Identity) -> Costs {
    let mut command = Command::new(child::PROGRAM);
    command
        .arg("calibrate")
        .args(["--user", &identity.to_string()])
        .env_clear()
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(CALIBRATION_LIMIT, command.output()).await;
    let costs = match output {
        Ok(Ok(output)) if output.status.success() => serde_json::from_slice(&output.stdout).ok(),
        _ => None,
    };
    match costs {
        Some(costs) => {
            tracing::info!(?costs, "measured what jobs cost");
            costs
        }
        None => {
            tracing::warn!("what jobs cost could not be measured");
            Costs::default()
        }
    }
}
