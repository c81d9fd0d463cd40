//! Waiting for streams to come on air, without asking again and again.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use lianmai_hub::{Hub, StreamEvent, StreamKey};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Who waits for which stream.
pub(super) struct Air {
    hub: Hub,
    waiting: Mutex<HashMap<StreamKey, Weak<Notify>>>,
}

impl Air {
    pub(super) fn new(hub: Hub) -> Self {
        Self {
            hub,
            waiting: Mutex::default(),
        }
    }

    pub(super) fn is_on(&self, key: &StreamKey) -> bool {
        self.hub.stats(key).is_some_and(|stats| stats.on_air)
    }

    /// Waits until the stream is on air.
    pub(super) async fn wait(&self, key: &StreamKey) {
        let bell = self.bell(key);
        loop {
            let mut rung = std::pin::pin!(bell.notified());
            rung.as_mut().enable();
            if self.is_on(key) {
                return;
            }
            rung.await;
        }
    }

    /// Wakes those who wait, as the hub's events say.
    pub(super) async fn watch(&self, mut events: Receiver<StreamEvent>) {
        loop {
            match events.recv().await {
                Ok(StreamEvent::OnAir { key, .. }) => self.ring(|other| *other == key),
                Ok(StreamEvent::OffAir { .. }) => {}
                // Any of them may have been among those lost.
                Err(RecvError::Lagged(_)) => self.ring(|_| true),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn bell(&self, key: &StreamKey) -> Arc<Notify> {
        let mut waiting = self.waiting.lock();
        if let Some(bell) = waiting.get(key).and_then(Weak::upgrade) {
            return bell;
        }
        waiting.retain(|_, bell| bell.strong_count() > 0);
        let bell = Arc::new(Notify::new());
        waiting.insert(key.clone(), Arc::downgrade(&bell));
        bell
    }

    fn ring(&self, whose: impl Fn(&StreamKey) -> bool) {
        let waiting = self.waiting.lock();
        let bells = waiting.iter().filter(|(key, _)| whose(key));
        for bell in bells.filter_map(|(_, bell)| bell.upgrade()) {
            bell.notify_waiters();
        }
    }
}
