//! The worker's end is noticed by nobody but those who hear or see what it makes, and by them not for long; without
//! room for a job, whoever would get nothing is told so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;
use std::time::{Duration, Instant};

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::marks::{Sender, baseline};
use lianmai_tests::media::Source;
use lianmai_tests::numbered::Beside;
use lianmai_tests::process::children;
use lianmai_tests::rtc::{Stats, figure};
use lianmai_tests::{Browser, Gateway, wait};
use serde_json::json;
use tokio::task::JoinSet;

/// The worker that the gateway started.
async fn worker(gateway: &Gateway) -> u32 {
    let limit = Duration::from_secs(5);
    wait::until("a worker runs", limit, || async {
        children(gateway.id()).first().copied()
    })
    .await
}

/// R-A6, and `design.md`'s promise: pictures and sounds that pass through go on, made ones are back within two seconds.
#[tokio::test]
async fn load_a_killed_worker_costs_readers_of_renditions_a_moment() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "worker"})).await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    let (from_rtmp, push, _) = room.publisher("cat").await;
    let mut sender = Sender::start(&push, &baseline().await).await;
    let (from_ann, whip) = room.whip("ann").await;
    let source = json!({"video": "pattern", "audio": "tone", "width": 320, "height": 240});
    ann.publish("out", &whip, source, json!({"videoCodecs": ["H264"]}))
        .await;
    bob.play("made", &room.whep(&from_rtmp).await).await;
    bob.play("same", &room.whep(&from_ann).await).await;
    bob.sees_and_hears("made").await;
    bob.sees_and_hears("same").await;

    // Players of what is never touched, and of what a rendition is part of.
    let beside = Beside::start(&room, "dog").await;
    let url = room.rtmp(&from_ann).await;
    let mut player = JoinSet::new();
    player.spawn(async move { Arrivals::of(&url, Duration::from_secs(6)).await });
    wait::until("its sound is made", Duration::from_secs(10), || async {
        let labels = "kind=\"audio_to_aac\"";
        let started = gateway.metric("lianmai_jobs_started_total", labels).await;
        (started > 0.0).then_some(())
    })
    .await;
    bob.sees_and_hears("same").await;
    let before_same = bob.stats("same").await;

    let old = worker(&gateway).await;
    assert!(
        Command::new("kill")
            .args(["-KILL", &old.to_string()])
            .status()
            .unwrap()
            .success()
    );
    let killed = Instant::now();
    let received = |stats: &Stats| figure(stats.inbound("audio"), "packetsReceived");
    let before = received(&bob.stats("made").await);
    // What was on the way is over; then the new worker's sound.
    tokio::time::sleep(Duration::from_millis(150)).await;
    let limit = Duration::from_secs(10);
    let rest = received(&bob.stats("made").await);
    bob.until_within("made", "sound is back", limit, |s| received(s) > rest + 5.0)
        .await;
    let silence = killed.elapsed();
    println!(
        "sound back after {silence:?}; {} packets still came",
        rest - before
    );
    assert!(
        silence <= Duration::from_secs(2),
        "sound was away for {silence:?}"
    );
    bob.sees_and_hears("made").await;
    assert_ne!(worker(&gateway).await, old);
    for name in ["made", "same"] {
        let stats = bob.stats(name).await;
        stats.assert_connected_once();
        assert_eq!(
            figure(stats.inbound("video"), "freezeCount"),
            0.0,
            "{name}: {}",
            stats.inbound("video")
        );
    }
    let stats = bob.stats("same").await;
    let grown = |kind: &str, field: &str| {
        figure(stats.inbound(kind), field) - figure(before_same.inbound(kind), field)
    };
    let concealed = grown("audio", "concealedSamples");
    assert!(
        concealed < 4_800.0,
        "{concealed} samples of what passes through were made up"
    );
    assert_eq!(grown("audio", "packetsLost") + grown("video", "packetsLost"), 0.0);
    beside.assert_undisturbed().await;
    let got = player.join_next().await.unwrap().unwrap();
    for (kind, most) in [(MediaKind::Video, 700.0), (MediaKind::Audio, 2_000.0)] {
        let at: Vec<f64> = got.track(kind).map(|(at, _)| *at).collect();
        let gap = at.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        println!("RTMP player of a browser: {kind:?}, at most {gap:.0} ms between two");
        assert!(
            gap <= most && at.len() > 50,
            "{kind:?}: {gap} ms, {} in all",
            at.len()
        );
    }
    assert!(!sender.ended(), "the publisher was cut off");
}

/// R-M7: who would neither see nor hear anything without a worker is refused, with numbers; who sees something is not.
#[tokio::test]
async fn viewers_who_would_get_nothing_are_refused() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "full"})).await;
    let (silent, push, _) = room.publisher("cat").await;
    let sound = Source {
        with_video: false,
        ..Source::default()
    };
    let _cat = sound.publish(&push);
    let (seen, push, _) = room.publisher("dog").await;
    let _dog = Source::default().publish(&push);
    let path = format!("/v1/rooms/{}/streams", room.id);
    wait::until("both are on air", Duration::from_secs(10), || async {
        let listed = room.api.ok("GET", &path, None).await;
        let mut streams = listed["streams"].as_array().unwrap().iter();
        let are_heard = streams.all(|stream| !stream["stats"]["audio"].is_null());
        are_heard.then_some(())
    })
    .await;
    let bob = Browser::start().await.page("bob").await;
    let args = json!({"name": "none", "url": room.whep(&silent).await});
    let refused = bob.try_call("play", args).await.unwrap_err();
    for part in ["503", "\"code\":\"no_capacity\"", "\"need\":0.0", "\"free\":0.0"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    bob.enter(&gateway, &room, "bob").await;
    let args = json!({"name": "room", "room": room.id, "streams": [silent]});
    let refused = bob.try_call("roomSubscribe", args).await.unwrap_err();
    assert!(refused.contains("no_capacity"), "{refused}");
    bob.play("some", &room.whep(&seen).await).await;
    bob.sees("some").await;
    assert_eq!(gateway.metric("lianmai_webrtc_no_capacity_total", "").await, 2.0);
}
