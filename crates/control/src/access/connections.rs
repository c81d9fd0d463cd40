//! How many connections each app has, so that none takes more than its share.
//!
//! Counted in the hub, at most twice a second, plus what was granted since: no book-keeping that could go wrong when a
//! connection ends in an unusual way.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use lianmai_hub::{Action, Denial, Hub};
use parking_lot::Mutex;

use super::authorise::deny;
use crate::service::App;
use crate::workers::Workers;

const FRESH: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Connections {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    counted_at: Option<Instant>,
    of_app: HashMap<String, Count>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    publishers: usize,
    players: usize,
}

impl Connections {
    /// Counts one more connection, if the app may have it.
    pub(super) fn admit(
        &self,
        hub: &Hub,
        workers: &Workers,
        app: &App,
        action: Action,
    ) -> Result<(), Denial> {
        let mut counts = self.counts.lock();
        if counts.counted_at.is_none_or(|at| at.elapsed() >= FRESH) {
            counts.of_app = count(hub, workers);
            counts.counted_at = Some(Instant::now());
        }
        let of_app = counts.of_app.entry(app.id.to_string()).or_default();
        let (number, limit, denial) = match action {
            Action::Publish => (
                &mut of_app.publishers,
                app.limits.publishers,
                deny("app_limit_publishers", "the app has too many publishers"),
            ),
            Action::Play => (
                &mut of_app.players,
                app.limits.players,
                deny("app_limit_players", "the app has too many players"),
            ),
        };
        if *number >= limit {
            return Err(denial);
        }
        *number += 1;
        Ok(())
    }
}

fn count(hub: &Hub, workers: &Workers) -> HashMap<String, Count> {
    let mut counts: HashMap<String, Count> = HashMap::new();
    for (key, stats) in hub.all_stats() {
        let count = counts.entry(key.app().to_owned()).or_default();
        // What workers make is no publisher of the app's.
        count.publishers += usize::from(stats.on_air && !workers.makes(&key));
        count.players += stats.readers;
    }
    counts
}
