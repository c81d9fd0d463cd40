//! All targets of a gateway: what runs is brought into line with what the rooms say.
//!
//! Every look at a room compares all its pushes with what runs; what wakes it is only a hint. So a restart needs nothing
//! but a look at every room.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lianmai_hub::{Hub, StreamKey};
use lianmai_rooms::{AppId, EventKind, PushId, PushUrl, RoomId, StreamId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::air::Air;
use super::reason::Reason;
use super::standing::{PushState, PushStatus, Standing};
use super::target::Target;
use super::{BypassConfig, connect, figures, tell};
use crate::service::{Clock, Core};

type Home = (AppId, RoomId);

/// The targets.
pub(crate) struct Bypass {
    config: Arc<BypassConfig>,
    hub: Hub,
    clock: Clock,
    air: Arc<Air>,
    homes: Mutex<HashMap<Home, HashMap<PushId, Running>>>,
    /// Rooms to look at.
    hints: Mutex<HashSet<Home>>,
    news: Arc<Notify>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

struct Running {
    standing: Arc<Standing>,
    /// The state that was told last.
    told: PushState,
    /// What is pushed at present, and what ends it.
    task: Option<(StreamId, CancellationToken)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((_, stop)) = &self.task {
            stop.cancel();
        }
    }
}

/// A push as the room has it.
struct Wanted {
    id: PushId,
    stream: Option<StreamId>,
    url: PushUrl,
}

impl Bypass {
    pub(crate) fn new(
        config: BypassConfig,
        clock: Clock,
        hub: Hub,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Self> {
        figures::announce();
        Arc::new(Self {
            config: Arc::new(config),
            air: Arc::new(Air::new(hub.clone())),
            hub,
            clock,
            homes: Mutex::default(),
            hints: Mutex::default(),
            news: Arc::default(),
            tasks,
            stop,
        })
    }

    /// Something happened in a room. Never waits.
    pub(crate) fn happened(&self, app: &AppId, room: &RoomId, event: &EventKind) {
        if matches!(
            event,
            EventKind::PushAdded { .. }
                | EventKind::PushRemoved { .. }
                | EventKind::StreamAdded { .. }
                | EventKind::StreamRemoved { .. }
                | EventKind::RoomEnded { .. }
        ) {
            self.hints.lock().insert((app.clone(), room.clone()));
            self.news.notify_one();
        }
    }

    /// How the targets of a room stand.
    pub(crate) fn statuses(&self, app: &AppId, room: &RoomId) -> HashMap<PushId, PushStatus> {
        let homes = self.homes.lock();
        let pushes = homes.get(&(app.clone(), room.clone()));
        let statuses = pushes.into_iter().flatten();
        statuses
            .map(|(id, running)| (id.clone(), running.standing.status()))
            .collect()
    }

    /// Follows the rooms for ever.
    pub(crate) async fn follow(self: Arc<Self>, core: Arc<Core>) {
        self.look_at_everything(&core);
        let air = self.air.clone();
        let watch = air.watch(self.hub.events());
        let follow = async {
            loop {
                let hints = std::mem::take(&mut *self.hints.lock());
                for home in hints {
                    self.look(&core, home);
                }
                self.tell(&core).await;
                self.news.notified().await;
            }
        };
        tokio::join!(watch, follow);
    }

    fn look_at_everything(&self, core: &Core) {
        let state = core.state.lock();
        let rooms = state.rooms.iter().filter(|room| room.pushes().len() > 0);
        let homes = rooms.map(|room| (room.app().clone(), room.id().clone()));
        self.hints.lock().extend(homes);
    }

    fn look(&self, core: &Core, home: Home) {
        let wanted: Vec<Wanted> = {
            let state = core.state.lock();
            let room = state.rooms.get(&home.0, &home.1);
            let pushes = room.into_iter().flat_map(|room| {
                room.pushes().map(|push| Wanted {
                    id: push.id.clone(),
                    stream: room.pushed(push).map(|stream| stream.id.clone()),
                    url: push.url.clone(),
                })
            });
            pushes.collect()
        };
        let mut homes = self.homes.lock();
        if wanted.is_empty() {
            homes.remove(&home);
            return;
        }
        let app = home.0.clone();
        let running = homes.entry(home).or_default();
        running.retain(|id, _| wanted.iter().any(|push| push.id == *id));
        for push in wanted {
            let entry = running.entry(push.id.clone()).or_insert_with(|| Running {
                standing: Arc::new(Standing::new(self.clock.clone(), self.news.clone())),
                told: PushState::Waiting,
                task: None,
            });
            self.align(&app, push, entry);
        }
    }

    /// Ends what pushes another stream than wanted, and starts what does not run.
    fn align(&self, app: &AppId, push: Wanted, running: &mut Running) {
        let present = running.task.as_ref().map(|(stream, _)| stream);
        if present == push.stream.as_ref() {
            return;
        }
        if let Some((_, stop)) = running.task.take() {
            stop.cancel();
            // What the old task still says is not this target's state any more.
            running.standing = Arc::new(running.standing.successor());
        }
        let Some(stream) = push.stream else { return };
        let Ok(url) = connect::parse(&push.url) else {
            running.standing.has_failed(&Reason::BadUrl);
            return;
        };
        let stop = self.stop.child_token();
        let target = Target {
            hub: self.hub.clone(),
            air: self.air.clone(),
            config: self.config.clone(),
            key: StreamKey::new(app.as_str(), stream.as_str()),
            url,
            standing: running.standing.clone(),
            stop: stop.clone(),
        };
        running.task = Some((stream, stop));
        self.tasks.spawn(target.run());
    }

    /// Tells what changed since it was told last. A state that passes quickly may be left out.
    async fn tell(&self, core: &Core) {
        let mut changed = Vec::new();
        for (home, pushes) in self.homes.lock().iter_mut() {
            for (id, running) in pushes {
                let status = running.standing.status();
                if status.state != running.told {
                    running.told = status.state;
                    changed.push((home.clone(), id.clone(), status));
                }
            }
        }
        for ((app, room), push, status) in changed {
            tell::state(core, &app, &room, &push, &status).await;
        }
    }
}
