//! How late pictures come, and how far from their sound, between every pair of protocols.
//!
//! These measure time and have the machine to themselves (`load_`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::marks::{Seen, Sender, baseline, median};
use lianmai_tests::{Browser, Gateway, Page};
use serde_json::{Value, json};

const SPAN: Duration = Duration::from_secs(7);
const MOST_OFFSET: f64 = 60.0;
const MOST_AGE: f64 = 250.0;

fn marks() -> Value {
    json!({"video": "marks", "audio": "marks", "width": 320, "height": 240})
}

/// What listening in a page adds to the time of a beep, in milliseconds.
async fn own_delay(page: &Page) -> f64 {
    let seen = Seen::of(page.call("self", json!({"source": marks(), "ms": 4_000})).await);
    median(&seen.offsets())
}

/// Panics unless flash and beep come together and pictures in time.
fn check(what: &str, offsets: &[f64], ages: &[f64], own_delay: f64) {
    let offset = median(offsets) - own_delay;
    let age = median(ages);
    println!("{what}: sound {offset:.0} ms after the picture, {age:.0} ms old; {offsets:.0?}");
    assert!(offsets.len() >= 4, "{what}: {offsets:?}");
    assert!(
        offset.abs() <= MOST_OFFSET,
        "{what}: sound {offset} ms after the picture: {offsets:?}"
    );
    assert!(age <= MOST_AGE, "{what}: pictures are {age} ms old");
}

/// R-S2, R-S3, R-L2: RTMP to a browser.
#[tokio::test]
async fn load_rtmp_to_webrtc() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "sync"})).await;
    let (stream, push, _) = room.publisher("ann").await;
    let sender = Sender::start(&push, &baseline().await).await;
    let page = Browser::start().await.page("bob").await;
    page.play("in", &room.whep(&stream).await).await;
    let own = own_delay(&page).await;
    let seen = page.look("in", SPAN).await;
    check("RTMP to WebRTC", &seen.offsets(), &sender.ages(&seen), own);
}

/// R-S1, R-S2: a browser to RTMP.
#[tokio::test]
async fn load_webrtc_to_rtmp() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "sync"})).await;
    let (stream, whip) = room.whip("ann").await;
    let page = Browser::start().await.page("ann").await;
    page.publish("out", &whip, marks(), json!({"videoCodecs": ["H264"]}))
        .await;
    let got = Arrivals::of(&room.rtmp(&stream).await, SPAN).await;
    let arrived = Seen {
        frames: got.arrived().await,
        beeps: Vec::new(),
    };
    check(
        "WebRTC to RTMP",
        &got.seen().await.offsets(),
        &arrived.ages(),
        0.0,
    );
}

/// R-S2, R-S3: a browser to another.
#[tokio::test]
async fn load_webrtc_to_webrtc() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "sync"})).await;
    let (stream, whip) = room.whip("ann").await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    ann.publish("out", &whip, marks(), json!({"videoCodecs": ["H264"]}))
        .await;
    bob.play("in", &room.whep(&stream).await).await;
    let own = own_delay(&bob).await;
    let seen = bob.look("in", SPAN).await;
    check("WebRTC to WebRTC", &seen.offsets(), &seen.ages(), own);
}
