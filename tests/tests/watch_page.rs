//! The watch page in headless Chromium: every stream of the demo app plays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use lianmai_tests::media::Source;
use lianmai_tests::{Gateway, Nginx, Process};
use serde_json::{Value, json};

#[tokio::test]
async fn the_watch_page_plays_every_stream_of_the_room() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "watched"})).await;
    let mut pushes = Vec::new();
    for account in ["ann", "bob"] {
        let (_, push, _) = room.publisher(account).await;
        pushes.push(
            Source {
                size: "640x360",
                ..Source::default()
            }
            .publish(&push),
        );
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/watch.mjs");
    let page = format!("http://{}/", gateway.http);
    let script = script.to_string_lossy().into_owned();
    let arguments = [script.as_str(), page.as_str(), "--videos", "2", "--timeout", "45"];
    let seen = Process::start("node", arguments)
        .succeed(Duration::from_secs(60))
        .await;
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let videos = seen["videos"].as_array().unwrap();
    assert_eq!(videos.len(), 2, "{seen}");
    for video in videos {
        assert_eq!(
            (&video["width"], &video["height"]),
            (&json!(640), &json!(360)),
            "{seen}"
        );
    }
    assert_eq!(seen["errors"], json!([]), "{seen}");
}

/// "Join with camera": a visitor of the page sends over WebRTC and sees the RTMP member over WebRTC.
#[tokio::test]
async fn a_visitor_joins_with_a_camera() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "joined"})).await;
    let (_, push, _) = room.publisher("ann").await;
    let _push = Source::default().publish(&push);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/join.mjs");
    let page = format!("http://{}/", gateway.http);
    let script = script.to_string_lossy().into_owned();
    let seen = Process::start("node", [script.as_str(), page.as_str(), "1"])
        .succeed(Duration::from_secs(60))
        .await;
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert!(seen["sent"].as_str().unwrap().contains("fps"), "{seen}");
    assert_eq!(seen["errors"], json!([]), "{seen}");
    // The gateway knows both: the visitor's stream is on air too.
    let members = gateway
        .api()
        .await
        .ok("GET", &format!("/v1/rooms/{}", room.id), None)
        .await;
    assert!(members.to_string().contains("visitor"), "{members}");
}

/// Whoever may change a room starts its mix, arranges it, records it and pushes it, in English and in Chinese.
#[tokio::test]
async fn a_room_is_mixed_recorded_and_pushed_from_the_page() {
    let gateway = Gateway::start_with(&[Gateway::WORKER, "recording.min_free=0"]).await;
    let room = gateway.api().await.create_room(json!({"name": "studio"})).await;
    let (_, push, _) = room.publisher("ann").await;
    let _push = Source::default().publish(&push);
    let nginx = Nginx::start().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/studio.mjs");
    let script = script.to_string_lossy().into_owned();
    let (page, target) = (format!("http://{}/", gateway.http), nginx.url("s3cret-key"));
    let seen = Process::start("node", [script.as_str(), &page, &target])
        .succeed(Duration::from_secs(60))
        .await;
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let steps = [
        "mix off",
        "mix running",
        "mix plays",
        "side by side",
        "recording",
        "paused",
        "recorded",
        "bad address",
        "live",
        "removed",
        "Chinese",
        "混流运行中",
        "mix off",
    ];
    assert_eq!(seen["steps"], json!(steps), "{seen}");
    assert_eq!(seen["errors"], json!([]), "{seen}");
}
