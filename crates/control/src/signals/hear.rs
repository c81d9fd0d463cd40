//! From what the bridge hears to signals of rooms.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lianmai_bridge::{BridgeEvent, PeerId};
use lianmai_hub::StreamKey;
use lianmai_rooms::{AppId, MemberId, RoomId, StreamKind};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::home::Home;
use super::sound::{Loudness, SILENT, Sound};
use crate::service::Core;
use crate::webrtc::Direction;

/// Levels and speakers are told at most this often.
const TICK: Duration = Duration::from_millis(250);

/// Listens to the bridge for as long as there is one.
pub(crate) async fn hear(core: Arc<Core>, mut events: broadcast::Receiver<BridgeEvent>) {
    let mut sounds: HashMap<(AppId, RoomId), Sound> = HashMap::new();
    let begin = Instant::now();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(BridgeEvent::AudioLevel { key, level, voice }) => {
                    if let Some(home) = Home::of(&core, &key) {
                        let who = Loudness {
                            member: home.owner,
                            stream: home.stream,
                            level: if home.is_muted { SILENT } else { level.min(SILENT) },
                        };
                        let may_speak = home.kind != StreamKind::Screen;
                        let sound = sounds.entry((home.app, home.room)).or_default();
                        sound.hear(who, voice, may_speak, millis(begin));
                    }
                }
                Ok(BridgeEvent::Quality { key, holder, up, down }) => {
                    quality(&core, &key, holder.as_deref(), known(up), known(down));
                }
                Ok(BridgeEvent::Closed { peer }) => closed(&core, &peer),
                Err(RecvError::Lagged(lost)) => {
                    metrics::counter!("lianmai_bridge_events_lost_total").increment(lost);
                }
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick(), if !sounds.is_empty() => {
                let (now, at) = (millis(begin), core.config.clock.now());
                sounds.retain(|(app, room), sound| {
                    let news = sound.tick(now);
                    if !news.levels.is_empty() {
                        core.signals.levels(app, room, at, &news.levels);
                    }
                    if let Some(speaker) = news.speaker {
                        core.signals.speaker(app, room, at, speaker.as_ref());
                        core.mixing.hint(app, room);
                    }
                    !sound.is_over()
                });
            }
        }
    }
}

fn millis(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A direction that the peer does not have says nothing about the member's other peer.
fn known(quality: u8) -> Option<u8> {
    (quality > 0).then_some(quality)
}

/// Qualities are the member's whose connection it is.
fn quality(core: &Core, key: &StreamKey, holder: Option<&str>, up: Option<u8>, down: Option<u8>) {
    let Some(home) = Home::of(core, key) else { return };
    let Some(member) = holder.and_then(|holder| MemberId::parse(holder).ok()) else {
        // The app's own connection.
        return;
    };
    let at = core.config.clock.now();
    core.signals
        .quality((&home.app, &home.room, &member), at, (up, down));
}

/// A peer is gone: nothing is known of that direction any more.
fn closed(core: &Core, peer: &PeerId) {
    let owner = core.webrtc.get().and_then(|webrtc| webrtc.peers.remove(peer));
    let Some(owner) = owner else { return };
    let none = match owner.direction {
        Direction::Publish => (Some(0), None),
        Direction::Subscribe => (None, Some(0)),
    };
    let at = core.config.clock.now();
    core.signals
        .quality((&owner.app, &owner.room, &owner.member), at, none);
}
