//! The newest events of one room, and cursors into them.

use std::collections::VecDeque;
use std::sync::Arc;

use lianmai_rooms::{AppId, Event, EventKind, RoomId};
use parking_lot::Mutex;
use tokio::sync::watch;

/// An event and where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvent {
    /// App.
    pub app: AppId,
    /// Room.
    pub room: RoomId,
    /// What happened.
    pub event: Event,
}

/// What a subscription yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The next event.
    Event(Arc<RoomEvent>),
    /// Events were missed. Take a view of the room and go on from its sequence with [`Subscription::seek`];
    /// otherwise the subscription goes on with the oldest event that is left.
    Lagged,
    /// The room has ended and all its events were delivered.
    Ended,
}

/// The newest events of one room, bounded in number and bytes.
#[derive(Debug)]
pub(crate) struct Journal {
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
    max_events: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<(Arc<RoomEvent>, usize)>,
    bytes: usize,
    /// Number of the newest event there was.
    last: u64,
    ended: bool,
}

impl Journal {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            kept: Mutex::default(),
            newest: watch::channel(0).0,
            max_events: max_events.max(1),
            max_bytes,
        }
    }

    /// Adds the next event, of this size when written out.
    pub(crate) fn push(&self, event: Arc<RoomEvent>, size: usize) {
        let mut kept = self.kept.lock();
        let sequence = event.event.sequence;
        if sequence != kept.last.saturating_add(1) {
            // A hole: what was before it is of no use to anybody.
            kept.events.clear();
            kept.bytes = 0;
        }
        kept.last = sequence;
        kept.ended = matches!(event.event.kind, EventKind::RoomEnded { .. });
        kept.bytes += size;
        kept.events.push_back((event, size));
        while kept.events.len() > self.max_events || (kept.bytes > self.max_bytes && kept.events.len() > 1) {
            if let Some((_, size)) = kept.events.pop_front() {
                kept.bytes -= size;
            }
        }
        drop(kept);
        self.newest.send_replace(sequence);
    }

    /// Sets the number of the newest event, where its text has been lost.
    pub(crate) fn skip_to(&self, sequence: u64) {
        let mut kept = self.kept.lock();
        if sequence > kept.last {
            kept.events.clear();
            kept.bytes = 0;
            kept.last = sequence;
            drop(kept);
            self.newest.send_replace(sequence);
        }
    }

    /// Number of the oldest event that is left; that of the next one if none is.
    pub(crate) fn oldest(&self) -> u64 {
        self.kept.lock().oldest()
    }

    /// A cursor after event `after`.
    pub(crate) fn subscribe(self: &Arc<Self>, after: u64) -> Subscription {
        Subscription {
            journal: self.clone(),
            next: after.saturating_add(1),
            newest: self.newest.subscribe(),
            was_checked: false,
        }
    }

    fn get(&self, sequence: u64) -> Found {
        let kept = self.kept.lock();
        let oldest = kept.oldest();
        if sequence < oldest {
            return Found::Gone { oldest };
        }
        let index = usize::try_from(sequence - oldest).unwrap_or(usize::MAX);
        match kept.events.get(index) {
            Some((event, _)) => Found::Event(event.clone()),
            None if kept.ended => Found::Ended,
            None => Found::NotYet { last: kept.last },
        }
    }
}

impl Kept {
    /// Number of the oldest event that is left; that of the next one if none is.
    fn oldest(&self) -> u64 {
        self.events
            .front()
            .map_or(self.last.saturating_add(1), |(event, _)| event.event.sequence)
    }
}

enum Found {
    Event(Arc<RoomEvent>),
    Gone { oldest: u64 },
    NotYet { last: u64 },
    Ended,
}

/// A cursor into the events of one room.
#[derive(Debug)]
pub struct Subscription {
    journal: Arc<Journal>,
    next: u64,
    newest: watch::Receiver<u64>,
    was_checked: bool,
}

impl Subscription {
    /// Waits for the next event. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Next {
        loop {
            self.newest.mark_unchanged();
            match self.journal.get(self.next) {
                Found::Event(event) => {
                    self.was_checked = true;
                    self.next = event.event.sequence.saturating_add(1);
                    return Next::Event(event);
                }
                Found::Gone { oldest } => {
                    self.was_checked = true;
                    self.next = oldest;
                    metrics::counter!("lianmai_events_lagged_total").increment(1);
                    return Next::Lagged;
                }
                Found::Ended => return Next::Ended,
                // Whoever says to have seen what has not happened yet knows another past of the room.
                Found::NotYet { last } if !self.was_checked && self.next > last.saturating_add(1) => {
                    self.was_checked = true;
                    self.next = last.saturating_add(1);
                    return Next::Lagged;
                }
                Found::NotYet { .. } => {
                    self.was_checked = true;
                    if self.newest.changed().await.is_err() {
                        return Next::Ended;
                    }
                }
            }
        }
    }

    /// Goes on with the event after `sequence`, which may be one that is not here yet.
    pub fn seek(&mut self, sequence: u64) {
        self.was_checked = true;
        self.next = sequence.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::{EndReason, StreamId, Timestamp};

    use super::*;

    fn event(sequence: u64, kind: EventKind) -> Arc<RoomEvent> {
        Arc::new(RoomEvent {
            app: AppId::parse("a").unwrap(),
            room: RoomId::parse("r").unwrap(),
            event: Event {
                sequence,
                at: Timestamp::from_millis(sequence),
                kind,
            },
        })
    }

    fn some(sequence: u64) -> Arc<RoomEvent> {
        let stream = StreamId::parse("s").unwrap();
        event(
            sequence,
            EventKind::MediaStarted {
                stream,
                epoch: sequence,
            },
        )
    }

    async fn numbers(subscription: &mut Subscription, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            match subscription.next().await {
                Next::Event(event) => numbers.push(event.event.sequence),
                other => panic!("{other:?}"),
            }
        }
        numbers
    }

    #[tokio::test]
    async fn a_cursor_sees_every_event_once() {
        let journal = Arc::new(Journal::new(8, 1000));
        journal.push(some(1), 1);
        let mut subscription = journal.subscribe(0);
        assert_eq!(numbers(&mut subscription, 1).await, [1]);
        let later = async {
            tokio::task::yield_now().await;
            journal.push(some(2), 1);
            journal.push(
                event(
                    3,
                    EventKind::RoomEnded {
                        reason: EndReason::Empty,
                    },
                ),
                1,
            );
        };
        let (seen, ()) = tokio::join!(numbers(&mut subscription, 2), later);
        assert_eq!(seen, [2, 3]);
        assert_eq!(subscription.next().await, Next::Ended);
    }

    #[tokio::test]
    async fn a_slow_cursor_is_told() {
        let journal = Arc::new(Journal::new(4, 1000));
        let mut subscription = journal.subscribe(0);
        (1..=10).for_each(|n| journal.push(some(n), 1));
        assert_eq!(journal.oldest(), 7);
        assert_eq!(subscription.next().await, Next::Lagged);
        assert_eq!(numbers(&mut subscription, 4).await, [7, 8, 9, 10]);
    }

    #[tokio::test]
    async fn bytes_are_bounded_too() {
        let journal = Arc::new(Journal::new(100, 100));
        (1..=10).for_each(|n| journal.push(some(n), 60));
        let mut subscription = journal.subscribe(8);
        assert_eq!(subscription.next().await, Next::Lagged);
        assert_eq!(numbers(&mut subscription, 1).await, [10]);
    }

    #[tokio::test]
    async fn another_past_is_lagged_but_a_view_may_be_ahead() {
        let journal = Arc::new(Journal::new(8, 1000));
        journal.push(some(1), 1);
        assert_eq!(journal.subscribe(5).next().await, Next::Lagged);
        let mut ahead = journal.subscribe(0);
        ahead.seek(2);
        journal.push(some(2), 1);
        journal.push(some(3), 1);
        assert_eq!(numbers(&mut ahead, 1).await, [3]);
    }

    #[tokio::test]
    async fn a_hole_makes_cursors_lag() {
        let journal = Arc::new(Journal::new(8, 1000));
        journal.push(some(1), 1);
        let mut subscription = journal.subscribe(1);
        journal.push(some(5), 1);
        assert_eq!(subscription.next().await, Next::Lagged);
        journal.skip_to(9);
        let mut late = journal.subscribe(9);
        journal.push(some(10), 1);
        assert_eq!(numbers(&mut late, 1).await, [10]);
    }
}
