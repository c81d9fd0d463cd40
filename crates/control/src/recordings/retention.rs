//! Recordings past their time are deleted.

use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::Timestamp;

use super::Recordings;

const EVERY: Duration = Duration::from_secs(60);

/// Runs for ever.
pub(super) async fn run(recordings: Arc<Recordings>) {
    let Some(kept) = recordings.config.retention else {
        return;
    };
    let kept = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
    let clock = recordings.core.config.clock.clone();
    loop {
        let before = Timestamp::from_millis(clock.now().as_millis().saturating_sub(kept));
        match recordings.core.store.recordings_before(before).await {
            Ok(old) => {
                for recording in old {
                    // Tried again at the next look; what it failed on is in the log.
                    let _ = recordings.erase(&recording).await;
                }
            }
            Err(error) => tracing::error!(%error, "old recordings could not be looked up"),
        }
        let next = clock.now().as_millis().saturating_add(EVERY.as_millis() as u64);
        clock.sleep_until(Timestamp::from_millis(next)).await;
    }
}
