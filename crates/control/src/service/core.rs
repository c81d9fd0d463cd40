//! What all parts of the service share, and the one way in which anything changes.

use std::sync::{Arc, OnceLock};

use lianmai_hub::Hub;
use lianmai_rooms::AppId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::effects::Effects;
use super::password::Passwords;
use super::state::{State, Tx};
use super::{Apps, ServiceConfig, ServiceError, rows};
use crate::bypass::Bypass;
use crate::events::{Journals, RoomEvent};
use crate::mixing::Mixing;
use crate::signals::Board;
use crate::store::{Store, StoreError};
use crate::webhook::Webhooks;
use crate::webrtc::Webrtc;

pub(crate) struct Core {
    pub(crate) config: ServiceConfig,
    /// The part of the settings that a reload changes.
    pub(crate) live: arc_swap::ArcSwap<super::reload::Live>,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) apps: Arc<Apps>,
    pub(crate) state: Mutex<State>,
    pub(crate) journals: Arc<Journals>,
    pub(crate) effects: Arc<Effects>,
    pub(crate) webhooks: Arc<Webhooks>,
    /// What passes in rooms and is not kept.
    pub(crate) signals: Board,
    /// What mixes are to be.
    pub(crate) mixing: Arc<Mixing>,
    /// Streams pushed to other servers.
    pub(crate) bypass: Arc<Bypass>,
    /// Set once, when the gateway speaks WebRTC.
    pub(crate) webrtc: Arc<OnceLock<Arc<Webrtc>>>,
    pub(crate) passwords: Passwords,
    /// Told after every change: the next deadline may be another one.
    pub(crate) changed: Notify,
}

impl Core {
    /// Changes the state and waits until the change is durable and told.
    ///
    /// Takes a place in the queue of writes first, so that the order of writes is that of changes although nothing
    /// waits under the lock. When the caller goes away after the change was made, it is still written and told.
    pub(crate) async fn change<T>(
        &self,
        change: impl FnOnce(&mut State, &mut Tx) -> Result<T, ServiceError>,
    ) -> Result<(T, Vec<Arc<RoomEvent>>), ServiceError> {
        let place = self.store.reserve().await?;
        let (result, events, pending) = {
            let mut state = self.state.lock();
            let mut tx = Tx::new(self.config.clock.now());
            let result = change(&mut state, &mut tx);
            if tx.is_empty() {
                return result.map(|value| (value, Vec::new()));
            }
            let (ops, told) = rows::of(self, &state, tx);
            let events = told.events.iter().map(|(event, _)| event.clone()).collect();
            let effects = self.effects.clone();
            let pending = place.send(ops, Some(Box::new(move || effects.run(told))));
            (result, events, pending)
        };
        self.changed.notify_one();
        let durable = pending.durable().await;
        let value = result?;
        durable?;
        Ok((value, events))
    }

    /// As [`Core::change`], for what the gateway does by itself: a failure to store is logged, not answered.
    pub(crate) async fn change_quietly(
        &self,
        change: impl FnOnce(&mut State, &mut Tx),
    ) -> Result<(), StoreError> {
        let changed = self.change(|state, tx| {
            change(state, tx);
            Ok(())
        });
        if let Err(error) = changed.await {
            tracing::error!(%error, "a change by the gateway itself was not stored");
        }
        if self.store.is_closed() {
            Err(StoreError::Closed)
        } else {
            Ok(())
        }
    }

    /// Webhook targets of an app.
    pub(crate) fn targets(&self, app: &AppId) -> Vec<String> {
        self.apps
            .get(app)
            .map_or_else(Vec::new, |app| app.policy.webhooks.clone())
    }
}
