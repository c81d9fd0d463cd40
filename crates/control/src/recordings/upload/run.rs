//! Begins attempts when they are due.

use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::Timestamp;
use tokio::task::JoinSet;

use super::uploads::Uploads;
use super::{attempt, figures, removals};
use crate::recordings::Recordings;

/// Longest time between two looks, so that ages are shown as they are.
const LOOK: Duration = Duration::from_secs(5);
/// Wait after the database has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Runs for ever.
pub(in crate::recordings) async fn run(recordings: Arc<Recordings>, uploads: Arc<Uploads>) {
    tokio::join!(upload(&recordings, &uploads), remove(&recordings, &uploads));
}

async fn upload(recordings: &Arc<Recordings>, uploads: &Arc<Uploads>) {
    let clock = &recordings.core.config.clock;
    let mut attempts = JoinSet::new();
    loop {
        figures::show(recordings).await;
        let most = uploads.config.remote.parallel + uploads.busy() + 1;
        let queued = match recordings.core.store.queued_uploads(most).await {
            Ok(queued) => queued,
            Err(error) => {
                tracing::error!(%error, "waiting uploads could not be read");
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        };
        let mut next: Option<Timestamp> = None;
        for queued in queued {
            if uploads.is_busy(&queued.recording, queued.part) {
                continue;
            }
            if queued.next_at > clock.now() {
                next = Some(queued.next_at);
                break;
            }
            if let Some(busy) = uploads.begin(&queued.recording, queued.part) {
                attempts.spawn(attempt::run(recordings.clone(), uploads.clone(), queued, busy));
            }
        }
        let look = Timestamp::from_millis(clock.now().as_millis().saturating_add(LOOK.as_millis() as u64));
        tokio::select! {
            Some(ended) = attempts.join_next() => if let Err(error) = ended {
                tracing::error!(%error, "an upload failed to run");
                tokio::time::sleep(STORE_PAUSE).await;
            },
            () = uploads.wake.notified() => {}
            () = clock.sleep_until(next.map_or(look, |next| next.min(look))) => {}
        }
    }
}

async fn remove(recordings: &Recordings, uploads: &Uploads) {
    let clock = &recordings.core.config.clock;
    loop {
        let next = removals::round(recordings, uploads).await;
        let timer = async {
            match next {
                Some(next) => clock.sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = timer => {}
            () = uploads.deleted.notified() => {}
        }
    }
}
