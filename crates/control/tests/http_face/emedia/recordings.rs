//! Recordings: by the flags that the first to come says, and on request.

use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use lianmai_control::recordings::{PartState, Recording, RecordingConfig, RecordingFilter, RecordingState};
use lianmai_control::vendor::TokenPolicy;
use lianmai_hub::{Protocol, PublishOptions, StreamKey};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind};
use lianmai_rooms::{AppId, Command, RoomId, StreamId, StreamKind};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::client::{Client, app, config, confr, http, ok, path, uid};
use crate::harness::Server;

/// One that records into a folder.
pub(super) async fn recording_server() -> (Server, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut service = config(app(TokenPolicy::Open, None));
    service.recording = RecordingConfig {
        dir: Some(folder.path().to_owned()),
        min_free: 0,
        ..RecordingConfig::default()
    };
    (Server::with(http(), service, Router::new()).await, folder)
}

fn demo() -> AppId {
    AppId::parse("demo").unwrap()
}

/// The recordings of a conference, the oldest first.
pub(super) async fn all(server: &Server, confr: &str) -> Vec<Recording> {
    let filter = RecordingFilter {
        room: Some(RoomId::parse(confr).unwrap()),
        after: None,
        limit: 200,
    };
    let recordings = server.service.recordings().unwrap();
    let mut all = recordings.list(&demo(), &filter).await.unwrap();
    all.reverse();
    all
}

/// Waits until they are as they should be.
async fn until(server: &Server, confr: &str, right: impl Fn(&[Recording]) -> bool) -> Vec<Recording> {
    for _ in 0..1_000 {
        let found = all(server, confr).await;
        if right(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", all(server, confr).await);
}

/// As the hub tells it when a publisher's first frames come.
async fn on_air(server: &Server, confr: &str, stream: &StreamId) {
    let command = Command::MediaStarted {
        stream: stream.clone(),
        epoch: 1,
    };
    let room = RoomId::parse(confr).unwrap();
    server.service.apply(&demo(), &room, command).await.unwrap();
}

async fn publish(server: &Server, client: &Client, rtc_id: &str) -> StreamId {
    let body = json!({ "op": "pubS", "rtcId": rtc_id });
    let published = ok(server, &path(&client.welcome["useUrl"]), &body).await;
    published["streamId"].as_str().unwrap().parse().unwrap()
}

/// A new conference with these flags, and its creator inside.
async fn enter(server: &Server, rec: Value, merge: Value) -> (String, Client) {
    let body = json!({
        "uid": uid("ann"), "token": "t", "confrType": 10, "password": "", "role": 9, "rec": rec, "recMerge": merge,
    });
    let made = ok(server, "/easemob/rtc/req/ticket", &body).await;
    let ann = Client::enter(server, &made["ticket"], "MINI_PROGRAM").await;
    (confr(&made), ann)
}

#[tokio::test]
async fn flags_at_creation_are_those_of_the_room() {
    let (server, _folder) = recording_server().await;
    let flags = |confr: &str| {
        let room = RoomId::parse(confr).unwrap();
        let settings = server.service.room(&demo(), &room).unwrap().view.settings;
        (settings.record, settings.record_merge)
    };
    for (said, meant) in [
        (json!({}), (false, false)),
        (json!({ "rec": "", "recMerge": "" }), (false, false)),
        (json!({ "rec": true }), (true, false)),
        (json!({ "rec": "true", "recMerge": 1 }), (true, true)),
        (json!({ "rec": true, "recMerge": false }), (true, false)),
    ] {
        let with = |mut body: Value| {
            body.as_object_mut()
                .unwrap()
                .extend(said.as_object().unwrap().clone());
            body
        };
        let ticket = with(json!({ "uid": uid("ann"), "token": "t", "confrType": 10 }));
        let made = ok(&server, "/easemob/rtc/req/ticket", &ticket).await;
        assert_eq!(flags(&confr(&made)), meant, "{said}");

        let room = "/acme/meet/conferences/room";
        let name = said.to_string();
        let named = json!({ "roomName": name, "memName": uid("ann"), "token": "t", "password": "" });
        let made = ok(&server, room, &with(named.clone())).await;
        // Only the first to come decides.
        let mut second = named;
        (second["rec"], second["recMerge"]) = (json!(!meant.0), json!(!meant.1));
        assert_eq!(confr(&ok(&server, room, &second).await), confr(&made));
        assert_eq!(flags(&confr(&made)), meant, "{said}");

        let body = with(json!({ "confrType": 10 }));
        let made = server
            .call(&server.app_token(), "POST", "/acme/meet/conferences", body)
            .await
            .ok();
        assert_eq!(flags(&confr(&made)), meant, "{said}");
    }
    server.finish().await;
}

/// Sound that is published without an end.
fn sound(server: &Server, stream: &StreamId) -> JoinSet<()> {
    let options = PublishOptions::new(Protocol::Rtmp, 1, None);
    let publication = server
        .hub
        .publish(StreamKey::new("demo", stream.as_str()), options);
    let publication = publication.unwrap();
    publication
        .set_audio(AudioConfig::aac_lc(48_000, 2).unwrap())
        .unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move {
        for at in 0.. {
            let frame = Frame {
                kind: TrackKind::Audio,
                dts: MediaTime::from_millis(at * 20),
                composition: MediaDuration::from_millis(0),
                keyframe: true,
                payload: Bytes::from_static(&[7; 100]),
            };
            if publication.push(frame).is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    task
}

/// Waits until something is being written.
async fn is_written(server: &Server, recording: &Recording) {
    let recordings = server.service.recordings().unwrap();
    for _ in 0..1_000 {
        if !recordings.parts(&recording.id).await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing is written: {recording:?}");
}

#[tokio::test]
async fn rec_records_each_stream_and_requests_come_on_top() {
    let (server, folder) = recording_server().await;
    let (confr, mut ann) = enter(&server, json!(true), json!(false)).await;
    let stream = publish(&server, &ann, "wx-1-ann").await;
    assert!(all(&server, &confr).await.is_empty(), "nothing is on air");
    let _sound = sound(&server, &stream);
    let found = until(&server, &confr, |all| all.len() == 1).await;
    let first = &found[0];
    assert_eq!(
        (&first.stream, first.setup.by_room, first.setup.is_mix),
        (&stream, true, false)
    );
    assert_eq!(first.setup.account, "ann".parse().ok());

    ann.done(json!({ "op": 500, "rtcId": "wx-1-ann", "flag": 1 }))
        .await;
    let found = all(&server, &confr).await;
    assert_eq!((found.len(), found[1].setup.by_room), (2, false));
    is_written(&server, &found[0]).await;
    is_written(&server, &found[1]).await;
    // What the conference wants recorded goes on.
    ann.done(json!({ "op": 500, "rtcId": "wx-1-ann", "flag": 0 }))
        .await;
    let found = until(&server, &confr, |all| all[1].state == RecordingState::Done).await;
    assert_eq!((found.len(), found[0].state), (2, RecordingState::Recording));
    ann.done(json!({ "op": 204 })).await;
    let is_done = |one: &Recording| one.state == RecordingState::Done;
    let found = until(&server, &confr, |all| all.iter().all(is_done)).await;
    for recording in &found {
        let parts = server
            .service
            .recordings()
            .unwrap()
            .parts(&recording.id)
            .await
            .unwrap();
        let [part] = &parts[..] else { panic!("{parts:?}") };
        assert_eq!(
            (part.state, &part.facts.tracks[..]),
            (PartState::Complete, &["aac".to_owned()][..])
        );
        let file = &part.facts.files[0];
        let path = folder.path().join("demo").join(&recording.id).join(&file.name);
        assert_eq!(std::fs::metadata(path).unwrap().len(), file.bytes);
        assert!(file.bytes > 100, "{part:?}");
    }
    server.finish().await;
}

#[tokio::test]
async fn rec_merge_records_the_mix_alone() {
    let (server, _folder) = recording_server().await;
    let (confr, ann) = enter(&server, json!("true"), json!("true")).await;
    let room = RoomId::parse(&confr).unwrap();
    let camera = publish(&server, &ann, "wx-1-ann").await;
    on_air(&server, &confr, &camera).await;
    let mix = async {
        loop {
            let streams = server.service.room(&demo(), &room).unwrap().view.streams;
            if let Some(mix) = streams.into_values().find(|one| one.kind == StreamKind::Mix) {
                return mix.id;
            }
            tokio::task::yield_now().await;
        }
    };
    let mix = tokio::time::timeout(Duration::from_secs(10), mix).await.unwrap();
    on_air(&server, &confr, &mix).await;
    let found = until(&server, &confr, |all| !all.is_empty()).await;
    let [only] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (&only.stream, only.setup.by_room, only.setup.is_mix),
        (&mix, true, true)
    );
    server.finish().await;
}

#[tokio::test]
async fn recording_is_begun_and_ended_on_request() {
    let (server, _folder) = recording_server().await;
    let (confr, mut ann) = enter(&server, json!(""), json!("")).await;
    let mut bob = Client::join(&server, "bob", &confr, 3).await;
    let anns = publish(&server, &ann, "wx-1-ann").await;
    publish(&server, &bob, "wx-1-bob").await;
    let record = |rtc_id: &str, flag: Value| json!({ "op": 500, "rtcId": rtc_id, "flag": flag });
    // Only admins, also of their own streams.
    assert_eq!(bob.ask(record("wx-1-bob", json!(1))).await["result"], -507);
    // Nothing runs: nothing to end.
    ann.done(record("wx-1-ann", json!(0))).await;
    for flag in [json!(1), json!("1"), json!(true)] {
        ann.done(record("wx-1-ann", flag)).await;
    }
    let found = all(&server, &confr).await;
    let [only] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&only.stream, only.state), (&anns, RecordingState::Recording));
    // Before anything was written, and while something would be.
    ann.done(record("wx-1-ann", json!(0))).await;
    let found = all(&server, &confr).await;
    assert_eq!(found[0].state, RecordingState::Done);
    assert!(found[0].ended_at.is_some() && found[0].error.is_none());
    on_air(&server, &confr, &anns).await;
    ann.done(record("wx-1-ann", json!(1))).await;
    let runs = |all: &[Recording]| all.len() == 2 && all[1].state == RecordingState::Recording;
    assert!(runs(&all(&server, &confr).await));
    ann.done(record("wx-1-ann", json!(0))).await;
    until(&server, &confr, |all| all[1].state == RecordingState::Done).await;
    server.finish().await;
}
