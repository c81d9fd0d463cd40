//! Browsers on bad networks: what is still seen and heard. Measured, so with the machine to themselves (`load_`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_tests::link::{Conditions, Link};
use lianmai_tests::marks::{Seen, Sender, baseline};
use lianmai_tests::media::Source;
use lianmai_tests::rtc::{Stats, figure};
use lianmai_tests::{Browser, Gateway, Page, Process, wait};
use serde_json::json;

const SPAN: Duration = Duration::from_secs(8);

fn loss(loss: f64) -> Conditions {
    Conditions {
        loss,
        ..Conditions::default()
    }
}

/// A browser that watches an RTMP publisher through a link.
struct Watching {
    _gateway: Gateway,
    link: Link,
    page: Page,
    _sender: Sender,
}

async fn watching() -> Watching {
    let (gateway, link) = Link::to_gateway(&[Gateway::WORKER]).await;
    let room = gateway.api().await.create_room(json!({"name": "net"})).await;
    let (stream, push, _) = room.publisher("ann").await;
    let sender = Sender::start(&push, &baseline().await).await;
    let page = Browser::start().await.page("bob").await;
    page.play("in", &room.whep(&stream).await).await;
    page.sees_and_hears("in").await;
    Watching {
        _gateway: gateway,
        link,
        page,
        _sender: sender,
    }
}

/// What is seen from now on, and the share of sound that had to be made up.
async fn watch(page: &Page, what: &str) -> (Seen, f64) {
    let heard = |entry: &serde_json::Value| {
        (
            figure(entry, "concealedSamples"),
            figure(entry, "totalSamplesReceived"),
        )
    };
    let before = heard(page.stats("in").await.inbound("audio"));
    let seen = page.look("in", SPAN).await;
    let stats = page.stats("in").await;
    let after = heard(stats.inbound("audio"));
    let share = (after.0 - before.0) / (after.1 - before.1);
    let video = stats.inbound("video");
    println!(
        "{what}: {} pictures, {:.0} ms without one, {:.1} % of sound made up, {} NACKs, {} PLIs, freezes {} of {} s",
        seen.frames.len(),
        seen.longest_gap(),
        share * 100.0,
        video["nackCount"],
        video["pliCount"],
        video["freezeCount"],
        video["totalFreezesDuration"],
    );
    (seen, share)
}

/// R-V3: lost packets are sent again; no freeze of more than a second.
#[tokio::test]
async fn load_a_viewer_loses_every_twentieth_packet() {
    let watching = watching().await;
    watching.link.set_down(loss(0.05));
    let (seen, made_up) = watch(&watching.page, "5 % loss").await;
    assert!(watching.link.dropped().1 > 8, "{:?}", watching.link.dropped());
    assert!(
        seen.longest_gap() <= 1_000.0,
        "{} ms without a picture",
        seen.longest_gap()
    );
    assert!(
        seen.frames.len() >= 160,
        "{} pictures in {SPAN:?}",
        seen.frames.len()
    );
    assert!(made_up <= 0.15, "{made_up} of the sound was made up");
    let stats = watching.page.stats("in").await;
    assert!(figure(stats.inbound("video"), "nackCount") > 0.0);
}

#[tokio::test]
async fn load_a_viewer_loses_every_tenth_packet() {
    let watching = watching().await;
    watching.link.set_down(loss(0.10));
    watching.link.set_up(loss(0.10));
    let (seen, made_up) = watch(&watching.page, "10 % loss").await;
    assert!(
        seen.longest_gap() <= 2_000.0,
        "{} ms without a picture",
        seen.longest_gap()
    );
    assert!(
        seen.frames.len() >= 120,
        "{} pictures in {SPAN:?}",
        seen.frames.len()
    );
    assert!(made_up <= 0.20, "{made_up} of the sound was made up");
}

#[tokio::test]
async fn load_packets_of_a_viewer_overtake_each_other() {
    let watching = watching().await;
    watching.link.set_down(Conditions {
        jitter: Duration::from_millis(100),
        ..Conditions::default()
    });
    // The browser's buffers grow first.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (seen, made_up) = watch(&watching.page, "100 ms jitter").await;
    assert!(
        seen.longest_gap() <= 1_000.0,
        "{} ms without a picture",
        seen.longest_gap()
    );
    assert!(
        seen.frames.len() >= 120,
        "{} pictures in {SPAN:?}",
        seen.frames.len()
    );
    assert!(made_up <= 0.20, "{made_up} of the sound was made up");
}

/// R-V3, R-V4, R-A3: what a publisher's network loses is asked for again.
#[tokio::test]
async fn load_a_publisher_loses_every_twentieth_packet() {
    let (gateway, link) = Link::to_gateway(&[Gateway::WORKER]).await;
    let room = gateway.api().await.create_room(json!({"name": "net"})).await;
    let (stream, whip) = room.whip("ann").await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    let source = json!({"video": "marks", "audio": "tone", "width": 320, "height": 240});
    ann.publish("out", &whip, source, json!({"videoCodecs": ["H264"]}))
        .await;
    bob.play("in", &room.whep(&stream).await).await;
    bob.sees_and_hears("in").await;
    link.set_up(loss(0.05));
    let (seen, made_up) = watch(&bob, "5 % loss of the publisher and of what viewers say").await;
    assert!(
        seen.longest_gap() <= 1_000.0,
        "{} ms without a picture",
        seen.longest_gap()
    );
    assert!(
        seen.frames.len() >= 160,
        "{} pictures in {SPAN:?}",
        seen.frames.len()
    );
    assert!(made_up <= 0.12, "{made_up} of the sound was made up");
    let stats = ann.stats("out").await;
    assert!(
        figure(stats.outbound("video"), "nackCount") > 0.0,
        "{}",
        stats.outbound("video")
    );
}

/// A picture of 1 Mb/s does not fit through 300 kb/s: it is left out soon, sound comes first, nobody else is slowed, and
/// the picture is back when there is room again.
#[tokio::test]
async fn load_a_viewer_behind_a_narrow_link_hears() {
    let (gateway, link) = Link::to_gateway(&[Gateway::WORKER]).await;
    let room = gateway.api().await.create_room(json!({"name": "net"})).await;
    let (stream, push, pull) = room.publisher("ann").await;
    let video =
        "-profile:v baseline -tune zerolatency -b:v 1000k -minrate 1000k -maxrate 1000k -bufsize 500k";
    let source = Source {
        size: "640x360",
        video: video.split(' ').collect(),
        ..Source::default()
    };
    let _publisher: Process = source.publish(&push);
    let page = Browser::start().await.page("bob").await;
    page.play("in", &room.whep(&stream).await).await;
    page.sees_and_hears("in").await;
    link.set_down(Conditions {
        rate: Some(300_000.0),
        ..Conditions::default()
    });
    let paused = || async {
        let paused = gateway.metric("lianmai_bridge_pictures_paused_total", "").await;
        (paused > 0.0).then_some(())
    };
    let narrow = Instant::now();
    let until_paused = async {
        wait::until("the picture is paused", Duration::from_secs(5), paused).await;
        narrow.elapsed()
    };
    let beside = lianmai_tests::arrivals::Arrivals::of(&pull, SPAN);
    let (after, (seen, made_up), beside) = tokio::join!(until_paused, watch(&page, "300 kb/s"), beside);
    println!("paused after {after:?}");
    assert!(after <= Duration::from_millis(1_500), "paused after {after:?}");
    // No crawling picture that takes the room of the sound.
    assert!(seen.frames.len() < 60, "{} pictures", seen.frames.len());
    assert!(made_up <= 0.10, "{made_up} of the sound was made up");
    let pictures = beside.track(lianmai_rtmp::protocol::MediaKind::Video).count();
    assert!(
        pictures >= 190,
        "a player beside got {pictures} pictures in {SPAN:?}"
    );
    let stats = page.stats("in").await;
    assert_eq!(stats.state(), "connected");
    // There is room again.
    link.set_down(Conditions::default());
    let wide = Instant::now();
    let before = figure(stats.inbound("video"), "framesDecoded");
    let limit = Duration::from_secs(30);
    let goes_on = |stats: &Stats| figure(stats.inbound("video"), "framesDecoded") > before + 50.0;
    page.until_within("in", "the picture comes back", limit, goes_on)
        .await;
    println!("back after {:?}", wide.elapsed());
}
