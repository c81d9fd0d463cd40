//! What attempts share: the storage, the settings, and which are under way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lianmai_recorder::upload::{OpenRemoteError, Place, Remote};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::UploadConfig;
use crate::recordings::Recording;

/// Files that are sent on to clients at a time.
const READERS: usize = 64;

type PartId = (String, u32);

/// Uploads of one gateway.
pub(in crate::recordings) struct Uploads {
    pub(super) config: UploadConfig,
    pub(super) remote: Remote,
    /// There is more to upload.
    pub(in crate::recordings) wake: Notify,
    /// There is more to remove.
    pub(in crate::recordings) deleted: Notify,
    pub(super) readers: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    busy: HashMap<PartId, Attempt>,
    /// Recordings that are being deleted.
    held: HashSet<String>,
}

struct Attempt {
    stop: CancellationToken,
    over: CancellationToken,
}

impl Uploads {
    pub(in crate::recordings) fn open(config: &UploadConfig) -> Result<Arc<Self>, OpenRemoteError> {
        Ok(Arc::new(Self {
            remote: Remote::open(config.remote.clone())?,
            config: config.clone(),
            wake: Notify::new(),
            deleted: Notify::new(),
            readers: Arc::new(Semaphore::new(READERS)),
            state: Mutex::default(),
        }))
    }

    /// Where the files of a recording go.
    pub(super) fn place_of(&self, recording: &Recording) -> Place {
        let root = self.remote.place(&self.config.prefix);
        root.join(recording.app.as_str()).join(&recording.id)
    }

    /// Parts under way.
    pub(super) fn busy(&self) -> usize {
        self.state.lock().busy.len()
    }

    /// A place for an attempt; `None` when it runs already, its recording is being deleted, or enough others run.
    pub(super) fn begin(self: &Arc<Self>, recording: &str, part: u32) -> Option<Busy> {
        let id = (recording.to_owned(), part);
        let mut state = self.state.lock();
        let is_full = state.busy.len() >= self.config.remote.parallel.max(1);
        if is_full || state.held.contains(recording) || state.busy.contains_key(&id) {
            return None;
        }
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        let busy = Busy {
            uploads: self.clone(),
            id: id.clone(),
            stop: stop.clone(),
            _over: over.clone().drop_guard(),
        };
        state.busy.insert(id, Attempt { stop, over });
        Some(busy)
    }

    pub(super) fn is_busy(&self, recording: &str, part: u32) -> bool {
        let state = self.state.lock();
        state.held.contains(recording) || state.busy.contains_key(&(recording.to_owned(), part))
    }

    /// Stops the attempts of a recording and lets none begin, until what is returned is dropped.
    pub(in crate::recordings) async fn hold(self: &Arc<Self>, recording: &str) -> Held {
        let held = Held {
            uploads: self.clone(),
            recording: recording.to_owned(),
        };
        let under_way: Vec<CancellationToken> = {
            let mut state = self.state.lock();
            state.held.insert(recording.to_owned());
            let of_it = state.busy.iter().filter(|((id, _), _)| id == recording);
            of_it
                .map(|(_, attempt)| {
                    attempt.stop.cancel();
                    attempt.over.clone()
                })
                .collect()
        };
        for over in under_way {
            over.cancelled().await;
        }
        held
    }
}

/// An attempt under way.
pub(super) struct Busy {
    uploads: Arc<Uploads>,
    id: PartId,
    pub(super) stop: CancellationToken,
    _over: DropGuard,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.uploads.state.lock().busy.remove(&self.id);
    }
}

/// A recording of which nothing is uploaded meanwhile.
pub(in crate::recordings) struct Held {
    uploads: Arc<Uploads>,
    recording: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.uploads.state.lock().held.remove(&self.recording);
        self.uploads.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use lianmai_recorder::upload::{RemoteConfig, SecretKey};

    use super::*;

    #[tokio::test]
    async fn what_is_deleted_is_not_uploaded() {
        let remote = RemoteConfig {
            parallel: 2,
            ..RemoteConfig::new("b", "k", SecretKey::new("s"))
        };
        let uploads = Uploads::open(&UploadConfig::new(remote)).unwrap();
        let first = uploads.begin("a", 1).unwrap();
        assert!(uploads.begin("a", 1).is_none(), "it runs");
        let second = uploads.begin("b", 1).unwrap();
        assert!(uploads.begin("b", 2).is_none(), "two at a time");
        drop(second);
        let (held, ()) = tokio::join!(uploads.hold("a"), async {
            first.stop.cancelled().await;
            drop(first);
        });
        assert!(uploads.begin("a", 2).is_none() && uploads.is_busy("a", 2));
        assert!(uploads.begin("b", 1).is_some());
        drop(held);
        assert!(uploads.begin("a", 2).is_some());
        assert_eq!(uploads.busy(), 0);
    }
}
