//! Looks at the hub now and then: how well RTMP publishers' media arrives, and what is over.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use lianmai_hub::{Protocol, StreamKey, StreamStats};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::arrival::Arrival;
use super::home::Home;
use crate::service::Core;

const EVERY: Duration = Duration::from_secs(2);

/// Watches for as long as it is polled.
pub(crate) async fn watch(core: Arc<Core>) {
    let mut look = Look::default();
    let begin = Instant::now();
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        look.at(
            &core,
            u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        );
    }
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Look {
    arrival: Arrival,
}

impl Look {
    /// Looks once more, `millis` after the first look or so.
    pub(crate) fn at(&mut self, core: &Core, millis: u64) {
        let mut all = core.hub.all_stats();
        all.retain(is_pushed_by_rtmp);
        for (key, stats) in &all {
            let quality = self.arrival.look(key, stats, millis);
            if quality > 0 {
                tell(core, key, quality);
            }
        }
        let there: HashSet<&StreamKey> = all.iter().map(|(key, _)| key).collect();
        for key in self.arrival.forget(|key| there.contains(key)) {
            tell(core, &key, 0);
        }
        sweep(core);
    }
}

/// A member's own push: not what a worker made of it.
fn is_pushed_by_rtmp((key, stats): &(StreamKey, StreamStats)) -> bool {
    let rtmp = matches!(stats.protocol, Some(Protocol::Rtmp | Protocol::Rtmps));
    stats.on_air && rtmp && key.form_of().is_none()
}

fn tell(core: &Core, key: &StreamKey, up: u8) {
    if let Some(home) = Home::of(core, key) {
        let at = core.config.clock.now();
        core.signals
            .quality((&home.app, &home.room, &home.owner), at, (Some(up), None));
    }
}

fn sweep(core: &Core) {
    let state = core.state.lock();
    core.signals.sweep(
        |app, room| state.rooms.get(app, room).is_some(),
        |app, room, member| {
            let room = state.rooms.get(app, room);
            room.is_some_and(|room| room.member(member).is_some())
        },
    );
}
