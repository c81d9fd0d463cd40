//! Picture and sound stay together from publisher to player.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::Gateway;
use lianmai_tests::api::text;
use lianmai_tests::media::record;
use lianmai_tests::sync::{offsets, onsets, publish_flash_and_beep};
use serde_json::json;

/// R-S2: flash and beep arrive within 60 ms of each other, over RTMP and HTTP-FLV, also after the publisher came
/// back on the same URL.
#[tokio::test]
async fn flash_and_beep_arrive_together() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "sync"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let flv = text(&room.pull(&stream).await, "http_flv");
    let dir = tempfile::tempdir().unwrap();
    let files = [dir.path().join("rtmp.flv"), dir.path().join("http.flv")];
    let mut first = publish_flash_and_beep(&push);
    let recordings = [record(&pull, 9.0, &files[0]), record(&flv, 9.0, &files[1])];
    tokio::time::sleep(Duration::from_secs(5)).await;
    first.kill();
    let _second = publish_flash_and_beep(&push);
    for (recording, file) in recordings.into_iter().zip(&files) {
        recording.succeed(Duration::from_secs(40)).await;
        let (flashes, beeps) = onsets(file).await;
        let found = offsets(&flashes, &beeps);
        assert!(found.len() >= 5, "flashes {flashes:?}, beeps {beeps:?}");
        let worst = found.iter().map(|o| o.abs()).fold(0.0, f64::max);
        assert!(worst <= 0.060, "offsets {found:?}");
    }
}
