//! How old a mix is: from a member's push to a player of the mix, with the machine to itself (`load_`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::marks::{self, Seen, Sender, median};
use lianmai_tests::{Gateway, wait};
use serde_json::json;

/// Decoded, composed, encoded and sent on within a few pictures' time.
#[tokio::test]
async fn load_a_mix_is_hardly_older_than_its_members() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "latency"})).await;
    let (_, push, _) = room.publisher("ann").await;
    let sender = Sender::start(&push, &marks::baseline().await).await;
    let canvas = json!({"width": 320, "height": 240, "fps": 25, "video_bitrate": 600_000});
    let layout = json!({"layout": {"canvas": canvas, "look": {"label": false}}});
    let path = format!("/v1/rooms/{}/mix", room.id);
    let mix = room.api.ok("POST", &path, Some(layout)).await;
    let limit = Duration::from_secs(20);
    wait::until("the mix runs", limit, || async {
        let mix = room.api.ok("GET", &path, None).await;
        (mix["status"]["state"] == "running").then_some(())
    })
    .await;
    let pull = room.pull(&text(&mix["stream"], "id")).await;
    let url = format!("{}&coalesce=0", text(&pull, "rtmp"));
    let seen = Seen {
        frames: Arrivals::of(&url, Duration::from_secs(8)).await.arrived().await,
        beeps: Vec::new(),
    };
    // The first second is the past that players begin with.
    let start = seen.frames[0].at + 1_000.0;
    let frames = seen.frames.into_iter().filter(|frame| frame.at > start).collect();
    let mut ages = sender.ages(&Seen {
        frames,
        beeps: Vec::new(),
    });
    assert!(ages.len() > 100, "only {} pictures can be told", ages.len());
    ages.sort_by(f64::total_cmp);
    let (middle, worst) = (median(&ages), ages[ages.len() * 99 / 100]);
    println!(
        "median {middle:.0} ms, p99 {worst:.0} ms of {} pictures",
        ages.len()
    );
    assert!(
        middle < 150.0 && worst < 300.0,
        "median {middle} ms, p99 {worst} ms"
    );
}
