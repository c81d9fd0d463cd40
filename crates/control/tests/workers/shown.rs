//! What members and operators see.

use lianmai_control::http::jwt::{self, Claims, Scope};
use lianmai_hub::job::WorkerMessage;
use lianmai_hub::{Action, Form, Protocol, PublishOptions, ReadOptions};
use lianmai_rooms::AccountId;

use crate::harness::{Plane, app, get, until};

fn token(plane: &Plane) -> String {
    let now = plane.service.clock().now().as_secs();
    let mut claims = Claims::new(app(), AccountId::parse("server").unwrap(), now + 600);
    claims.scope = Scope::App;
    jwt::sign(&claims, &plane.service.app_secret(&app()).unwrap()).unwrap()
}

/// R-B1: a publisher with B-frames is warned; R-M7: what is made of a stream shows where it stands.
#[tokio::test]
async fn streams_show_their_renditions_and_warnings() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let url = format!("http://{}/v1/rooms/{}/streams", plane.http, plane.room);
    let stream = |answer: serde_json::Value| answer["streams"][0].clone();
    let token = token(&plane);
    let (status, answer) = get(&url, Some(&token)).await;
    assert_eq!(status, 200);
    let quiet = stream(answer);
    assert!(
        quiet.get("renditions").is_none() && quiet.get("warnings").is_none(),
        "{quiet}"
    );

    let mut worker = plane.worker("w", 0.03).await;
    let _opus = plane.hub.want(&plain.form(Form::Opus));
    let job = worker.start().await;
    worker.say(&WorkerMessage::Started { id: job.id }).await;
    let _nob = plane.hub.want(&plain.form(Form::NoBFrames));
    until("it is short", || {
        plane.state(&plain, Form::NoBFrames) == Some("no_capacity")
    })
    .await;
    until("it runs", || plane.state(&plain, Form::Opus) == Some("running")).await;
    let shown = stream(get(&url, Some(&token)).await.1);
    assert_eq!(shown["warnings"], serde_json::json!(["b_frames"]));
    let renditions = shown["renditions"].as_array().unwrap();
    let of = |form: &str| renditions.iter().find(|r| r["form"] == form).unwrap();
    assert_eq!(of("opus")["state"], "running");
    let short = of("nob");
    assert_eq!(
        (short["state"].as_str(), short["free"].as_f64()),
        (Some("no_capacity"), Some(0.01))
    );
    assert!(short["need"].as_f64().unwrap() > 0.1 && short["reason"].is_string());
    plane.finish().await;
}

#[tokio::test]
async fn workers_are_listed_for_operators_and_nobody_else() {
    let plane = Plane::start().await;
    let _worker = plane.worker("builder-7", 4.0).await;
    let (status, list) = get(&format!("http://{}/workers", plane.metrics), None).await;
    assert_eq!((status, list[0]["name"].as_str()), (200, Some("builder-7")));
    assert_eq!(
        (list[0]["capacity"].as_f64(), list[0]["free"].as_f64()),
        (Some(4.0), Some(4.0))
    );
    let (status, _) = get(&format!("http://{}/workers", plane.http), None).await;
    assert_eq!(status, 404);
    plane.finish().await;
}

/// Who transcodes for viewers is no viewer: not in figures, and not in the app's limits.
#[tokio::test]
async fn workers_are_not_counted_as_viewers() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    let mut worker = plane.worker("w", 1.0).await;
    let _want = plane.hub.want(&plain.form(Form::Opus));
    let job = worker.start().await;
    let grant = plane.decide(Action::Play, &job.source).await.unwrap();
    let options = ReadOptions {
        internal: grant.internal,
        ..ReadOptions::default()
    };
    let _played = plane.hub.subscribe(grant.key, options).unwrap();
    let _viewer = plane
        .hub
        .subscribe(plain.clone(), ReadOptions::default())
        .unwrap();
    worker.say(&WorkerMessage::Started { id: job.id }).await;
    until("it runs", || plane.state(&plain, Form::Opus) == Some("running")).await;
    let url = format!("http://{}/v1/rooms/{}/streams", plane.http, plane.room);
    let (_, answer) = get(&url, Some(&token(&plane))).await;
    assert_eq!(answer["streams"][0]["stats"]["readers"], 1);
    plane.finish().await;
}

/// A rendition on air is not a publication of a member: nothing happens in the room, and nobody ends it.
#[tokio::test]
async fn renditions_on_air_do_not_touch_the_room() {
    let plane = Plane::start().await;
    let (plain, _publication) = plane.on_air().await;
    until("it is on air", || {
        let room = plane.service.room(&app(), &plane.room).unwrap();
        room.view
            .streams
            .values()
            .any(|s| matches!(s.air, lianmai_rooms::Air::On { .. }))
    })
    .await;
    let before = plane.service.room(&app(), &plane.room).unwrap().sequence;
    let key = plain.form(Form::Opus);
    let options = PublishOptions::new(Protocol::Rtmp, 0, None);
    let rendition = plane.hub.publish(key.clone(), options.clone()).unwrap();
    // Something that the room does see, to know that the rendition was passed over.
    let screen = lianmai_hub::StreamKey::new("demo", "nobody");
    let stray = plane.hub.publish(screen.clone(), options).unwrap();
    tokio::time::timeout(crate::harness::PATIENCE, stray.stopped())
        .await
        .expect("nobody's stream is ended");
    assert!(plane.hub.stats(&key).is_some_and(|stats| stats.on_air));
    drop(rendition);
    assert_eq!(plane.service.room(&app(), &plane.room).unwrap().sequence, before);
    plane.finish().await;
}
