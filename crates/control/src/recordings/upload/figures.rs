//! The queue in figures.

use crate::recordings::Recordings;

/// Shows them.
pub(super) async fn show(recordings: &Recordings) {
    let counts = match recordings.core.store.upload_counts().await {
        Ok(counts) => counts,
        Err(error) => {
            tracing::error!(%error, "waiting uploads could not be counted");
            return;
        }
    };
    let now = recordings.core.config.clock.now();
    let age = counts.oldest.map_or(0, |oldest| now.millis_since(oldest));
    metrics::gauge!("lianmai_uploads_waiting").set(counts.waiting as f64);
    metrics::gauge!("lianmai_uploads_waiting_bytes").set(counts.bytes as f64);
    metrics::gauge!("lianmai_uploads_oldest_seconds").set(age as f64 / 1_000.0);
    metrics::gauge!("lianmai_uploads_given_up").set(counts.given_up as f64);
    metrics::gauge!("lianmai_remote_removals_waiting").set(counts.removals as f64);
}
