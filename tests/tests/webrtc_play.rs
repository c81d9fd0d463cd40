//! RTMP publishers seen and heard in Chromium over WHEP. Measured, so with the machine to itself (`load_`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lianmai_tests::media::Source;
use lianmai_tests::rtc::figure;
use lianmai_tests::{Browser, Gateway};
use serde_json::json;

/// R-A1, R-A2: H.264 passes through, AAC becomes Opus; the first picture needs no new key frame.
#[tokio::test]
async fn load_an_rtmp_publisher_is_seen_and_heard() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "play"})).await;
    let (stream, push, _) = room.publisher("ann").await;
    // A key frame every four seconds: whoever joins in between must not wait for the next.
    let source = Source {
        gop: 100,
        ..Source::default()
    };
    let (_publisher, browser) = (source.publish(&push), Browser::start().await);
    let page = browser.page("bob").await;
    let whep = room.whep(&stream).await;
    let first = page.play("in", &whep).await;
    let stats = page.sees_and_hears("in").await;
    let (video, audio) = (stats.inbound("video"), stats.inbound("audio"));
    assert_eq!(
        (&video["frameWidth"], &video["frameHeight"]),
        (&json!(368), &json!(640)),
        "{video}"
    );
    assert_eq!(
        (&video["codec"], &audio["codec"]),
        (&json!("video/H264"), &json!("audio/opus"))
    );
    // Up to four seconds of pictures are caught up with, paced over half a second at most.
    assert!(figure(video, "totalFreezesDuration") < 0.5, "{video}");
    assert!(
        first <= 500.0,
        "the first picture came {first} ms after the answer"
    );
    let status = page.call("end", json!({"name": "in"})).await;
    assert_eq!(status, 200);
    assert_eq!(page.errors().await, Vec::<String>::new());
}
