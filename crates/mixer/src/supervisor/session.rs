//! One connection to the gateway, from hello to its end.

use std::time::Duration;

use lianmai_hub::job::{GatewayMessage, JOB_PROTOCOL, JobId, WorkerMessage};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::admission::Admission;
use super::child::JobEvent;
use super::jobs::{Jobs, Rejected};
use super::link::{Link, LinkError};
use super::spare::Spares;
use super::{WorkerConfig, admission};
use crate::job::Work;

const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Takes jobs until the connection ends or `stop`. All jobs have ended when it returns.
pub(super) async fn serve(
    mut link: Link,
    config: &WorkerConfig,
    admission: &Admission,
    spares: &Spares,
    stop: &CancellationToken,
) -> Result<(), LinkError> {
    let (mut jobs, mut events) = Jobs::new(spares.clone());
    let ended = async {
        link.say(&WorkerMessage::Hello {
            protocol: JOB_PROTOCOL,
            name: config.name.clone(),
            capacity: admission.capacity(),
        })
        .await?;
        let mut second = tokio::time::interval(REPORT_EVERY);
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = link.next() => handle(message?, &mut link, &mut jobs, admission).await?,
                Some((id, event)) = events.recv() => {
                    jobs.note(id, &event);
                    if let Some(message) = told(id, event) {
                        link.say(&message).await?;
                    }
                }
                _ = second.tick() => {
                    let (free, jobs) = jobs.report(admission);
                    link.say(&WorkerMessage::Report { free, jobs }).await?;
                    link.ping().await?;
                }
                () = stop.cancelled() => return Ok(()),
            }
        }
    }
    .await;
    // Its senders must not wait for us.
    drop(events);
    jobs.end().await;
    link.close().await;
    ended
}

async fn handle(
    message: GatewayMessage,
    link: &mut Link,
    jobs: &mut Jobs,
    admission: &Admission,
) -> Result<(), LinkError> {
    match message {
        GatewayMessage::Welcome => {
            tracing::info!("taken on by the gateway");
            Ok(())
        }
        GatewayMessage::Start { job } => start(Work::Transcode(job), link, jobs, admission).await,
        GatewayMessage::StartMix { job } => start(Work::Mix(job), link, jobs, admission).await,
        GatewayMessage::UpdateMix { job } => {
            let id = job.id;
            tracing::debug!(?job, "updating");
            if !jobs.update(job) {
                // It ended by itself while this was on its way, which is being told.
                tracing::info!(job = id.0, "an update of no job that runs");
            }
            Ok(())
        }
        GatewayMessage::Stop { id } => {
            if jobs.stop(id) {
                return Ok(());
            }
            // It may have ended by itself while this was on its way.
            link.say(&WorkerMessage::Stopped { id }).await
        }
    }
}

async fn start(work: Work, link: &mut Link, jobs: &mut Jobs, admission: &Admission) -> Result<(), LinkError> {
    let id = work.id();
    tracing::info!(?work, "starting");
    let answer = match jobs.start(work, admission) {
        Ok(()) => return Ok(()),
        Err(Rejected::NoRoom(admission::NoRoom { need, free })) => {
            tracing::warn!(job = id.0, need, free, "no room for a job");
            metrics::counter!("lianmai_worker_refused_jobs_total").increment(1);
            WorkerMessage::Refused { id, need, free }
        }
        Err(Rejected::Senseless(reason)) => WorkerMessage::Failed {
            id,
            reason: reason.to_owned(),
        },
    };
    link.say(&answer).await
}

/// What the gateway is told of an event.
fn told(id: JobId, event: JobEvent) -> Option<WorkerMessage> {
    match event {
        JobEvent::Process(pid) => {
            tracing::debug!(job = id.0, pid, "has a process");
            None
        }
        JobEvent::Started => {
            tracing::info!(job = id.0, "started");
            Some(WorkerMessage::Started { id })
        }
        JobEvent::Progress(_) => None,
        JobEvent::Ended(None) => {
            tracing::info!(job = id.0, "stopped");
            Some(WorkerMessage::Stopped { id })
        }
        JobEvent::Ended(Some(reason)) => {
            tracing::warn!(job = id.0, reason, "failed");
            metrics::counter!("lianmai_worker_failed_jobs_total").increment(1);
            Some(WorkerMessage::Failed { id, reason })
        }
    }
}
