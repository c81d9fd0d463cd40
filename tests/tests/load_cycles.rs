//! R-Y1, R-Y2, R-Y4: ten thousand times somebody publishes, somebody plays, both leave. Memory, tasks and connections
//! return to what they were, and then the gateway rests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use lianmai_media::amf0::Value;
use lianmai_rtmp::protocol::Command;
use lianmai_tests::machine::cpu_share;
use lianmai_tests::numbered::{AUDIO_HEADER, VIDEO_HEADER, picture};
use lianmai_tests::raw_peer::RawPeer;
use lianmai_tests::{Gateway, wait};
use serde_json::json;
use tokio::task::JoinSet;

const WORKERS: usize = 16;
const WARM_UP: u32 = 1_000;
const CYCLES: u32 = 10_000;
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_ten_thousand_cycles() {
    let gateway = Gateway::start_with(&["log.level=warn"]).await;
    let tasks = wait::until("tasks are counted", LIMIT, || async {
        Some(gateway.metric("lianmai_tasks", "").await).filter(|tasks| *tasks > 0.0)
    })
    .await;
    let room = gateway
        .api()
        .await
        .create_room(json!({"limits": {"videos": WORKERS}}))
        .await;
    let mut urls = Vec::new();
    for n in 0..WORKERS {
        let (_, push, pull) = room.publisher(&format!("a{n}")).await;
        urls.push((push, pull));
    }
    let start = Instant::now();
    cycles(&urls, WARM_UP).await;
    at_rest(&gateway).await;
    let before = gateway.rss();
    cycles(&urls, CYCLES - WARM_UP).await;
    let took = start.elapsed();
    at_rest(&gateway).await;
    let after = gateway.rss();
    println!("{CYCLES} cycles in {took:?}; {before} bytes after {WARM_UP}, {after} bytes after all");
    assert!(after <= before + before / 10, "{before} bytes grew to {after}");
    // The figure is taken every few seconds, and our HTTP connections count.
    wait::until("tasks are as many as before", LIMIT, || async {
        (gateway.metric("lianmai_tasks", "").await <= tasks + 5.0).then_some(())
    })
    .await;
    assert_eq!(
        gateway.metric("lianmai_publications_total", "").await,
        f64::from(CYCLES)
    );
    // R-Y4: nobody is there, nothing is to be done.
    let share = cpu_share(gateway.id(), Duration::from_secs(2)).await;
    assert!(share < 0.02, "{share} of a core while idle");
    let streams = room
        .api
        .ok("GET", &format!("/v1/rooms/{}/streams", room.id), None)
        .await;
    for stream in streams["streams"].as_array().unwrap() {
        assert_eq!(stream["on_air"], false);
        assert!(stream["stats"].is_null(), "the hub still has it: {stream}");
    }
}

/// `count` cycles, shared among the workers, each with its own stream.
async fn cycles(urls: &[(String, String)], count: u32) {
    let left = Arc::new(AtomicU32::new(count));
    let mut workers = JoinSet::new();
    for (push, pull) in urls {
        let (push, pull, left) = (push.clone(), pull.clone(), left.clone());
        workers.spawn(async move {
            while let Ok(number) = left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)) {
                cycle(&push, &pull, number).await;
            }
        });
    }
    workers.join_all().await;
}

/// One publisher, one player that gets its key frame, both gone. Everything is said without waiting for answers.
/// The picture has a number, because the player may get the picture of the cycle before as well.
async fn cycle(push: &str, pull: &str, number: u32) {
    let mut player = RawPeer::ask(pull, "play", None).await.unwrap();
    let mut publisher = RawPeer::ask(push, "publish", None).await.unwrap();
    let key = picture(number, true, 1_000);
    let media = [
        publisher.chunks(9, 1, VIDEO_HEADER),
        publisher.chunks(8, 1, AUDIO_HEADER),
        publisher.chunks(9, 1, &key),
    ];
    publisher.send(&media.concat()).await.unwrap();
    player.skip_greeting().await;
    loop {
        let message = player.next().await.expect("the player was cut off");
        if message.type_id == 9 && message.payload == key {
            break;
        }
    }
    publisher
        .call(0, Command::new("deleteStream", 0.0, Value::Null).with(1.0))
        .await;
}

/// Waits until no connection and no reader is left.
async fn at_rest(gateway: &Gateway) {
    wait::until("everybody has left", LIMIT, || async {
        (gateway.metric("lianmai_connections", "").await == 0.0).then_some(())
    })
    .await;
    // Rooms hear of the end of media one by one, and store it.
    wait::until("the gateway rests", LIMIT, || async {
        (cpu_share(gateway.id(), Duration::from_millis(500)).await < 0.02).then_some(())
    })
    .await;
}
