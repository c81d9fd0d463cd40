//! The loop that keeps what mixes are to be in line with their rooms.
//!
//! Whatever happens in a room is a hint to look at it; a room is looked at as a whole, so no hint is worth more than
//! another. Hints that come together are one look, and a room that changes without pause is looked at fifty times a
//! second at most.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lianmai_hub::StreamKey;
use lianmai_rooms::layout::Scene;
use lianmai_rooms::{AppId, RoomId};
use tokio::time::{Duration, Instant, sleep, sleep_until};

use super::asset::{Assets, resolve};
use super::look::{Glance, Inputs, Speaker};
use super::{MixPlan, sound};
use crate::service::Core;
use crate::workers::{MixStatus, Workers};

/// Shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest time between two looks at mixes that have a sound without somebody, whose players come and go unseen, and
/// at where mixes stand.
const ROUND: Duration = Duration::from_secs(1);
/// How long a sound that was asked for is made although nobody plays it (yet).
const SOUND_STAYS: Duration = Duration::from_secs(10);

type Home = (AppId, RoomId);

/// One room with a mix.
#[derive(Debug)]
struct Known {
    /// Of the mix.
    key: StreamKey,
    /// As it was arranged last.
    scene: Option<Scene>,
    speaker: Speaker,
    inputs: Inputs,
    /// When to look again.
    again: Option<Instant>,
    /// Sounds without somebody.
    sounds: Vec<StreamKey>,
    status: Option<MixStatus>,
}

struct Conductor {
    core: Arc<Core>,
    workers: Arc<Workers>,
    rooms: HashMap<Home, Known>,
    round: Instant,
}

/// Follows the rooms for as long as it is polled.
pub(crate) async fn conduct(core: Arc<Core>, workers: Arc<Workers>) {
    let mut conductor = Conductor {
        workers,
        rooms: HashMap::new(),
        round: Instant::now(),
        core,
    };
    let all: HashSet<Home> = {
        let state = conductor.core.state.lock();
        let rooms = state.rooms.iter();
        rooms
            .map(|room| (room.app().clone(), room.id().clone()))
            .collect()
    };
    conductor.look_at(all).await;
    loop {
        let next = conductor.next();
        tokio::select! {
            () = conductor.core.mixing.changed() => {}
            () = sleep_until(next) => {}
        }
        let mut due = conductor.core.mixing.take_changed();
        due.extend(conductor.due());
        conductor.look_at(due).await;
        conductor.tell();
        sleep(PAUSE).await;
    }
}

impl Conductor {
    fn next(&self) -> Instant {
        let soon = self.rooms.values().filter_map(|known| known.again);
        // Without a mix there is nothing to go and see.
        let round = match self.rooms.is_empty() {
            true => Instant::now() + Duration::from_secs(3_600),
            false => self.round + ROUND,
        };
        soon.chain([round]).min().unwrap_or(round)
    }

    /// Rooms that are to be looked at because time passed.
    fn due(&mut self) -> Vec<Home> {
        let now = Instant::now();
        let is_round = now >= self.round + ROUND;
        if is_round {
            self.round = now;
        }
        let is_due = |known: &Known| {
            known.again.is_some_and(|again| again <= now) || (is_round && !known.sounds.is_empty())
        };
        let due = self.rooms.iter().filter(|(_, known)| is_due(known));
        due.map(|(home, _)| home.clone()).collect()
    }

    async fn look_at(&mut self, homes: HashSet<Home>) {
        for home in homes {
            self.look(home).await;
        }
    }

    async fn look(&mut self, home: Home) {
        let (app, id) = &home;
        let now = Instant::now();
        let mut speaker = self
            .rooms
            .get_mut(&home)
            .map_or_else(Speaker::default, |known| std::mem::take(&mut known.speaker));
        let again = speaker.hear(self.core.signals.speaking(app, id), now);
        let glance = {
            let state = self.core.state.lock();
            let room = state.rooms.get(app, id);
            let previous = self.rooms.get(&home).and_then(|known| known.scene.as_ref());
            room.and_then(|room| Glance::of(room, speaker.member(), previous))
        };
        let Some(mut glance) = glance else {
            self.forget(&home);
            return;
        };
        let key = StreamKey::new(app.as_str(), glance.stream.as_str());
        if self.rooms.get(&home).is_some_and(|known| known.key != key) {
            // Stopped and started again between two looks.
            self.forget(&home);
        }
        let known = self.rooms.entry(home.clone()).or_insert_with(|| Known {
            key: key.clone(),
            scene: None,
            speaker: Speaker::default(),
            inputs: Inputs::default(),
            again: None,
            sounds: Vec::new(),
            status: None,
        });
        let (inputs, back) = known.inputs.take(app.as_str(), &glance, &self.core.hub, now);
        known.speaker = speaker;
        known.scene = Some(glance.scene.clone());
        known.again = again.into_iter().chain(back).min();
        let sounds = sounds(&self.core, &key, &glance, now);
        let gone = known
            .sounds
            .iter()
            .filter(|key| !sounds.iter().any(|(_, s)| s == *key));
        for sound in gone {
            self.core.hub.end(sound);
        }
        known.sounds = sounds.iter().map(|(_, key)| key.clone()).collect();
        let assets = assets(&self.core, &home, &glance).await;
        let assets = resolve(&mut glance.scene, &assets);
        // Whoever is not listed cannot be shown or heard.
        let is_input = |name: &str| inputs.iter().any(|(input, _)| input == name);
        glance.scene.voices.retain(|voice| is_input(&voice.input));
        let plan = MixPlan {
            scene: glance.scene,
            inputs,
            assets,
            sounds,
            revision: 0,
        };
        self.core.mixing.plans.set(&key, Some(plan));
    }

    fn forget(&mut self, (app, id): &Home) {
        let Some(known) = self.rooms.remove(&(app.clone(), id.clone())) else {
            return;
        };
        self.core.mixing.plans.set(&known.key, None);
        for sound in &known.sounds {
            self.core.hub.end(sound);
        }
        let at = self.core.config.clock.now();
        self.core.signals.mix(app, id, at, None);
    }

    /// Tells the rooms where their mixes stand.
    fn tell(&mut self) {
        for ((app, id), known) in &mut self.rooms {
            let status = self.workers.mix(&known.key);
            if status.is_some() && status != known.status {
                let fields = serde_json::to_value(&status).unwrap_or_default();
                let at = self.core.config.clock.now();
                self.core.signals.mix(app, id, at, Some(fields));
                known.status = status;
            }
        }
    }
}

/// The sounds without somebody that are to be made: while somebody plays them.
fn sounds(core: &Core, mix: &StreamKey, glance: &Glance, now: Instant) -> Vec<(Option<String>, StreamKey)> {
    let parsed = |key: &StreamKey| {
        let (of, member) = sound::parse(key.stream())?;
        (key.app() == mix.app() && of == glance.stream).then_some(member)
    };
    let is_played = |key: &StreamKey| core.hub.stats(key).is_some_and(|stats| stats.readers > 0);
    let asked = core.mixing.asked(
        |key| parsed(key).is_some(),
        |key, at| now.saturating_duration_since(at) < SOUND_STAYS || is_played(key),
    );
    let without = |key: StreamKey| {
        let stream = parsed(&key).and_then(|member| glance.stream_of(&member).map(ToString::to_string));
        (stream, key)
    };
    asked.into_iter().map(without).collect()
}

/// The pictures of a room, if its layout shows any.
async fn assets(core: &Core, (app, room): &Home, glance: &Glance) -> Arc<Assets> {
    if !super::asset::shows_pictures(&glance.scene) {
        return Arc::default();
    }
    if let Some(known) = core.mixing.known_assets(app, room) {
        return known;
    }
    let before = core.mixing.assets_version();
    match core.store.mix_assets(app, room).await {
        Ok(stored) => {
            let all = stored
                .iter()
                .map(|one| (one.name.clone(), Arc::new(one.for_job())));
            let all: Arc<Assets> = Arc::new(all.collect());
            core.mixing.keep_assets(app, room, all.clone(), before);
            all
        }
        Err(error) => {
            tracing::error!(%error, room = room.as_str(), "the pictures of a mix could not be read");
            Arc::default()
        }
    }
}
