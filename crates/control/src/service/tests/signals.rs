//! What bridge and hub notice, as those hear it who watch the room.

use lianmai_bridge::BridgeEvent;
use lianmai_hub::{Action, Form, Protocol, PublishOptions, StreamKey};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind};
use lianmai_rooms::{Actor, Command, MemberId, MuteKind, RoomId};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::service::testing::{Gateway, PATIENCE};
use crate::service::*;
use crate::signals::{Listener, Look, hear};

/// Ann and bob in a room, and a bridge that says what it is told to say.
struct Scene {
    gateway: Gateway,
    room: RoomId,
    ann: MemberId,
    bob: MemberId,
    /// Ann's camera.
    key: StreamKey,
    bridge: broadcast::Sender<BridgeEvent>,
    _hearing: JoinSet<()>,
}

impl Scene {
    async fn set() -> Scene {
        let gateway = Gateway::memory(AppPolicy::default()).await;
        let room = gateway.room("r1").await;
        let (ann, bob) = (gateway.join(&room, "ann").await, gateway.join(&room, "bob").await);
        let published = gateway.publish(&room, &ann).await;
        let (bridge, events) = broadcast::channel(64);
        let mut hearing = JoinSet::new();
        hearing.spawn(hear(gateway.service.core.clone(), events));
        Scene {
            key: StreamKey::new(gateway.app.as_str(), published.stream.id.as_str()),
            gateway,
            room,
            ann,
            bob,
            bridge,
            _hearing: hearing,
        }
    }

    fn listen(&self) -> Listener {
        self.gateway.service.signals(&self.gateway.app, &self.room)
    }

    fn say(&self, level: u8) {
        let event = BridgeEvent::AudioLevel {
            key: self.key.form(Form::Rtc),
            level,
            voice: true,
        };
        self.bridge.send(event).unwrap();
    }
}

async fn next(listener: &mut Listener) -> Value {
    let signal = tokio::time::timeout(PATIENCE, listener.next()).await;
    serde_json::from_str(&signal.expect("a signal comes").text).unwrap()
}

/// The next signal of this name; others are passed over.
async fn next_of(listener: &mut Listener, event: &str) -> Value {
    loop {
        let signal = next(listener).await;
        if signal["event"] == event {
            return signal;
        }
    }
}

#[tokio::test]
async fn whoever_speaks_is_told() {
    let scene = Scene::set().await;
    tokio::time::pause();
    let mut listener = scene.listen();
    let sequence = || {
        scene
            .gateway
            .service
            .room(&scene.gateway.app, &scene.room)
            .unwrap()
            .sequence
    };
    let before = sequence();
    scene.say(20);
    let levels = next_of(&mut listener, "audio_levels").await;
    let stream = scene.key.stream();
    assert_eq!(
        levels["levels"],
        json!([{ "member": scene.ann, "stream": stream, "level": 20 }])
    );
    assert_eq!((&levels["room"], levels.get("sequence")), (&json!("r1"), None));
    for _ in 0..10 {
        scene.say(20);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let speaker = next_of(&mut listener, "active_speaker").await;
    assert_eq!(
        (&speaker["member"], &speaker["level"]),
        (&json!(scene.ann), &json!(20))
    );
    // Whoever comes later is told as well; then she falls silent.
    let mut late = scene.listen();
    assert_eq!(next(&mut late).await["member"], json!(scene.ann));
    assert_eq!(next_of(&mut late, "active_speaker").await["member"], Value::Null);
    assert_eq!(sequence(), before, "nothing of it is an event of the room");
}

/// Who is muted is not heard, whatever is sent.
#[tokio::test]
async fn the_muted_are_silent() {
    let scene = Scene::set().await;
    let mut listener = scene.listen();
    let (by, member) = (Actor::App, scene.ann.clone());
    let kind = MuteKind::Audio;
    let mute = Command::Mute { by, member, kind };
    scene
        .gateway
        .service
        .apply(&scene.gateway.app, &scene.room, mute)
        .await
        .unwrap();
    tokio::time::pause();
    for _ in 0..40 {
        scene.say(0);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let quality = BridgeEvent::Quality {
        key: scene.key.clone(),
        holder: Some(scene.bob.as_str().into()),
        up: 0,
        down: 4,
    };
    scene.bridge.send(quality).unwrap();
    let first = next(&mut listener).await;
    let told = json!({ "event": "quality", "room": "r1", "at": first["at"], "member": scene.bob, "up": 0, "down": 4 });
    assert_eq!(first, told, "neither levels nor a speaker");
}

#[tokio::test]
async fn qualities_are_the_members_whose_connection_it_is() {
    let scene = Scene::set().await;
    let mut listener = scene.listen();
    let tell = |holder: Option<&str>, key: &StreamKey, up, down| {
        let (key, holder) = (key.clone(), holder.map(Into::into));
        let event = BridgeEvent::Quality {
            key,
            holder,
            up,
            down,
        };
        scene.bridge.send(event).unwrap();
    };
    let nowhere = StreamKey::new("acme", "nowhere");
    tell(Some(scene.ann.as_str()), &nowhere, 1, 1);
    tell(None, &scene.key, 5, 5);
    tell(Some("no member at all"), &scene.key, 5, 5);
    tell(Some(scene.ann.as_str()), &scene.key.form(Form::Rtc), 2, 0);
    tell(Some(scene.ann.as_str()), &scene.key.form(Form::Rtc), 2, 0);
    tell(Some(scene.bob.as_str()), &scene.key, 0, 3);
    let first = next(&mut listener).await;
    assert_eq!(
        (&first["member"], &first["up"], &first["down"]),
        (&json!(scene.ann), &json!(2), &json!(0))
    );
    let second = next(&mut listener).await;
    assert_eq!(
        (&second["member"], &second["up"], &second["down"]),
        (&json!(scene.bob), &json!(0), &json!(3))
    );
}

/// Members that push RTMP have a quality, too: by what arrives in time. When they stop it is unknown again.
#[tokio::test]
async fn rtmp_publishers_are_judged_by_what_arrives() {
    let scene = Scene::set().await;
    let mut listener = scene.listen();
    let (gateway, core) = (&scene.gateway, &scene.gateway.service.core);
    let push = gateway
        .publish(&scene.room, &scene.ann)
        .await
        .push
        .unwrap()
        .url
        .unwrap();
    let grant = gateway.authorise(Action::Publish, &push).await.unwrap();
    let options = PublishOptions::new(Protocol::Rtmp, grant.epoch, grant.holder.clone());
    let publication = gateway.hub.publish(grant.key.clone(), options).unwrap();
    publication
        .set_audio(AudioConfig::aac_lc(44_100, 2).unwrap())
        .unwrap();
    let (mut look, mut millis, mut sent) = (Look::default(), 0, 0);
    for frames in [86, 86, 86, 86, 86, 20] {
        for _ in 0..frames {
            publication.push(audio(sent * 23)).unwrap();
            sent += 1;
        }
        millis += 2_000;
        look.at(core, millis);
    }
    assert_eq!(next_of(&mut listener, "quality").await["up"], 1);
    let worse = next_of(&mut listener, "quality").await;
    assert_eq!(
        (&worse["member"], &worse["up"], &worse["down"]),
        (&json!(scene.ann), &json!(5), &json!(0))
    );
    drop(publication);
    look.at(core, millis + 2_000);
    assert_eq!(next_of(&mut listener, "quality").await["up"], 0);
}

fn audio(millis: i64) -> Frame {
    Frame {
        kind: TrackKind::Audio,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe: false,
        payload: bytes::Bytes::from_static(&[7; 100]),
    }
}
