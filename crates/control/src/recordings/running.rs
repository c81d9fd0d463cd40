//! The recordings that run, and what they share.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lianmai_recorder::Recording as Handle;
use lianmai_rooms::{AppId, StreamId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::upload::{OpenRemoteError, Uploads};
use super::{Part, Recording, RecordingConfig};
use crate::service::Core;
use crate::store::{Op, StoreError, UploadOp};

/// After a recording failed, how long its room's flags do not begin another one.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Everything that is recorded, was recorded, and waits to be uploaded.
pub struct Recordings {
    pub(super) config: RecordingConfig,
    pub(super) core: Arc<Core>,
    pub(super) running: Mutex<Running>,
    /// Something changed that only the follower of rooms can act on.
    pub(super) look: Notify,
    /// An app was deleted, or something ended that may be one's.
    pub(super) cleanup: Notify,
    /// `None` when everything stays on disk.
    pub(super) uploads: Option<Arc<Uploads>>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

#[derive(Default)]
pub(super) struct Running {
    pub(super) all: BTreeMap<String, Active>,
    /// Streams whose recording failed, and until when the rooms' flags wait.
    pub(super) failed: HashMap<(AppId, StreamId), Instant>,
}

/// A recording that has not ended.
pub(super) struct Active {
    pub(super) recording: Recording,
    /// Number for the next part.
    pub(super) next_part: u32,
    /// At work while the stream is on air.
    pub(super) writer: Option<Arc<Handle>>,
    /// It ends when its writer has closed the last part.
    pub(super) is_ending: bool,
}

impl Recordings {
    /// Repairs what a crash left and begins to work. `None` without a directory.
    ///
    /// # Errors
    /// The directory cannot be made, or the store cannot be read.
    pub(crate) async fn open(
        core: Arc<Core>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Result<Option<Arc<Self>>, OpenRecordingsError> {
        let config = core.config.recording.clone();
        let Some(dir) = config.dir.clone() else {
            return Ok(None);
        };
        std::fs::create_dir_all(&dir).map_err(|error| OpenRecordingsError::Dir { path: dir, error })?;
        let uploads = config.upload.as_ref().map(Uploads::open).transpose()?;
        let recordings = Arc::new(Self {
            config,
            core,
            running: Mutex::default(),
            look: Notify::new(),
            cleanup: Notify::new(),
            uploads: uploads.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        });
        if let Some(uploads) = &uploads {
            recordings.finish_uploads(uploads).await?;
        }
        recordings.restore().await?;
        let spawn = |task: futures_util::future::BoxFuture<'static, ()>| {
            tasks.spawn(stop.clone().run_until_cancelled_owned(task));
        };
        spawn(Box::pin(super::follow::run(recordings.clone())));
        spawn(Box::pin(super::retention::run(recordings.clone())));
        spawn(Box::pin(super::cleanup::run(recordings.clone())));
        if let Some(uploads) = uploads {
            let at = recordings.core.config.clock.now();
            let all = Op::Upload(UploadOp::QueueAll { at });
            recordings.core.store.write(vec![all]).await?;
            spawn(Box::pin(super::upload::run(recordings.clone(), uploads)));
        }
        Ok(Some(recordings))
    }

    /// The folder of a recording.
    pub(super) fn dir_of(&self, recording: &Recording) -> PathBuf {
        let root = self.config.dir.clone().unwrap_or_default();
        root.join(recording.app.as_str()).join(&recording.id)
    }

    /// Has a complete part wait for its upload, where there are any.
    pub(super) fn queue_upload(&self, part: &Part) -> Option<Op> {
        self.uploads.as_ref()?;
        Some(Op::Upload(UploadOp::Queue {
            recording: part.recording.clone(),
            part: part.part,
            at: self.core.config.clock.now(),
        }))
    }

    /// There is something to upload.
    pub(super) fn wake_uploads(&self) {
        if let Some(uploads) = &self.uploads {
            uploads.wake.notify_one();
        }
    }

    /// Writes rows; a failure is logged, because what is on disk is repaired at the next start.
    pub(super) async fn save(&self, ops: Vec<Op>) {
        if let Err(error) = self.core.store.write(ops).await {
            tracing::error!(%error, "the index of recordings was not written");
        }
    }

    /// What runs, counted.
    pub(super) fn show_gauges(&self) {
        let running = self.running.lock();
        let writing = running
            .all
            .values()
            .filter(|active| active.writer.is_some())
            .count();
        metrics::gauge!("lianmai_recordings").set(running.all.len() as f64);
        metrics::gauge!("lianmai_recordings_writing").set(writing as f64);
    }
}

impl std::fmt::Debug for Recordings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recordings")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum OpenRecordingsError {
    /// The directory cannot be made.
    #[error("recording.dir: {}: {error}", path.display())]
    Dir {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The storage cannot be reached as configured.
    #[error("recording.upload: {0}")]
    Upload(#[from] OpenRemoteError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
