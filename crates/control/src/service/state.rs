//! What changes with every command, behind one short lock, and the collector of what a change has to write.

use std::collections::HashMap;

use lianmai_rooms::call::{self, Calls, Change};
use lianmai_rooms::{
    AccountId, AppId, Command, Delay, Event, EventKind, LeaveReason, NewRoom, Rejection, Room, RoomEvents,
    RoomId, Rooms, SessionId, StreamId, Timestamp,
};

use super::sessions::Sessions;
use crate::calls::CallsConfig;
use crate::mixing::sound;
use crate::store::Op;

/// Rooms, where their streams are, and who is connected.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rooms: Rooms,
    pub(crate) calls: Calls,
    pub(crate) sessions: Sessions,
    streams: HashMap<AppId, HashMap<StreamId, RoomId>>,
}

impl State {
    pub(crate) fn new(calls: &CallsConfig) -> Self {
        let grace = u64::try_from(calls.grace.as_millis()).unwrap_or(u64::MAX);
        Self {
            calls: Calls::new(Delay::from_millis(grace).unwrap_or(Delay::MAX)),
            // Each app's own limit is checked by the service.
            rooms: Rooms::new(usize::MAX),
            sessions: Sessions::default(),
            streams: HashMap::new(),
        }
    }

    /// Takes in a restored room.
    pub(crate) fn insert(&mut self, room: Room) -> Result<(), Rejection> {
        let streams: Vec<StreamId> = room.streams().map(|stream| stream.id.clone()).collect();
        let (app, id) = (room.app().clone(), room.id().clone());
        self.rooms.insert(room)?;
        let index = self.streams.entry(app).or_default();
        index.extend(streams.into_iter().map(|stream| (stream, id.clone())));
        Ok(())
    }

    /// The room in which a stream is published.
    pub(crate) fn room_of(&self, app: &AppId, stream: &StreamId) -> Option<&Room> {
        let room = self.streams.get(app)?.get(stream)?;
        self.rooms.get(app, room)
    }

    /// The room and the mix that a stream is a sound of, without one member; `None`: it is none.
    pub(crate) fn sound_of(&self, app: &AppId, stream: &StreamId) -> Option<(&Room, StreamId)> {
        if self.room_of(app, stream).is_some() {
            return None;
        }
        let (mix, _) = sound::parse(stream.as_str())?;
        let room = self.room_of(app, &mix)?;
        let is_mix = room.mix().is_some_and(|stream| stream.id == mix);
        is_mix.then_some((room, mix))
    }

    /// How many streams an app has published.
    pub(crate) fn count_streams(&self, app: &AppId) -> usize {
        self.streams.get(app).map_or(0, HashMap::len)
    }

    pub(crate) fn create(&mut self, new: NewRoom, tx: &mut Tx) -> Result<(), Rejection> {
        let (app, room) = (new.app.clone(), new.id.clone());
        let events = self.rooms.create(new, tx.now)?;
        tx.changed.push(RoomEvents { app, room, events });
        Ok(())
    }

    /// Carries out a command; its events are collected, and the index of streams follows.
    pub(crate) fn apply(
        &mut self,
        app: &AppId,
        room: &RoomId,
        command: Command,
        tx: &mut Tx,
    ) -> Result<Vec<Event>, Rejection> {
        let events = self.rooms.apply(app, room, command, tx.now)?;
        self.note(app, room, events.clone(), tx);
        Ok(events)
    }

    /// When [`State::tick`] has something to do next.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let both = [self.rooms.next_deadline(), self.calls.next_deadline()];
        both.into_iter().flatten().min()
    }

    /// Does what time demands.
    pub(crate) fn tick(&mut self, tx: &mut Tx) {
        self.tick_calls(tx);
        for RoomEvents { app, room, events } in self.rooms.tick(tx.now) {
            self.note(&app, &room, events, tx);
        }
    }

    fn note(&mut self, app: &AppId, room: &RoomId, events: Vec<Event>, tx: &mut Tx) {
        let mut kicked = Vec::new();
        for event in &events {
            match &event.kind {
                EventKind::StreamAdded { stream } => {
                    let index = self.streams.entry(app.clone()).or_default();
                    index.insert(stream.id.clone(), room.clone());
                }
                EventKind::StreamRemoved { stream, .. } => {
                    if let Some(index) = self.streams.get_mut(app) {
                        index.remove(stream);
                        if index.is_empty() {
                            self.streams.remove(app);
                        }
                    }
                }
                EventKind::MemberLeft {
                    member,
                    account,
                    reason,
                    ..
                } => {
                    let changed = self.sessions.member_left(app, account, room, member);
                    if *reason == LeaveReason::Kicked {
                        kicked.push(account.clone());
                    }
                    tx.ops.extend(changed.into_iter().map(Op::SaveSession));
                }
                EventKind::SessionReplaced { session, .. } => {
                    let changed = self.sessions.leave_room(session, room);
                    tx.ops.extend(changed.map(Op::SaveSession));
                }
                _ => {}
            }
        }
        let changed = RoomEvents {
            app: app.clone(),
            room: room.clone(),
            events,
        };
        let ended = changed.ended();
        tx.changed.push(changed);
        // Calls may change the room in turn: what they do comes after this.
        for account in kicked {
            self.kicked_from(app, room, account, tx);
        }
        if ended {
            let room = room.clone();
            self.call_hears(app, call::Command::RoomEnded { room }, tx);
        }
    }
}

impl State {
    /// Whoever is removed from the room of a call is removed from the call.
    fn kicked_from(&mut self, app: &AppId, room: &RoomId, account: AccountId, tx: &mut Tx) {
        let Some(call) = self.calls.of_room(app, room) else {
            return;
        };
        let leave = call::Command::Leave {
            call: call.id().clone(),
            account,
            session: None,
            kicked: true,
        };
        self.call_hears(app, leave, tx);
    }
}

/// What one change did: committed together.
#[derive(Debug)]
pub(crate) struct Tx {
    pub(crate) now: Timestamp,
    /// Rooms that changed, with what happened there, in order.
    pub(crate) changed: Vec<RoomEvents>,
    /// Calls that changed, in order.
    pub(crate) calls: Vec<Change>,
    /// Sessions that were ended by another of their account.
    pub(crate) kicked: Vec<(AppId, AccountId, SessionId)>,
    /// Further rows.
    pub(crate) ops: Vec<Op>,
}

impl Tx {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            now,
            changed: Vec::new(),
            calls: Vec::new(),
            kicked: Vec::new(),
            ops: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.calls.is_empty() && self.ops.is_empty()
    }
}
