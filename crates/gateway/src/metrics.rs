//! The Prometheus exporter: figures of all crates, and of the process.

use std::time::Duration;

use anyhow::Context;
use lianmai_bridge::Bridge;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// How often histograms are folded up, so that they stay small between scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counters of what should not happen. They are there from the start, because an alarm on a missing series never rings.
const ALARMING: [&str; 6] = [
    "lianmai_accept_errors_total",
    "lianmai_events_lagged_total",
    "lianmai_publishers_over_bitrate_total",
    "lianmai_reader_dropped_items_total",
    "lianmai_store_failed_writes_total",
    "lianmai_webhooks_dead_total",
];

/// Installs the recorder of this process.
///
/// # Errors
/// When there is one already.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .context("metrics recorder")?;
    for name in ALARMING {
        metrics::counter!(name).increment(0);
    }
    metrics::counter!("panics_total", "where" => "http").increment(0);
    Ok(handle)
}

/// Keeps the recorder small, for ever.
pub(crate) async fn upkeep(handle: PrometheusHandle, bridge: Option<Bridge>) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        handle.run_upkeep();
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        metrics::gauge!("lianmai_tasks").set(tasks as f64);
        if let Some(bridge) = &bridge {
            metrics::gauge!("lianmai_connections", "protocol" => "webrtc").set(bridge.peers() as f64);
        }
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("process_resident_memory_bytes").set(bytes);
        }
    }
}

fn resident_bytes() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096.0)
}
