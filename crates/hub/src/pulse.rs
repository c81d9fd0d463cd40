//! Wakes readers, or writes to them: at once, or at most once per interval.
//!
//! System calls dominate the cost of fan-out, so readers that accept it are served together, once per interval, with
//! everything that has come since. The interval is the [`Ticker`]'s, shared by all streams; it serves a pulse of few
//! readers by itself. A pulse of many has a task of its own. It has a bounded number of readers, so that a stream
//! with very many uses many tasks and one task never works for long without a pause.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::direct::Direct;
use crate::stream::Stream;
use crate::ticker::Ticker;

/// Readers of one pulse at most.
const MEMBERS: usize = 512;
/// Readers written to before other tasks get their turn.
pub(crate) const TURN: usize = 64;
/// A pulse with more readers than this has a task of its own.
const FEW: usize = 32;

/// One group of readers with the same interval.
pub(crate) struct Pulse {
    interval: Duration,
    stream: Weak<Stream>,
    /// `None` if readers are served at once.
    ticker: Option<Arc<Ticker>>,
    /// Whether the ticker knows that there is news.
    due: AtomicBool,
    has_task: AtomicBool,
    members: AtomicUsize,
    readers: Notify,
    news: Notify,
    directs: Mutex<Arc<Vec<Arc<Direct>>>>,
}

impl Pulse {
    pub(crate) fn new(interval: Duration, stream: Weak<Stream>, ticker: Option<Arc<Ticker>>) -> Arc<Pulse> {
        Arc::new(Pulse {
            interval,
            stream,
            ticker,
            due: AtomicBool::new(false),
            has_task: AtomicBool::new(false),
            members: AtomicUsize::new(0),
            readers: Notify::new(),
            news: Notify::new(),
            directs: Mutex::default(),
        })
    }

    /// Takes a place for one more reader of `interval`, if this is the pulse for it.
    pub(crate) fn enter(&self, interval: Duration) -> bool {
        let enter = |members| (members < MEMBERS).then_some(members + 1);
        self.interval == interval
            && self
                .members
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter)
                .is_ok()
    }

    /// Gives a place back.
    pub(crate) fn leave(&self) {
        self.members.fetch_sub(1, Ordering::Relaxed);
    }

    /// From now on no longer writes to this reader.
    pub(crate) fn remove(&self, direct: &Arc<Direct>) {
        Arc::make_mut(&mut *self.directs.lock()).retain(|other| !Arc::ptr_eq(other, direct));
    }

    /// From now on writes to this reader whenever it lends its output.
    pub(crate) fn add(&self, direct: Arc<Direct>) {
        Arc::make_mut(&mut *self.directs.lock()).push(direct);
    }

    /// Where readers wait.
    pub(crate) fn readers(&self) -> &Notify {
        &self.readers
    }

    /// There is something to read.
    pub(crate) fn signal(self: &Arc<Self>) {
        let Some(ticker) = &self.ticker else {
            self.readers.notify_waiters();
            self.news.notify_one();
            return;
        };
        if !self.due.swap(true, Ordering::AcqRel) {
            ticker.push(self.clone());
        }
    }

    /// The interval is over. Returns the number of readers written to here.
    pub(crate) async fn tick(&self) -> usize {
        // Cleared before looking, so that what comes from now on is for the next tick.
        self.due.store(false, Ordering::Release);
        self.readers.notify_waiters();
        if self.has_task.load(Ordering::Acquire) {
            self.news.notify_one();
            return 0;
        }
        self.serve().await
    }

    /// Wakes everybody now, for what must not wait for the interval and needs each reader's own look.
    pub(crate) fn wake(&self) {
        for direct in self.directs.lock().iter() {
            direct.park();
        }
        self.readers.notify_waiters();
    }

    /// Starts the pulse's task, if it needs one and has none yet.
    pub(crate) fn start_task(self: &Arc<Self>, tasks: &TaskTracker, stop: CancellationToken) {
        let needed = self.ticker.is_none() || self.members.load(Ordering::Relaxed) > FEW;
        if needed && !self.has_task.swap(true, Ordering::AcqRel) {
            tasks.spawn(self.clone().run(stop));
        }
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.news.notified() => {}
            }
            self.serve().await;
        }
    }

    async fn serve(&self) -> usize {
        let directs = self.directs.lock().clone();
        let mut memo = None;
        let mut wrote_to_all = 0;
        for turn in directs.chunks(TURN) {
            let Some(stream) = self.stream.upgrade() else {
                break;
            };
            let head = stream.read(|state| state.ring.head());
            let wrote = turn
                .iter()
                .filter(|direct| direct.serve(&stream, head, &mut memo))
                .count();
            drop(stream);
            wrote_to_all += wrote;
            if directs.len() > TURN && wrote > TURN / 2 {
                tokio::task::yield_now().await;
            }
        }
        wrote_to_all
    }
}
