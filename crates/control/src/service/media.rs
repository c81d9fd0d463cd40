//! From the hub to the rooms: media of a stream started or stopped.
//!
//! The hub's events are taken as hints; what counts is whether a stream is on air when the hint is looked at. So a lost
//! or late event does no lasting harm. Each publication gets a number higher than all before it (R-X1).

use std::collections::HashMap;
use std::sync::Arc;

use lianmai_hub::{StreamEvent, StreamKey};
use lianmai_rooms::{AppId, Command, Rejection, RoomId, StreamId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Core;

pub(super) struct Media {
    core: Arc<Core>,
    events: broadcast::Receiver<StreamEvent>,
    on_air: HashMap<StreamKey, u64>,
    last_epoch: u64,
}

impl Media {
    /// Listens from now on.
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self {
            events: core.hub.events(),
            core,
            on_air: HashMap::new(),
            last_epoch: 0,
        }
    }

    pub(super) async fn run(mut self) {
        self.synchronise().await;
        loop {
            match self.events.recv().await {
                Ok(StreamEvent::OnAir { key, .. }) => {
                    self.start(&key).await;
                    if !self.is_on_air(&key) {
                        self.stop(&key).await;
                    }
                }
                Ok(StreamEvent::OffAir { key }) => {
                    if !self.is_on_air(&key) {
                        self.stop(&key).await;
                    }
                }
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "events of the hub were lost; comparing all streams");
                    self.synchronise().await;
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn is_on_air(&self, key: &StreamKey) -> bool {
        self.core.hub.stats(key).is_some_and(|stats| stats.on_air)
    }

    async fn synchronise(&mut self) {
        let on_air: Vec<StreamKey> = {
            let all = self.core.hub.all_stats().into_iter();
            all.filter(|(_, stats)| stats.on_air)
                .map(|(key, _)| key)
                .collect()
        };
        let gone: Vec<StreamKey> = self
            .on_air
            .keys()
            .filter(|key| !on_air.contains(key))
            .cloned()
            .collect();
        for key in gone {
            self.stop(&key).await;
        }
        for key in on_air {
            if !self.on_air.contains_key(&key) {
                self.start(&key).await;
            }
        }
    }

    async fn start(&mut self, key: &StreamKey) {
        // Higher than any number before a restart, too.
        self.last_epoch = self.core.config.clock.now().as_millis().max(self.last_epoch + 1);
        let epoch = self.last_epoch;
        self.on_air.insert(key.clone(), epoch);
        let started = self
            .apply(key, |stream| Command::MediaStarted { stream, epoch })
            .await;
        if started == Err(Rejection::NoSuchStream) {
            // Unpublished between the grant and the first frame.
            self.core.hub.end(key);
        }
    }

    async fn stop(&mut self, key: &StreamKey) {
        if let Some(epoch) = self.on_air.remove(key) {
            // The stream may have been removed, which is what stopped it.
            let _ = self
                .apply(key, |stream| Command::MediaStopped { stream, epoch })
                .await;
        }
    }

    async fn apply(
        &self,
        key: &StreamKey,
        command: impl FnOnce(StreamId) -> Command,
    ) -> Result<(), Rejection> {
        let (Ok(app), Ok(stream)) = (AppId::parse(key.app()), StreamId::parse(key.stream())) else {
            return Err(Rejection::NoSuchStream);
        };
        if self.core.state.lock().sound_of(&app, &stream).is_some() {
            // Beside a mix, and of no room.
            return Ok(());
        }
        let mut result = Err(Rejection::NoSuchStream);
        let applied = self.core.change_quietly(|state, tx| {
            let room: Option<RoomId> = state.room_of(&app, &stream).map(|room| room.id().clone());
            if let Some(room) = room {
                result = state.apply(&app, &room, command(stream), tx).map(drop);
            }
        });
        // Only at shut-down is there nothing to store to any more.
        let _ = applied.await;
        result
    }
}
