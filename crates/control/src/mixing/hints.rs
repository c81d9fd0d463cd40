//! What may have changed what a mix is to be. Everything here is only a hint: what counts is looked up.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lianmai_hub::StreamKey;
use lianmai_rooms::{AppId, EventKind, RoomId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::PlanBoard;
use super::asset::Assets;
use crate::events::RoomEvent;

/// Sounds without a member that are asked for at the same time; of more, those that nobody plays yet are forgotten.
const MAX_ASKED: usize = 4_096;

/// What the rest of the gateway knows of mixes.
#[derive(Debug, Default)]
pub(crate) struct Mixing {
    /// What mixes are to be.
    pub(crate) plans: PlanBoard,
    changed: Mutex<HashSet<(AppId, RoomId)>>,
    wake: Notify,
    asked: Mutex<HashMap<StreamKey, Instant>>,
    assets: Mutex<KnownAssets>,
    uploading: tokio::sync::Mutex<()>,
}

/// Pictures of rooms whose mixes show some, and how often any changed.
#[derive(Debug, Default)]
struct KnownAssets {
    version: u64,
    of_room: HashMap<(AppId, RoomId), Arc<Assets>>,
}

impl Mixing {
    /// Something in this room changed that may matter.
    pub(crate) fn hint(&self, app: &AppId, room: &RoomId) {
        self.changed.lock().insert((app.clone(), room.clone()));
        self.wake.notify_one();
    }

    /// Something happened in a room.
    pub(crate) fn hear(&self, event: &RoomEvent) {
        let is_nothing = matches!(
            event.event.kind,
            EventKind::CustomMessage { .. }
                | EventKind::PullGranted { .. }
                | EventKind::UrlReissued { .. }
                | EventKind::AttributeSet { .. }
                | EventKind::AttributeDeleted { .. }
                | EventKind::RequestOpened { .. }
                | EventKind::RequestClosed { .. }
        );
        if matches!(
            event.event.kind,
            EventKind::MixStopped { .. } | EventKind::RoomEnded { .. }
        ) {
            self.assets_changed(&event.app, &event.room);
        } else if !is_nothing {
            self.hint(&event.app, &event.room);
        }
    }

    /// The rooms that may have changed since the last call; waits for one.
    pub(super) async fn changed(&self) {
        loop {
            if !self.changed.lock().is_empty() {
                return;
            }
            self.wake.notified().await;
        }
    }

    pub(super) fn take_changed(&self) -> HashSet<(AppId, RoomId)> {
        std::mem::take(&mut *self.changed.lock())
    }

    /// Held while pictures are counted and one is added.
    pub(super) fn uploading(&self) -> &tokio::sync::Mutex<()> {
        &self.uploading
    }

    /// The pictures of a room changed, or it has ended.
    pub(crate) fn assets_changed(&self, app: &AppId, room: &RoomId) {
        {
            let mut assets = self.assets.lock();
            assets.version += 1;
            assets.of_room.remove(&(app.clone(), room.clone()));
        }
        self.hint(app, room);
    }

    pub(super) fn known_assets(&self, app: &AppId, room: &RoomId) -> Option<Arc<Assets>> {
        let assets = self.assets.lock();
        assets.of_room.get(&(app.clone(), room.clone())).cloned()
    }

    pub(super) fn assets_version(&self) -> u64 {
        self.assets.lock().version
    }

    /// Remembers what was read, unless something changed since `version`.
    pub(super) fn keep_assets(&self, app: &AppId, room: &RoomId, all: Arc<Assets>, version: u64) {
        let mut assets = self.assets.lock();
        if assets.version == version {
            assets.of_room.insert((app.clone(), room.clone()), all);
        }
    }

    /// Somebody is about to play the sound of a mix without one member.
    pub(crate) fn ask(&self, app: &AppId, room: &RoomId, sound: StreamKey) {
        {
            let mut asked = self.asked.lock();
            if asked.len() < MAX_ASKED || asked.contains_key(&sound) {
                asked.insert(sound, Instant::now());
            } else {
                metrics::counter!("lianmai_mix_sounds_refused_total").increment(1);
            }
        }
        self.hint(app, room);
    }

    /// The sounds that are asked for and for which `is_wanted` holds, given when they were asked for last; the others of
    /// the same mix are forgotten.
    pub(super) fn asked(
        &self,
        of_mix: impl Fn(&StreamKey) -> bool,
        is_wanted: impl Fn(&StreamKey, Instant) -> bool,
    ) -> Vec<StreamKey> {
        let mut asked = self.asked.lock();
        asked.retain(|key, at| !of_mix(key) || is_wanted(key, *at));
        let mut keys: Vec<StreamKey> = asked.keys().filter(|key| of_mix(key)).cloned().collect();
        keys.sort();
        keys
    }
}
