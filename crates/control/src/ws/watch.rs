//! The rooms a connection watches: a cursor into each room's events, its signals, and who is looking.

use std::sync::Arc;

use futures_util::future::{pending, select_all};
use lianmai_rooms::RoomId;

use crate::events::{Next, Subscription, Viewer};
use crate::signals::{Listener, Signal};

/// Most rooms one connection watches.
pub(super) const MAX_WATCHED: usize = 64;

/// One watched room.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) room: RoomId,
    pub(super) cursor: Subscription,
    pub(super) viewer: Viewer,
    pub(super) signals: Listener,
    /// Whether it asked to be told how loud members are.
    pub(super) wants_levels: bool,
    /// Nothing has been read yet: what is missing was missed before this connection.
    pub(super) is_fresh: bool,
}

/// What comes next in a room.
#[derive(Debug)]
pub(super) enum Seen {
    /// In its journal.
    Journal(Next),
    /// A signal that the connection wants.
    Signal(Arc<Signal>),
}

impl Watch {
    /// Waits for what comes next. Safe to cancel.
    async fn next(&mut self) -> Seen {
        loop {
            tokio::select! {
                biased;
                next = self.cursor.next() => return Seen::Journal(next),
                signal = self.signals.next() => {
                    if self.wants_levels || !signal.is_levels {
                        return Seen::Signal(signal);
                    }
                }
            }
        }
    }
}

/// All rooms a connection watches.
#[derive(Debug, Default)]
pub(super) struct Watches(Vec<Watch>);

impl Watches {
    /// Watches a room, in place of an older watch of it. False if there are too many.
    pub(super) fn set(&mut self, watch: Watch) -> bool {
        self.remove(&watch.room);
        if self.0.len() >= MAX_WATCHED {
            return false;
        }
        self.0.push(watch);
        true
    }

    /// Whether a room is watched.
    pub(super) fn get_mut(&mut self, room: &RoomId) -> Option<&mut Watch> {
        self.0.iter_mut().find(|watch| watch.room == *room)
    }

    /// Stops watching a room.
    pub(super) fn remove(&mut self, room: &RoomId) {
        self.0.retain(|watch| watch.room != *room);
    }

    /// Waits for what comes next in any of the rooms. Safe to cancel. Rooms that have much to tell take turns with the
    /// others, because each is asked from another start.
    pub(super) async fn next(&mut self) -> (&mut Watch, Seen) {
        if self.0.is_empty() {
            return pending().await;
        }
        let (next, index) = {
            let all = self.0.iter_mut().map(|watch| Box::pin(watch.next()));
            let (next, index, _) = select_all(all).await;
            (next, index)
        };
        // The one that spoke goes last.
        let watch = self.0.remove(index);
        self.0.push(watch);
        let last = self.0.len() - 1;
        (&mut self.0[last], next)
    }
}
