//! Publishers and gateways that go away and come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::{MediaKind, Purpose};
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::{next_media, open};
use lianmai_tests::{Gateway, wait};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(20);

/// R-X1: a second push to the same URL is on air within a second while the first connection is still open,
/// and players keep their connection and see time go on.
#[tokio::test]
async fn a_second_push_takes_over_within_a_second() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "takeover"})).await;
    let (_, push, pull) = room.publisher("ann").await;
    let mut first = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    let mut newest = 0;
    for _ in 0..50 {
        newest = next_media(&mut player, LIMIT)
            .await
            .unwrap()
            .timestamp
            .max(newest);
    }
    let start = Instant::now();
    let mut second = open(&push, Purpose::Publish).await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "takeover took {:?}",
        start.elapsed()
    );
    first.wait(LIMIT).await;

    // Another size, so that the new publisher's pictures are known by their sequence header.
    let other = Source {
        size: "320x240",
        seconds: Some(2.0),
        ..Source::default()
    };
    let tags = lianmai_tests::rtmp::flv_tags(&std::fs::read(other.kept()).unwrap());
    for (kind, time, body) in &tags {
        second.send_media(*kind, *time, body).unwrap();
    }
    second.flush().await.unwrap();
    let header = tags
        .iter()
        .find(|(kind, _, body)| *kind == MediaKind::Video && body[1] == 0)
        .unwrap();
    loop {
        let media = next_media(&mut player, LIMIT).await.unwrap();
        if media.kind == MediaKind::Video && media.payload == header.2 {
            break;
        }
    }
    let media = loop {
        let media = next_media(&mut player, LIMIT).await.unwrap();
        if media.kind == MediaKind::Video && media.payload[1] == 1 {
            break media;
        }
    };
    assert_eq!(media.payload[0] >> 4, 1, "a key frame first");
    assert!(media.timestamp > newest, "{} after {newest}", media.timestamp);
}

/// R-X2: the publisher is away for ten seconds; players keep their connection and see it come back.
#[tokio::test]
async fn players_outlive_a_publisher_that_is_away_for_ten_seconds() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "away"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let flv = lianmai_tests::api::text(&room.pull(&stream).await, "http_flv");
    let mut push_process = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("flv");
    let mut http_player = lianmai_tests::media::record(&flv, 1_000.0, &recording);
    for _ in 0..30 {
        next_media(&mut player, LIMIT).await.unwrap();
    }
    push_process.kill();
    let gone = Instant::now();
    // What was on the way still comes; then there is silence for ten seconds.
    while next_media(&mut player, Duration::from_secs(1)).await.is_ok() {}
    let away = Duration::from_secs(10).saturating_sub(gone.elapsed());
    assert!(next_media(&mut player, away).await.is_err());
    let _push = Source::default().publish(&push);
    let media = next_media(&mut player, LIMIT).await.unwrap();
    assert!(
        media.timestamp == 0 || media.timestamp > 10_000,
        "time went on: {}",
        media.timestamp
    );
    for _ in 0..30 {
        next_media(&mut player, LIMIT).await.unwrap();
    }
    assert!(
        http_player.ended().is_none(),
        "the HTTP player is still connected"
    );
}

/// A publisher re-pushes to its old URL after a crash of the gateway, without any API call, and players use
/// their old pull URLs; both within three seconds of the start.
#[tokio::test]
async fn after_a_crash_old_urls_work_within_three_seconds() {
    let mut gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "crash"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let mut first = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    let sequence = room.api.ok("GET", &format!("/v1/rooms/{}", room.id), None).await["sequence"]
        .as_u64()
        .unwrap();
    gateway.kill();
    // What was on the way may still come.
    while next_media(&mut player, LIMIT).await.is_ok() {}
    first.kill();

    let up = gateway.restart().await;
    let start = Instant::now();
    let _push = Source::default().publish(&push);
    let mut player = open(&pull, Purpose::Play).await.unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    assert!(
        up + start.elapsed() < Duration::from_secs(3),
        "{up:?} to start, {:?} to play",
        start.elapsed()
    );

    let view = room.api.ok("GET", &format!("/v1/rooms/{}", room.id), None).await;
    assert_eq!(view["settings"]["name"], "crash");
    assert!(
        view["sequence"].as_u64().unwrap() >= sequence,
        "no event number is used twice"
    );
    wait::until("the stream is on air for the API", LIMIT, || async {
        (room.stream(&stream).await["on_air"] == true).then_some(())
    })
    .await;
}
