//! All rooms of a gateway, by app and id, with their names and deadlines. Pure like [`Room`].
//!
//! Keeps three things in step with the rooms: the name index, the deadline index, and that an ended room is gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::{AppId, Command, Event, EventKind, NewRoom, Rejection, Room, RoomId, RoomName, Timestamp};

type Key = (AppId, RoomId);

/// Events of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvents {
    /// App.
    pub app: AppId,
    /// Room.
    pub room: RoomId,
    /// What happened there, in order.
    pub events: Vec<Event>,
}

impl RoomEvents {
    /// Whether the room has ended with these events.
    #[must_use]
    pub fn ended(&self) -> bool {
        matches!(
            self.events.last(),
            Some(Event {
                kind: EventKind::RoomEnded { .. },
                ..
            })
        )
    }
}

/// All rooms.
#[derive(Debug, Clone)]
pub struct Rooms {
    apps: BTreeMap<AppId, AppRooms>,
    deadlines: BTreeSet<(Timestamp, Key)>,
    max_per_app: usize,
}

#[derive(Debug, Clone, Default)]
struct AppRooms {
    rooms: BTreeMap<RoomId, Room>,
    names: BTreeMap<RoomName, RoomId>,
}

impl Rooms {
    /// No rooms yet; at most `max_per_app` for each app.
    #[must_use]
    pub const fn new(max_per_app: usize) -> Self {
        Self {
            apps: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            max_per_app,
        }
    }

    /// Makes a room.
    ///
    /// # Errors
    /// `room_exists`, `name_conflict` or `too_many_rooms`.
    pub fn create(&mut self, new: NewRoom, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        let (room, events) = Room::create(new, now);
        self.insert(room)?;
        Ok(events)
    }

    /// Takes in a restored room.
    ///
    /// # Errors
    /// As [`Rooms::create`], and `room_ended` for a room that has ended.
    pub fn insert(&mut self, room: Room) -> Result<(), Rejection> {
        if room.has_ended() {
            return Err(Rejection::RoomEnded);
        }
        let key = (room.app().clone(), room.id().clone());
        if let Some(app) = self.apps.get(&key.0) {
            app.check_free(&room, self.max_per_app)?;
        } else if self.max_per_app == 0 {
            return Err(Rejection::TooManyRooms);
        }
        let app = self.apps.entry(key.0.clone()).or_default();
        if let Some(name) = &room.settings().name {
            app.names.insert(name.clone(), key.1.clone());
        }
        if let Some(at) = room.next_deadline() {
            self.deadlines.insert((at, key.clone()));
        }
        app.rooms.insert(key.1, room);
        Ok(())
    }

    /// Carries out a command in one room. A room that ends by it is gone afterwards.
    ///
    /// # Errors
    /// `no_such_room`, or what the room answers; nothing is changed then.
    pub fn apply(
        &mut self,
        app: &AppId,
        room: &RoomId,
        command: Command,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let rooms = self.apps.get_mut(app).ok_or(Rejection::NoSuchRoom)?;
        let target = rooms.rooms.get_mut(room).ok_or(Rejection::NoSuchRoom)?;
        let before = target.next_deadline();
        let events = target.apply(command, now)?;
        let after = target.next_deadline();
        if before != after {
            let key = (app.clone(), room.clone());
            if let Some(at) = before {
                self.deadlines.remove(&(at, key.clone()));
            }
            self.deadlines.extend(after.map(|at| (at, key)));
        }
        if target.has_ended() {
            self.remove(app, room);
        }
        Ok(events)
    }

    fn remove(&mut self, app: &AppId, room: &RoomId) {
        let Some(rooms) = self.apps.get_mut(app) else {
            return;
        };
        if let Some(name) = rooms
            .rooms
            .remove(room)
            .and_then(|room| room.settings().name.clone())
        {
            rooms.names.remove(&name);
        }
        if rooms.rooms.is_empty() {
            self.apps.remove(app);
        }
    }

    /// When [`Rooms::tick`] has something to do next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Ticks every room whose deadline has come, each once.
    pub fn tick(&mut self, now: Timestamp) -> Vec<RoomEvents> {
        let due: Vec<Key> = self
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, key)| key.clone())
            .collect();
        let tick = |(app, room): Key| {
            let events = self.apply(&app, &room, Command::Tick, now).ok()?;
            Some(RoomEvents { app, room, events })
        };
        due.into_iter().filter_map(tick).collect()
    }

    /// One room.
    #[must_use]
    pub fn get(&self, app: &AppId, room: &RoomId) -> Option<&Room> {
        self.apps.get(app)?.rooms.get(room)
    }

    /// The room of this name.
    #[must_use]
    pub fn by_name(&self, app: &AppId, name: &RoomName) -> Option<&Room> {
        let app = self.apps.get(app)?;
        app.rooms.get(app.names.get(name)?)
    }

    /// All rooms of an app in order of their ids.
    pub fn of_app(&self, app: &AppId) -> impl Iterator<Item = &Room> {
        self.apps.get(app).into_iter().flat_map(|app| app.rooms.values())
    }

    /// All rooms.
    pub fn iter(&self) -> impl Iterator<Item = &Room> {
        self.apps.values().flat_map(|app| app.rooms.values())
    }

    /// How many rooms an app has.
    #[must_use]
    pub fn count(&self, app: &AppId) -> usize {
        self.apps.get(app).map_or(0, |app| app.rooms.len())
    }
}

impl AppRooms {
    fn check_free(&self, room: &Room, max: usize) -> Result<(), Rejection> {
        if self.rooms.contains_key(room.id()) {
            return Err(Rejection::RoomExists);
        }
        if let Some(name) = &room.settings().name
            && let Some(other) = self.names.get(name)
        {
            return Err(Rejection::NameConflict {
                name: name.clone(),
                room: other.clone(),
            });
        }
        if self.rooms.len() >= max {
            return Err(Rejection::TooManyRooms);
        }
        Ok(())
    }
}
