//! Rooms: creating, listing, commands, events, the end.

use lianmai_hub::StreamKey;
use lianmai_rooms::layout::Layout;
use lianmai_rooms::{Actor, AppId, Command, NewRoom, Room, RoomId, RoomName, RoomView, SettingsChange};

use super::state::State;
use super::{
    App, Core, CreateRoom, Outcome, Password, RoomState, Service, ServiceError, StreamStatus, random,
};
use crate::events::Subscription;

/// Most rooms on one page.
const MAX_PAGE: usize = 500;

impl Service {
    /// Makes an empty room.
    ///
    /// # Errors
    /// `unknown_app`, `room_exists`, `name_conflict` (the error names the room), `too_many_rooms`,
    /// `password_check_busy`, `store_unavailable`.
    pub async fn create_room(&self, app: &AppId, request: CreateRoom) -> Result<RoomState, ServiceError> {
        let limits = self.core.apps.require(app)?.limits.clone();
        let CreateRoom {
            id,
            mut settings,
            password,
            creator,
        } = request;
        settings.password = match password {
            Some(password) => Some(self.core.passwords.hash(password).await?),
            None => None,
        };
        let id = match id {
            Some(id) => id,
            None => RoomId::parse(&random::id::<16>("r")).map_err(|_| ServiceError::invalid("id"))?,
        };
        let new = NewRoom {
            app: app.clone(),
            id: id.clone(),
            settings,
            creator,
        };
        let change = |state: &mut State, tx: &mut super::state::Tx| {
            // The app may have been deleted while the password was hashed.
            self.core.apps.require(app)?;
            if state.rooms.count(app) >= limits.rooms {
                return Err(lianmai_rooms::Rejection::TooManyRooms.into());
            }
            open_room(&self.core, new, state, tx)?;
            state.rooms.get(app, &id).map(room_state).ok_or_else(no_such_room)
        };
        let (room, _) = self.core.change(change).await?;
        metrics::counter!("lianmai_rooms_created_total").increment(1);
        Ok(room)
    }

    /// A page of an app's rooms in order of their ids: at most `limit` (cut to 500) after `after`.
    ///
    /// # Errors
    /// `unknown_app`.
    pub fn rooms(
        &self,
        app: &AppId,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomView>, ServiceError> {
        self.core.apps.require(app)?;
        let state = self.core.state.lock();
        let rooms = state.rooms.of_app(app);
        let rest = rooms.skip_while(|room| after.is_some_and(|after| room.id() <= after));
        Ok(rest.take(limit.clamp(1, MAX_PAGE)).map(Room::view).collect())
    }

    /// One room.
    ///
    /// # Errors
    /// `no_such_room`.
    pub fn room(&self, app: &AppId, room: &RoomId) -> Result<RoomState, ServiceError> {
        self.with_room(app, room, room_state)
    }

    /// The room of this name.
    ///
    /// # Errors
    /// `no_such_room`.
    pub fn room_by_name(&self, app: &AppId, name: &RoomName) -> Result<RoomState, ServiceError> {
        let state = self.core.state.lock();
        state
            .rooms
            .by_name(app, name)
            .map(room_state)
            .ok_or_else(no_such_room)
    }

    /// Carries out a command and waits until it is durable. Who acts is in the command and proven by the caller.
    /// Joining, publishing, subscribing and creating have methods of their own, because they need more than the room.
    ///
    /// # Errors
    /// What the room answers, limits of the app, `store_unavailable`.
    pub async fn apply(&self, app: &AppId, room: &RoomId, command: Command) -> Result<Outcome, ServiceError> {
        let limits = self.core.apps.require(app)?;
        let change = |state: &mut State, tx: &mut super::state::Tx| {
            check_limits(&limits, state, room, &command)?;
            state.apply(app, room, command, tx)?;
            Ok(state.rooms.get(app, room).map(Room::sequence))
        };
        let (sequence, events) = self.core.change(change).await?;
        let last = events.last().map_or(0, |event| event.event.sequence);
        Ok(Outcome {
            events,
            sequence: sequence.unwrap_or(last),
        })
    }

    /// Sets the password of a room, or opens it.
    ///
    /// # Errors
    /// As [`Service::apply`], and `password_check_busy`.
    pub async fn set_room_password(
        &self,
        app: &AppId,
        room: &RoomId,
        by: Actor,
        password: Option<Password>,
    ) -> Result<Outcome, ServiceError> {
        let password = match password {
            Some(password) => Some(self.core.passwords.hash(password).await?),
            None => None,
        };
        let change = SettingsChange {
            password: Some(password),
            ..SettingsChange::default()
        };
        self.apply(app, room, Command::UpdateSettings { by, change })
            .await
    }

    /// Ends a room for everybody.
    ///
    /// # Errors
    /// As [`Service::apply`].
    pub async fn destroy(&self, app: &AppId, room: &RoomId, by: Actor) -> Result<Outcome, ServiceError> {
        self.apply(app, room, Command::Destroy { by }).await
    }

    /// The events of a room after number `after`: those that are still kept, then new ones as they happen. If some
    /// are no longer kept, the first thing that comes is [`Next::Lagged`](crate::events::Next::Lagged). A room that
    /// ended less than five minutes ago still tells its end.
    ///
    /// # Errors
    /// `no_such_room`.
    pub fn events(&self, app: &AppId, room: &RoomId, after: u64) -> Result<Subscription, ServiceError> {
        let journal = self.core.journals.get(app, room).ok_or_else(no_such_room)?;
        Ok(journal.subscribe(after))
    }

    /// Signals of a room from now on, and what is the case now.
    pub(crate) fn signals(&self, app: &AppId, room: &RoomId) -> crate::signals::Listener {
        self.core.signals.listen(app, room)
    }

    /// What is known about the media of a room's streams.
    ///
    /// # Errors
    /// `no_such_room`.
    pub fn stream_stats(&self, app: &AppId, room: &RoomId) -> Result<Vec<StreamStatus>, ServiceError> {
        let streams = self.with_room(app, room, |room| {
            room.streams().map(|stream| stream.id.clone()).collect::<Vec<_>>()
        })?;
        let status = streams.into_iter().map(|id| StreamStatus {
            stats: self.core.hub.stats(&StreamKey::new(app.as_str(), id.as_str())),
            id,
        });
        Ok(status.collect())
    }

    pub(crate) fn with_room<T>(
        &self,
        app: &AppId,
        room: &RoomId,
        look: impl FnOnce(&Room) -> T,
    ) -> Result<T, ServiceError> {
        let state = self.core.state.lock();
        state.rooms.get(app, room).map(look).ok_or_else(no_such_room)
    }
}

/// Makes a room with the operator's usual mix.
pub(crate) fn open_room(
    core: &Core,
    new: NewRoom,
    state: &mut State,
    tx: &mut super::state::Tx,
) -> Result<(), ServiceError> {
    let (app, id) = (new.app.clone(), new.id.clone());
    state.create(new, tx)?;
    let usual = Layout::default();
    if core.config.mix_canvas != usual.canvas {
        let canvas = core.config.mix_canvas;
        let (by, layout) = (Actor::App, Box::new(Layout { canvas, ..usual }));
        state.apply(&app, &id, Command::UpdateMix { by, layout }, tx)?;
    }
    Ok(())
}

/// What one app may take, apart from what a room takes.
pub(crate) fn check_limits(
    app: &App,
    state: &State,
    room: &RoomId,
    command: &Command,
) -> Result<(), ServiceError> {
    let Some(room) = state.rooms.get(&app.id, room) else {
        return Ok(());
    };
    match command {
        Command::Join(join) => {
            let inside = room.member_of(&join.account).is_some();
            if !inside && room.members().len() >= app.limits.members_per_room {
                return Err(ServiceError::limit(
                    "app_limit_members",
                    "the app's rooms take no more members",
                ));
            }
        }
        Command::Publish(publish) => {
            let there = room.stream_of(Some(&publish.member), publish.kind).is_some();
            if !there && state.count_streams(&app.id) >= app.limits.streams {
                return Err(too_many_streams());
            }
        }
        Command::StartMix { .. }
            if room.mix().is_none() && state.count_streams(&app.id) >= app.limits.streams =>
        {
            return Err(too_many_streams());
        }
        Command::AddPush { .. } => {
            let pushes = |room: &Room| room.pushes().len();
            if state.rooms.of_app(&app.id).map(pushes).sum::<usize>() >= app.limits.pushes {
                return Err(ServiceError::limit(
                    "app_limit_pushes",
                    "the app pushes to too many places",
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

fn too_many_streams() -> ServiceError {
    ServiceError::limit("app_limit_streams", "the app publishes too many streams")
}

pub(crate) fn room_state(room: &Room) -> RoomState {
    RoomState {
        view: room.view(),
        sequence: room.sequence(),
    }
}

pub(crate) fn no_such_room() -> ServiceError {
    lianmai_rooms::Rejection::NoSuchRoom.into()
}
