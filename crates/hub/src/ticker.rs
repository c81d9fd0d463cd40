//! One clock for all pulses with the same interval.
//!
//! A timer per stream would cost a wake-up per stream and interval, more than writing a message to the one player
//! that most streams have. So pulses with news wait in a list, and the ticker looks at it once per interval: it
//! serves small pulses by itself and wakes the tasks of big ones. With nothing to do it sleeps.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::pulse::{Pulse, TURN};

/// Lives as long as a pulse uses it.
pub(crate) struct Ticker {
    due: Arc<Due>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Due {
    pulses: Mutex<Vec<Arc<Pulse>>>,
    news: Notify,
}

impl Ticker {
    fn start(interval: Duration, tasks: &TaskTracker, stop: CancellationToken) -> Arc<Ticker> {
        let due = Arc::new(Due::default());
        tasks.spawn(run(due.clone(), interval, stop.clone()));
        Arc::new(Ticker { due, stop })
    }

    /// Has `pulse` served at the next tick. The caller sees to it that a pulse is in the list once.
    pub(crate) fn push(&self, pulse: Arc<Pulse>) {
        let mut pulses = self.due.pulses.lock();
        let first = pulses.is_empty();
        pulses.push(pulse);
        drop(pulses);
        if first {
            self.due.news.notify_one();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn run(due: Arc<Due>, interval: Duration, stop: CancellationToken) {
    let mut next = Instant::now();
    // Swapped with the list at every tick, so that neither grows anew each time.
    let mut pulses = Vec::new();
    loop {
        let wait = async {
            due.news.notified().await;
            tokio::time::sleep_until(next).await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = wait => {}
        }
        next = Instant::now() + interval;
        std::mem::swap(&mut pulses, &mut *due.pulses.lock());
        let mut wrote = 0;
        for pulse in pulses.drain(..) {
            wrote += pulse.tick().await;
            if wrote >= TURN {
                wrote = 0;
                tokio::task::yield_now().await;
            }
        }
    }
}

/// The tickers in use. Streams of one interval share a few, so that no single task serves all of them.
pub(crate) struct Tickers {
    running: Mutex<HashMap<(Duration, usize), Weak<Ticker>>>,
    shards: usize,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Tickers {
    pub(crate) fn new(tasks: TaskTracker, stop: CancellationToken) -> Tickers {
        let shards = std::thread::available_parallelism().map_or(1, usize::from);
        Tickers {
            running: Mutex::default(),
            shards,
            tasks,
            stop,
        }
    }

    /// The ticker of `interval` for the stream with this number.
    pub(crate) fn get(&self, interval: Duration, stream: usize) -> Arc<Ticker> {
        let mut running = self.running.lock();
        let place = (interval, stream % self.shards);
        if let Some(ticker) = running.get(&place).and_then(Weak::upgrade) {
            return ticker;
        }
        running.retain(|_, ticker| ticker.strong_count() > 0);
        let ticker = Ticker::start(interval, &self.tasks, self.stop.child_token());
        running.insert(place, Arc::downgrade(&ticker));
        ticker
    }
}
