//! From the store to a running service.

use std::sync::{Arc, OnceLock};

use lianmai_hub::Hub;
use lianmai_rooms::{AppId, Command, Event, Room, RoomId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::effects::Effects;
use super::password::Passwords;
use super::silence::Silence;
use super::state::State;
use super::{App, Apps, Core, ServiceConfig};
use crate::bypass::Bypass;
use crate::calls;
use crate::events::{Journals, RoomEvent};
use crate::mixing::Mixing;
use crate::signals::Board;
use crate::store::{Op, Store, StoreError};
use crate::webhook::Webhooks;

pub(super) async fn apps(config: &ServiceConfig, store: &Store) -> Result<Arc<Apps>, StoreError> {
    let apps = Apps::default();
    for stored in store.apps().await? {
        apps.insert(Arc::new(App::new(stored, &config.default_limits)));
    }
    // What was begun, or asked for while nobody was here to do it.
    let at = config.clock.now();
    let deleted = store.deleted_apps().await?.into_iter();
    let rows = deleted.map(|app| Op::DeleteApp { app, at }).collect();
    store.write(rows).await?;
    for app in store.deleted_apps().await? {
        apps.leave(&app);
    }
    Ok(Arc::new(apps))
}

pub(super) async fn core(
    config: ServiceConfig,
    store: Store,
    hub: Hub,
    apps: Arc<Apps>,
    webhooks: Arc<Webhooks>,
    bypass: Arc<Bypass>,
) -> Result<Core, StoreError> {
    let journals = Arc::new(Journals::new(config.journal_events, config.journal_bytes));
    let state = state(&config, &store, &journals).await?;
    for silence in state.rooms.iter().flat_map(Silence::of) {
        silence.enforce(&hub);
    }
    let webrtc = Arc::new(OnceLock::new());
    let mixing = Arc::new(Mixing::default());
    Ok(Core {
        effects: Arc::new(Effects {
            hub: hub.clone(),
            journals: journals.clone(),
            webhooks: webhooks.clone(),
            webrtc: webrtc.clone(),
            mixing: mixing.clone(),
            mail: Arc::default(),
            bypass: bypass.clone(),
            happened: tokio::sync::watch::Sender::new(()),
        }),
        passwords: Passwords::new(config.password_concurrency),
        state: Mutex::new(state),
        changed: Notify::new(),
        live: arc_swap::ArcSwap::from_pointee(super::reload::Live::of(&config)),
        config,
        store,
        hub,
        apps,
        journals,
        webhooks,
        signals: Board::default(),
        mixing,
        bypass,
        webrtc,
    })
}

async fn state(config: &ServiceConfig, store: &Store, journals: &Journals) -> Result<State, StoreError> {
    let mut state = State::new(&config.calls);
    for (name, snapshot) in store.room_snapshots().await? {
        let restored = Room::restore(snapshot).map_err(|error| error.to_string());
        let inserted = restored.and_then(|room| {
            let at = (room.app().clone(), room.id().clone(), room.sequence());
            state.insert(room).map_err(|error| error.to_string())?;
            Ok(at)
        });
        match inserted {
            Ok((app, room, sequence)) => journal(store, journals, &app, &room, sequence).await?,
            Err(error) => tracing::error!(room = name, error, "a room could not be restored"),
        }
    }
    for session in store.sessions().await? {
        state.sessions.insert(session, false);
    }
    calls::restore(store, &mut state, config.clock.now()).await?;
    Ok(state)
}

async fn journal(
    store: &Store,
    journals: &Journals,
    app: &AppId,
    room: &RoomId,
    sequence: u64,
) -> Result<(), StoreError> {
    let journal = journals.begin(app, room);
    for body in store.events_of(app, room).await? {
        let Ok(event) = serde_json::from_str::<Event>(&body) else {
            // Written by another version; whoever resumes behind it takes a view.
            continue;
        };
        if event.sequence > sequence {
            continue;
        }
        let event = RoomEvent {
            app: app.clone(),
            room: room.clone(),
            event,
        };
        journal.push(Arc::new(event), body.len());
    }
    journal.skip_to(sequence);
    Ok(())
}

/// Nobody is connected and nothing is on air after a start; everybody has the room's grace.
pub(super) async fn connections_lost(core: &Core) -> Result<(), StoreError> {
    core.change_quietly(|state, tx| {
        let rooms: Vec<(AppId, RoomId)> = state
            .rooms
            .iter()
            .map(|room| (room.app().clone(), room.id().clone()))
            .collect();
        for (app, room) in rooms {
            // A live room never refuses it.
            let _ = state.apply(&app, &room, Command::ConnectionsLost, tx);
        }
    })
    .await?;
    calls::rooms_lost(core).await
}
