//! Who is muted, and by what, as the readers of the stream hear and see it.

use lianmai_hub::{Hub, Protocol, PublishOptions, StreamKey};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};
use lianmai_rooms::{Actor, Command, MemberId, MuteKind, Role, RoomId, StreamId};

use crate::service::testing::{Gateway, publishing, room};
use crate::service::*;

struct Scene {
    gateway: Gateway,
    room: RoomId,
    member: MemberId,
    stream: StreamId,
}

impl Scene {
    async fn set() -> Scene {
        let gateway = Gateway::memory(AppPolicy::default()).await;
        let room = gateway.room("r1").await;
        let member = gateway.join(&room, "ann").await;
        let stream = gateway.publish(&room, &member).await.stream.id;
        Scene {
            gateway,
            room,
            member,
            stream,
        }
    }

    async fn apply(&self, command: Command) {
        let service = &self.gateway.service;
        service
            .apply(&self.gateway.app, &self.room, command)
            .await
            .unwrap();
    }

    /// Whether sound and pictures come through.
    async fn open(&self) -> (bool, bool) {
        tracks(&self.gateway.hub, &key(&self.gateway, &self.stream)).await
    }

    fn mute(&self) -> Command {
        Command::Mute {
            by: Actor::App,
            member: self.member.clone(),
            kind: MuteKind::Audio,
        }
    }

    fn unmute(&self) -> Command {
        Command::Unmute {
            by: Actor::App,
            member: self.member.clone(),
            kind: MuteKind::Audio,
        }
    }

    fn update(&self, voff: Option<bool>, aoff: Option<bool>) -> Command {
        Command::UpdateStream {
            by: Actor::Member(self.member.clone()),
            stream: self.stream.clone(),
            voff,
            aoff,
            ext: None,
        }
    }
}

fn key(gateway: &Gateway, stream: &StreamId) -> StreamKey {
    StreamKey::new(gateway.app.as_str(), stream.as_str())
}

/// What a player gets of a loud sound and a key frame: the sound as it was, a picture at all.
async fn tracks(hub: &Hub, key: &StreamKey) -> (bool, bool) {
    let options = PublishOptions::new(Protocol::Rtmp, u64::MAX, None);
    let publication = hub.publish(key.clone(), options).unwrap();
    publication
        .set_audio(AudioConfig::aac_lc(48_000, 1).unwrap())
        .unwrap();
    let video = VideoConfig::from_record(VideoCodec::Vp8, bytes::Bytes::new()).unwrap();
    publication.set_video(video).unwrap();
    let reader = hub.subscribe(key.clone(), lianmai_hub::ReadOptions::default());
    let mut reader = reader.unwrap();
    // The sound comes last, so that whatever comes has come with it.
    for kind in [TrackKind::Video, TrackKind::Audio] {
        let frame = Frame {
            kind,
            dts: MediaTime::from_millis(0),
            composition: MediaDuration::from_millis(0),
            keyframe: true,
            payload: vec![7; 100].into(),
        };
        publication.push(frame).unwrap();
    }
    let (mut batch, mut picture) = (Vec::new(), false);
    loop {
        reader.next_batch(&mut batch).await;
        for delivery in &batch {
            let lianmai_hub::Delivery::Item(item) = delivery else {
                continue;
            };
            match item.frame() {
                Some(frame) if frame.kind == TrackKind::Audio => {
                    return (frame.payload.len() == 100, picture);
                }
                _ => picture = true,
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_muted_is_not_heard() {
    let scene = Scene::set().await;
    assert_eq!(scene.open().await, (true, true));
    scene.apply(scene.mute()).await;
    assert_eq!(scene.open().await, (false, true));
    scene.apply(scene.unmute()).await;
    assert_eq!(scene.open().await, (true, true));

    // What the member switched off is its own affair, and adds to it.
    scene.apply(scene.update(Some(true), Some(true))).await;
    assert_eq!(scene.open().await, (false, false));
    scene.apply(scene.mute()).await;
    scene.apply(scene.unmute()).await;
    assert_eq!(scene.open().await, (false, false));
    scene.apply(scene.update(Some(false), Some(false))).await;
    assert_eq!(scene.open().await, (true, true));
}

#[tokio::test]
async fn everybody_is_muted_but_admins_and_the_excused() {
    let scene = Scene::set().await;
    let [audio, video] =
        [MuteKind::Audio, MuteKind::Video].map(|kind| Command::MuteAll { by: Actor::App, kind });
    scene.apply(audio.clone()).await;
    scene.apply(video).await;
    assert_eq!(scene.open().await, (false, false));
    scene.apply(scene.unmute()).await;
    assert_eq!(scene.open().await, (true, false));
    scene.apply(audio).await;
    assert_eq!(scene.open().await, (false, false), "muted again, with everybody");
    let (by, member) = (Actor::App, scene.member.clone());
    scene
        .apply(Command::GrantRole {
            by: by.clone(),
            member: member.clone(),
            role: Role::Admin,
        })
        .await;
    assert_eq!(scene.open().await, (true, true));
    let role = Role::Talker;
    scene.apply(Command::DegradeRole { by, member, role }).await;
    assert_eq!(scene.open().await, (false, false));

    // Who comes later is muted, too.
    let gateway = &scene.gateway;
    let bob = gateway.join(&scene.room, "bob").await;
    let later = gateway.publish(&scene.room, &bob).await.stream.id;
    assert_eq!(tracks(&gateway.hub, &key(gateway, &later)).await, (false, false));
    for kind in [MuteKind::Audio, MuteKind::Video] {
        let by = Actor::App;
        scene.apply(Command::UnmuteAll { by, kind }).await;
    }
    assert_eq!(scene.open().await, (true, true));
    assert_eq!(tracks(&gateway.hub, &key(gateway, &later)).await, (true, true));
}

/// A stream that is published with a track off has it off before its URL is known.
#[tokio::test]
async fn a_track_may_be_off_from_the_start() {
    let scene = Scene::set().await;
    let (gateway, bob) = (&scene.gateway, scene.gateway.join(&scene.room, "bob").await);
    let request = PublishRequest {
        voff: true,
        ..publishing(&bob)
    };
    let published = gateway.service.publish(&gateway.app, &scene.room, request).await;
    let stream = published.unwrap().stream.id;
    assert_eq!(tracks(&gateway.hub, &key(gateway, &stream)).await, (true, false));
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let id = gateway.room("r1").await;
    let member = gateway.join(&id, "ann").await;
    let stream = gateway.publish(&id, &member).await.stream.id;
    let mute = Command::Mute {
        by: Actor::App,
        member,
        kind: MuteKind::Audio,
    };
    gateway.service.apply(&gateway.app, &id, mute).await.unwrap();
    gateway.kill().await;

    let gateway = Gateway::file(&path).await;
    assert_eq!(tracks(&gateway.hub, &key(&gateway, &stream)).await, (false, true));
    let by = Actor::App;
    let unpublish = Command::Unpublish {
        by,
        stream: stream.clone(),
    };
    gateway
        .service
        .apply(&gateway.app, &room("r1"), unpublish)
        .await
        .unwrap();
    assert_eq!(
        tracks(&gateway.hub, &key(&gateway, &stream)).await,
        (true, true),
        "nothing is left of it"
    );
}
