//! The journals of all rooms, by app and id.

use std::collections::HashMap;
use std::sync::Arc;

use lianmai_rooms::{AppId, RoomId, Timestamp};
use parking_lot::Mutex;

use super::Journal;

/// How long the journal of an ended room is kept for those who have not read its end.
const AFTERLIFE_MILLIS: u64 = 300_000;

type Key = (AppId, RoomId);

/// All journals. That of an ended room stays for a while; a new room of the same id gets a new one.
#[derive(Debug)]
pub(crate) struct Journals {
    open: Mutex<HashMap<Key, Entry>>,
    max_events: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    journal: Arc<Journal>,
    ended_at: Option<Timestamp>,
}

impl Journals {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            open: Mutex::default(),
            max_events,
            max_bytes,
        }
    }

    /// Begins the journal of a new room.
    pub(crate) fn begin(&self, app: &AppId, room: &RoomId) -> Arc<Journal> {
        let journal = Arc::new(Journal::new(self.max_events, self.max_bytes));
        let entry = Entry {
            journal: journal.clone(),
            ended_at: None,
        };
        self.open.lock().insert((app.clone(), room.clone()), entry);
        journal
    }

    pub(crate) fn get(&self, app: &AppId, room: &RoomId) -> Option<Arc<Journal>> {
        let open = self.open.lock();
        open.get(&(app.clone(), room.clone()))
            .map(|entry| entry.journal.clone())
    }

    /// Marks the journal of a room that has ended.
    pub(crate) fn end(&self, app: &AppId, room: &RoomId, at: Timestamp) {
        if let Some(entry) = self.open.lock().get_mut(&(app.clone(), room.clone())) {
            entry.ended_at = Some(at);
        }
    }

    /// Forgets the journals of rooms that ended a while ago.
    pub(crate) fn forget_old(&self, now: Timestamp) {
        self.open.lock().retain(|_, entry| {
            let ended_at = entry.ended_at;
            ended_at.is_none_or(|at| now.millis_since(at) < AFTERLIFE_MILLIS)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_rooms_are_forgotten_after_a_while() {
        let journals = Journals::new(8, 1000);
        let (app, room) = (AppId::parse("a").unwrap(), RoomId::parse("r").unwrap());
        journals.begin(&app, &room);
        let at = Timestamp::from_millis;
        journals.forget_old(at(u64::MAX));
        assert!(journals.get(&app, &room).is_some(), "it lives");
        journals.end(&app, &room, at(1000));
        journals.forget_old(at(2000));
        assert!(journals.get(&app, &room).is_some());
        journals.forget_old(at(1000 + AFTERLIFE_MILLIS));
        assert!(journals.get(&app, &room).is_none());
    }
}
