//! Where signals of rooms are put up, and those who look.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use lianmai_rooms::{AppId, MemberId, RoomId, Timestamp};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::sound::{Loudness, SILENT};

/// Signals that wait for one listener at most; then the oldest are lost.
const CAPACITY: usize = 16;

/// One signal as it is sent.
#[derive(Debug)]
pub(crate) struct Signal {
    /// Only for those who asked for levels.
    pub(crate) is_levels: bool,
    /// JSON.
    pub(crate) text: Utf8Bytes,
}

impl Signal {
    fn new(event: &str, room: &RoomId, at: Timestamp, fields: Value) -> Arc<Self> {
        let mut out = Map::new();
        out.insert("event".to_owned(), event.into());
        out.insert("room".to_owned(), room.as_str().into());
        out.insert("at".to_owned(), at.as_millis().into());
        if let Value::Object(fields) = fields {
            out.extend(fields);
        }
        Arc::new(Self {
            is_levels: event == "audio_levels",
            text: Value::Object(out).to_string().into(),
        })
    }
}

/// Signals of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Board {
    rooms: Mutex<HashMap<(AppId, RoomId), Entry>>,
}

#[derive(Debug)]
struct Entry {
    tell: broadcast::Sender<Arc<Signal>>,
    speaker: Option<(MemberId, Arc<Signal>)>,
    qualities: HashMap<MemberId, (Quality, Arc<Signal>)>,
    mix: Option<Arc<Signal>>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            tell: broadcast::channel(CAPACITY).0,
            speaker: None,
            qualities: HashMap::new(),
            mix: None,
        }
    }
}

/// From 1 (best) to 5 (worst); 0: unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Quality {
    up: u8,
    down: u8,
}

/// Somebody who watches a room.
#[derive(Debug)]
pub(crate) struct Listener {
    signals: broadcast::Receiver<Arc<Signal>>,
    /// What was the case when the listener came.
    before: VecDeque<Arc<Signal>>,
}

impl Listener {
    /// The next signal; waits for ever when the room has ended. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Arc<Signal> {
        if let Some(signal) = self.before.pop_front() {
            return signal;
        }
        loop {
            match self.signals.recv().await {
                Ok(signal) => return signal,
                Err(RecvError::Lagged(lost)) => {
                    metrics::counter!("lianmai_signals_lost_total").increment(lost);
                }
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

impl Board {
    /// Listens to a room from now on.
    pub(crate) fn listen(&self, app: &AppId, room: &RoomId) -> Listener {
        let mut rooms = self.rooms.lock();
        let entry = rooms.entry((app.clone(), room.clone())).or_default();
        let speaker = entry.speaker.iter().map(|(_, signal)| signal.clone());
        let qualities = entry.qualities.values().map(|(_, signal)| signal.clone());
        Listener {
            signals: entry.tell.subscribe(),
            before: speaker.chain(qualities).chain(entry.mix.clone()).collect(),
        }
    }

    /// How loud members are now.
    pub(super) fn levels(&self, app: &AppId, room: &RoomId, at: Timestamp, levels: &[Loudness]) {
        let rooms = self.rooms.lock();
        let Some(entry) = rooms.get(&(app.clone(), room.clone())) else {
            return;
        };
        if entry.tell.receiver_count() > 0 {
            let fields = json!({ "levels": levels });
            // Whoever listened may have left.
            let _ = entry.tell.send(Signal::new("audio_levels", room, at, fields));
        }
    }

    /// Who speaks now; `None`: nobody.
    pub(super) fn speaker(&self, app: &AppId, room: &RoomId, at: Timestamp, speaker: Option<&Loudness>) {
        let mut rooms = self.rooms.lock();
        let entry = rooms.entry((app.clone(), room.clone())).or_default();
        let fields = match speaker {
            Some(speaker) => json!(speaker),
            None => json!({ "member": null, "stream": null, "level": SILENT }),
        };
        let signal = Signal::new("active_speaker", room, at, fields);
        entry.speaker = speaker.map(|speaker| (speaker.member.clone(), signal.clone()));
        let _ = entry.tell.send(signal);
    }

    /// Something that those who watch a room may like to know; `fields` is an object.
    pub(crate) fn announce(&self, app: &AppId, room: &RoomId, at: Timestamp, event: &str, fields: Value) {
        let rooms = self.rooms.lock();
        if let Some(entry) = rooms.get(&(app.clone(), room.clone())) {
            // Whoever listened may have left.
            let _ = entry.tell.send(Signal::new(event, room, at, fields));
        }
    }

    /// Who speaks now.
    pub(crate) fn speaking(&self, app: &AppId, room: &RoomId) -> Option<MemberId> {
        let rooms = self.rooms.lock();
        let entry = rooms.get(&(app.clone(), room.clone()))?;
        entry.speaker.as_ref().map(|(member, _)| member.clone())
    }

    /// Where the mix of a room stands now; `None`: it has none.
    pub(crate) fn mix(&self, app: &AppId, room: &RoomId, at: Timestamp, status: Option<Value>) {
        let mut rooms = self.rooms.lock();
        let entry = rooms.entry((app.clone(), room.clone())).or_default();
        entry.mix = status.map(|status| Signal::new("mix_status", room, at, status));
        if let Some(signal) = &entry.mix {
            // Whoever listened may have left.
            let _ = entry.tell.send(signal.clone());
        }
    }

    /// How good a member's connection is now; what is `None` stays as it is. Told only when it changed.
    pub(super) fn quality(
        &self,
        (app, room, member): (&AppId, &RoomId, &MemberId),
        at: Timestamp,
        (up, down): (Option<u8>, Option<u8>),
    ) {
        let mut rooms = self.rooms.lock();
        let entry = rooms.entry((app.clone(), room.clone())).or_default();
        let before = entry
            .qualities
            .get(member)
            .map_or_else(Quality::default, |(quality, _)| *quality);
        let now = Quality {
            up: up.unwrap_or(before.up).min(5),
            down: down.unwrap_or(before.down).min(5),
        };
        if now == before {
            return;
        }
        let fields = json!({ "member": member, "up": now.up, "down": now.down });
        let signal = Signal::new("quality", room, at, fields);
        entry.qualities.insert(member.clone(), (now, signal.clone()));
        let _ = entry.tell.send(signal);
    }

    /// Forgets rooms that have ended or of which nothing is known and nobody wants to know, and members that left.
    pub(super) fn sweep(
        &self,
        exists: impl Fn(&AppId, &RoomId) -> bool,
        inside: impl Fn(&AppId, &RoomId, &MemberId) -> bool,
    ) {
        self.rooms.lock().retain(|(app, room), entry| {
            if !exists(app, room) {
                return false;
            }
            entry.qualities.retain(|member, _| inside(app, room, member));
            entry.speaker = entry
                .speaker
                .take()
                .filter(|(member, _)| inside(app, room, member));
            let known = entry.speaker.is_some() || !entry.qualities.is_empty() || entry.mix.is_some();
            known || entry.tell.receiver_count() > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::StreamId;

    use super::*;

    fn ids() -> (AppId, RoomId, MemberId) {
        (
            AppId::parse("a").unwrap(),
            RoomId::parse("r").unwrap(),
            MemberId::parse("m").unwrap(),
        )
    }

    fn loud(level: u8) -> Loudness {
        Loudness {
            member: ids().2,
            stream: StreamId::parse("s").unwrap(),
            level,
        }
    }

    fn json_of(signal: &Signal) -> Value {
        serde_json::from_str(&signal.text).unwrap()
    }

    #[tokio::test]
    async fn who_comes_later_learns_what_is_the_case() {
        let board = Board::default();
        let (app, room, member) = ids();
        let at = Timestamp::from_millis(7);
        board.quality((&app, &room, &member), at, (Some(2), None));
        board.quality((&app, &room, &member), at, (None, Some(9)));
        board.speaker(&app, &room, at, Some(&loud(50)));
        board.levels(&app, &room, at, &[loud(50)]);
        let mut late = board.listen(&app, &room);
        assert_eq!(
            json_of(&*late.next().await),
            json!({ "event": "active_speaker", "room": "r", "at": 7, "member": "m", "stream": "s", "level": 50 })
        );
        assert_eq!(
            json_of(&*late.next().await),
            json!({ "event": "quality", "room": "r", "at": 7, "member": "m", "up": 2, "down": 5 })
        );
        // The same again is no news.
        board.quality((&app, &room, &member), at, (Some(2), Some(5)));
        board.levels(&app, &room, at, &[loud(60)]);
        let levels = late.next().await;
        assert!(levels.is_levels);
        assert_eq!(
            json_of(&levels)["levels"],
            json!([{ "member": "m", "stream": "s", "level": 60 }])
        );
    }

    #[tokio::test]
    async fn where_the_mix_stands_is_told_and_remembered() {
        let board = Board::default();
        let (app, room, _) = ids();
        let at = Timestamp::from_millis(7);
        let mut early = board.listen(&app, &room);
        board.mix(
            &app,
            &room,
            at,
            Some(json!({ "state": "no_capacity", "need": 0.3, "free": 0.1 })),
        );
        let expected = json!({
            "event": "mix_status", "room": "r", "at": 7, "state": "no_capacity", "need": 0.3, "free": 0.1
        });
        assert_eq!(json_of(&*early.next().await), expected);
        assert_eq!(json_of(&*board.listen(&app, &room).next().await), expected);
        board.mix(&app, &room, at, None);
        drop(early);
        board.sweep(|_, _| true, |_, _, _| true);
        assert_eq!(board.rooms.lock().len(), 0);
    }

    #[test]
    fn nothing_is_kept_of_what_is_over() {
        let board = Board::default();
        let (app, room, member) = ids();
        let at = Timestamp::from_millis(7);
        let size = |board: &Board| board.rooms.lock().len();
        board.quality((&app, &room, &member), at, (Some(2), None));
        board.sweep(|_, _| true, |_, _, _| true);
        assert_eq!(size(&board), 1);
        board.sweep(|_, _| true, |_, _, _| false);
        assert_eq!(size(&board), 0);
        let listener = board.listen(&app, &room);
        board.sweep(|_, _| true, |_, _, _| false);
        assert_eq!(size(&board), 1, "somebody listens");
        board.sweep(|_, _| false, |_, _, _| false);
        assert_eq!(size(&board), 0);
        drop(listener);
    }

    /// A listener that does not listen loses the oldest and holds up nobody.
    #[tokio::test]
    async fn the_slow_lose_the_oldest() {
        let board = Board::default();
        let (app, room, _) = ids();
        let mut slow = board.listen(&app, &room);
        for n in 0..100 {
            board.levels(&app, &room, Timestamp::from_millis(n), &[loud(1)]);
        }
        let first = json_of(&*slow.next().await)["at"].as_u64().unwrap();
        assert_eq!(first, 100 - CAPACITY as u64);
    }
}
