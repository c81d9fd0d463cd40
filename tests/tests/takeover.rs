//! Two clients that publish the same stream and both come back whenever they lose it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use lianmai_rtmp::protocol::Purpose;
use lianmai_tests::api::text;
use lianmai_tests::clip::{Clip, Tag, is_frame, later, send};
use lianmai_tests::rtc::Camera;
use lianmai_tests::rtmp::open;
use lianmai_tests::viewer::Viewer;
use lianmai_tests::{Gateway, wait};
use serde_json::json;
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Counts {
    published: AtomicU32,
    refused: AtomicU32,
}

/// Publishes, and comes back 100 ms after it was sent away, for ever.
async fn insist(push: String, clip: Clip, counts: Arc<Counts>) {
    loop {
        match open(&push, Purpose::Publish).await {
            Ok(mut publisher) => {
                counts.published.fetch_add(1, Relaxed);
                send_some(&mut publisher, &clip.headers()).await;
                for round in 0.. {
                    let frames = later(&clip.frames, round * 2_000);
                    // Told to go, or time for the next frames.
                    let told = tokio::time::timeout(Duration::from_millis(100), publisher.next_event()).await;
                    if let Ok(Err(_)) = told {
                        break;
                    }
                    send_some(&mut publisher, &frames).await;
                }
            }
            Err(error) => {
                let why = format!("{error:#} {error:?}");
                assert!(why.contains("NetStream.Publish.BadName"), "{why}");
                counts.refused.fetch_add(1, Relaxed);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The connection may be gone already.
async fn send_some(publisher: &mut lianmai_rtmp::client::RtmpClient, frames: &[Tag]) {
    for (kind, time, body) in frames {
        if publisher.send_media(*kind, *time, body).is_err() {
            return;
        }
    }
    let _ = publisher.flush().await;
}

/// R-X1: the newer one wins at first, but not for ever: one of them stays, the other is told that the name is in use, over
/// WebRTC, too. Players keep their connection. A new URL decides it.
#[tokio::test]
async fn in_the_end_one_of_two_stays() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "contest"})).await;
    let Camera {
        stream,
        rtmp: push,
        whip,
        ..
    } = room.any_camera("ann").await;
    let mut player = Viewer::open(&room.rtmp(&stream).await).await;
    let clip = Clip::small().await;
    let counts = Arc::<Counts>::default();
    let mut clients = JoinSet::new();
    for _ in 0..2 {
        clients.spawn(insist(push.clone(), clip.clone(), counts.clone()));
    }
    wait::until_now("one of them stays", LIMIT, || counts.refused.load(Relaxed) > 10).await;
    assert_eq!(
        counts.published.load(Relaxed),
        7,
        "the first one, and six takeovers"
    );
    for _ in 0..50 {
        player.until("media goes on", is_frame).await;
    }

    let client = reqwest::Client::new();
    let offer = client
        .post(&whip)
        .header("content-type", "application/sdp")
        .body("v=0");
    let refusal = offer.send().await.unwrap();
    assert_eq!(refusal.status(), 409);
    assert!(refusal.text().await.unwrap().contains("publisher_contested"));

    let path = format!("/v1/rooms/{}/streams/{stream}/push-url", room.id);
    let newer = text(&room.api.ok("POST", &path, None).await["push"], "url");
    let mut newer = open(&newer, Purpose::Publish).await.unwrap();
    send(&mut newer, &clip.all()).await;
    let refused = counts.refused.load(Relaxed);
    wait::until_now("both are sent away", LIMIT, || {
        counts.refused.load(Relaxed) > refused + 10
    })
    .await;
    assert_eq!(counts.published.load(Relaxed), 7);
}
