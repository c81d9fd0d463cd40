//! Muted members in browsers: what a viewer hears and sees of one, and who keeps the connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_tests::rtc::{Camera, Stats, figure};
use lianmai_tests::{Browser, Gateway, Page};
use serde_json::json;

/// No energy to speak of: the tone of our pages gives about 0.01 per second.
const SILENT: f64 = 1e-6;

/// Energy of sound over `millis`.
async fn energy(page: &Page, millis: u64) -> f64 {
    let now = async || figure(page.stats("in").await.inbound("audio"), "totalAudioEnergy");
    let before = now().await;
    tokio::time::sleep(Duration::from_millis(millis)).await;
    now().await - before
}

async fn pictures(page: &Page) -> f64 {
    figure(page.stats("in").await.inbound("video"), "framesDecoded")
}

/// R-A4, R-V3: sound is gone within a second and comes back; pictures too, with a key frame that the browser is asked
/// for. Both sides keep their connections.
#[tokio::test]
async fn a_muted_browser_is_not_heard_or_seen() {
    let (gateway, browser) = tokio::join!(Gateway::start(), Browser::start());
    let room = gateway.api().await.create_room(json!({"name": "mute"})).await;
    let Camera {
        member, stream, whip, ..
    } = room.webrtc_camera("ann").await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    let source = json!({"video": "pattern", "audio": "tone", "width": 320, "height": 240});
    ann.publish("out", &whip, source, json!({"videoCodecs": ["H264"]}))
        .await;
    bob.play("in", &room.whep(&stream).await).await;
    bob.sees_and_hears("in").await;
    let tone = energy(&bob, 500).await;
    assert!(tone > 100.0 * SILENT, "{tone}");

    let set = async |on: bool, what: &str| {
        let path = format!("/v1/rooms/{}/{what}", room.id);
        room.api.ok(if on { "PUT" } else { "DELETE" }, &path, None).await;
    };
    let member_audio = format!("members/{member}/mute/audio");
    for what in [member_audio.as_str(), "mute-all/audio"] {
        set(true, what).await;
        let start = Instant::now();
        while energy(&bob, 200).await > SILENT {
            assert!(
                start.elapsed() < Duration::from_millis(1_200),
                "{what}: still heard"
            );
        }
        let seen = pictures(&bob).await;
        assert!(energy(&bob, 600).await <= SILENT, "{what}: heard again");
        assert!(pictures(&bob).await > seen + 5.0, "{what}: pictures go on");
        set(false, what).await;
        let start = Instant::now();
        while energy(&bob, 200).await < tone / 10.0 {
            assert!(
                start.elapsed() < Duration::from_millis(1_500),
                "{what}: not heard"
            );
        }
    }

    let member_video = format!("members/{member}/mute/video");
    set(true, &member_video).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let seen = pictures(&bob).await;
    assert!(energy(&bob, 800).await > tone / 10.0, "sound goes on");
    assert_eq!(pictures(&bob).await, seen, "and no picture comes");
    set(false, &member_video).await;
    let start = Instant::now();
    bob.until("in", "pictures come back", |stats: &Stats| {
        figure(stats.inbound("video"), "framesDecoded") > seen + 5.0
    })
    .await;
    assert!(
        start.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        start.elapsed()
    );
    for (page, name) in [(&ann, "out"), (&bob, "in")] {
        page.stats(name).await.assert_connected_once();
        assert_eq!(page.errors().await, Vec::<String>::new());
    }
}
