//! Recordings of deleted apps go one by one, each as if it were deleted itself; then what is left of the app.
//!
//! What still runs ends by itself, because its room is gone. What the disk does not give up is tried again, at last once a
//! minute; what the storage has is removed by a queue of its own. The apps' rows are the memory: all goes on after a
//! restart.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::AppId;

use super::{RecordingFilter, Recordings};
use crate::service::ServiceError;
use crate::store::Op;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Recordings in memory at a time.
const PAGE: usize = 200;

impl Recordings {
    /// An app was deleted that has recordings.
    pub(crate) fn app_deleted(&self) {
        self.cleanup.notify_one();
    }
}

/// Runs for ever.
pub(super) async fn run(recordings: Arc<Recordings>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let leaving = recordings.core.apps.leaving();
        let mut has_gone = false;
        for app in &leaving {
            match clear(&recordings, app).await {
                Ok(gone) => has_gone |= gone,
                Err(error) => {
                    tracing::error!(%app, %error, "recordings of a deleted app were not deleted yet");
                }
            }
        }
        pause = match has_gone {
            true => FIRST_PAUSE,
            false => pause.saturating_mul(2).min(MAX_PAUSE),
        };
        let is_all = recordings.core.apps.leaving().is_empty();
        tokio::select! {
            () = recordings.cleanup.notified() => pause = FIRST_PAUSE,
            () = tokio::time::sleep(pause), if !is_all => {}
        }
    }
}

/// Deletes what can be; whether nothing is left of the app.
async fn clear(recordings: &Recordings, app: &AppId) -> Result<bool, ServiceError> {
    let store = &recordings.core.store;
    let mut filter = RecordingFilter {
        limit: PAGE,
        ..RecordingFilter::default()
    };
    let mut failed = None;
    loop {
        let page = store.recordings(app, &filter).await?;
        let Some(last) = page.last() else { break };
        filter.after = Some(last.position);
        for recording in page.iter().filter(|recording| recording.state.is_over()) {
            if let Err(error) = recordings.erase(recording).await {
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)?;
    if store.count_recordings(app).await? > 0 {
        // They are ending.
        return Ok(false);
    }
    if let Some(dir) = &recordings.config.dir {
        let removed = tokio::fs::remove_dir_all(dir.join(app.as_str())).await;
        if let Err(error) = removed
            && error.kind() != ErrorKind::NotFound
        {
            // Nothing that anybody knows of.
            tracing::warn!(%app, %error, "the folder of a deleted app was not removed");
        }
    }
    let delete = Op::DeleteApp {
        app: app.clone(),
        at: recordings.core.config.clock.now(),
    };
    store.write(vec![delete]).await?;
    let is_gone = !store.deleted_apps().await?.contains(app);
    if is_gone {
        recordings.core.apps.left(app);
        tracing::info!(%app, "all recordings of a deleted app are deleted");
    }
    Ok(is_gone)
}
