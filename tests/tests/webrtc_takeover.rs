//! Publishers that change protocol, are sent away, or find the gateway gone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::marks::{Sender, baseline, wall};
use lianmai_tests::rtc::Camera;
use lianmai_tests::{Browser, Gateway, Page, wait};
use serde_json::{Value, json};

fn marks() -> Value {
    json!({"video": "marks", "audio": "marks", "width": 320, "height": 240})
}

async fn publish(page: &Page, whip: &str) {
    page.publish("out", whip, marks(), json!({"videoCodecs": ["H264"]}))
        .await;
}

/// R-X1, R-X2: the newer push wins whatever it speaks; a viewer in a browser keeps its connection.
#[tokio::test]
async fn rtmp_and_webrtc_take_over_from_each_other() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "takeover"})).await;
    let Camera {
        stream,
        rtmp: push,
        whip,
        ..
    } = room.any_camera("ann").await;
    let clip = baseline().await;
    let mut first = Sender::start(&push, &clip).await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    bob.play("in", &room.whep(&stream).await).await;
    bob.sees("in").await;

    publish(&ann, &whip).await;
    let limit = Duration::from_secs(3);
    wait::until_now("the RTMP publisher is cut off", limit, || first.ended()).await;
    let seen = bob.look("in", Duration::from_secs(3)).await;
    // The browser's pictures carry the wall clock: young ones are its own.
    let young = seen.ages().iter().filter(|age| **age < 1_000.0).count();
    assert!(
        young > 30,
        "{young} pictures of the browser: {:?} {:?}",
        seen.ages(),
        ann.stats("out").await.0
    );

    let again = wall();
    let second = Sender::start(&push, &clip).await;
    let end = ann.call("ended", json!({"name": "out", "ms": 5_000})).await;
    let took = end["at"].as_f64().unwrap() - again;
    assert!(took <= 1_000.0, "the browser was told after {took} ms: {end}");
    let seen = bob.look("in", Duration::from_secs(4)).await;
    let ages = second.ages(&seen);
    let young = ages.iter().filter(|age| **age < 1_000.0).count();
    assert!(
        young > 30,
        "{young} pictures of the RTMP publisher of {}: {ages:.0?}",
        seen.frames.len()
    );
    bob.sees_and_hears("in").await;
    bob.stats("in").await.assert_connected_once();
}

/// A member that is sent away publishes and plays nothing a second later.
#[tokio::test]
async fn a_kick_ends_the_connections_within_a_second() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "kick"})).await;
    let browser = Browser::start().await;
    let ann = browser.page("ann").await;
    let Camera { member, whip, .. } = room.webrtc_camera("ann").await;
    publish(&ann, &whip).await;
    assert_eq!(gateway.metric("lianmai_bridge_peers", "").await, 1.0);
    let kicked = wall();
    let path = format!("/v1/rooms/{}/members/{member}", room.id);
    room.api.ok("DELETE", &path, None).await;
    let end = ann.call("ended", json!({"name": "out", "ms": 5_000})).await;
    let took = end["at"].as_f64().unwrap() - kicked;
    assert!(took <= 1_000.0, "told after {took} ms: {end}");
    let limit = Duration::from_secs(2);
    wait::until("the peer is gone", limit, || async {
        (gateway.metric("lianmai_bridge_peers", "").await == 0.0).then_some(())
    })
    .await;
}

/// The URLs stay valid when the gateway was killed; publisher and viewer come back on them.
#[tokio::test]
async fn after_a_crash_the_old_urls_work() {
    let mut gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "crash"})).await;
    let (stream, whip) = room.whip("ann").await;
    let whep = room.whep(&stream).await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    publish(&ann, &whip).await;
    bob.play("in", &whep).await;
    bob.sees_and_hears("in").await;
    gateway.restart().await;
    publish(&ann, &whip).await;
    bob.play("in", &whep).await;
    bob.sees_and_hears("in").await;
}
