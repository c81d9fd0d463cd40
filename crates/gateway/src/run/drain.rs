//! Ending without losing anything that can be kept.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::build::Gateway;
use crate::signals::{Signals, Wish};

/// Stops taking work, says goodbye to every client, and ends at the latest after `deadline` or at a second
/// SIGTERM. What is stored stays for the next start.
pub(super) async fn drain(
    gateway: Gateway,
    deadline: Duration,
    stop: &CancellationToken,
    signals: &mut Signals,
) {
    tracing::info!(?deadline, connections = gateway.rtmp.connections(), "draining");
    stop.cancel();
    let Gateway {
        hub,
        service,
        rtmp,
        http,
        bridge,
        mut tasks,
        mut probes,
    } = gateway;
    let listeners = async { while tasks.join_next().await.is_some() {} };
    // At the same time: one RTMP player that takes nothing must not keep the others from their goodbye.
    let peers = async {
        if let Some(bridge) = bridge {
            bridge.shut_down().await;
        }
    };
    let leave = async {
        tokio::join!(
            rtmp.shut_down(),
            hub.shut_down(),
            peers,
            http.drained(),
            listeners
        )
    };
    let impatient = async { while signals.next().await != Wish::Stop {} };
    tokio::select! {
        _ = leave => tracing::info!("all clients have left"),
        () = tokio::time::sleep(deadline) => tracing::warn!("the deadline has passed; cutting off who is left"),
        () = impatient => tracing::warn!("told to stop again; cutting off who is left"),
    }
    tasks.shutdown().await;
    // Last, so that what happened while draining is stored.
    if tokio::time::timeout(deadline, service.shut_down()).await.is_err() {
        tracing::error!("the database did not close in time");
    }
    probes.shutdown().await;
}
