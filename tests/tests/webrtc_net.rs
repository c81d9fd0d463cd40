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

/// What a page saw and heard.
struct Watched {
    seen: Seen,
    /// Pictures that the browser decoded, and seconds for which it says that they froze.
    decoded: f64,
    frozen: f64,
    /// Share of sound that had to be made up.
    made_up: f64,
    /// Packets of sound that came with the one behind them (Opus in-band FEC).
    corrected: f64,
}

impl Watched {
    /// Panics unless there were so many pictures, so little time without one, and so little sound made up.
    fn check(&self, pictures: usize, gap: f64, made_up: f64) {
        let longest = self.seen.longest_gap();
        assert!(longest <= gap, "{longest} ms without a picture");
        assert!(self.frozen <= gap / 1e3, "frozen for {} s", self.frozen);
        assert!(
            self.seen.frames.len() >= pictures,
            "{} shown in {SPAN:?}",
            self.seen.frames.len()
        );
        assert!(
            self.decoded >= pictures as f64,
            "{} decoded in {SPAN:?}",
            self.decoded
        );
        assert!(
            self.made_up <= made_up,
            "{} of the sound was made up",
            self.made_up
        );
    }
}

/// What is seen and heard from now on.
async fn watch(page: &Page, what: &str) -> Watched {
    let before = page.stats("in").await;
    let seen = page.look("in", SPAN).await;
    let after = page.stats("in").await;
    let grown =
        |kind: &str, name: &str| figure(after.inbound(kind), name) - figure(before.inbound(kind), name);
    let watched = Watched {
        seen,
        decoded: grown("video", "framesDecoded"),
        frozen: grown("video", "totalFreezesDuration"),
        made_up: grown("audio", "concealedSamples") / grown("audio", "totalSamplesReceived"),
        corrected: grown("audio", "fecPacketsReceived") - grown("audio", "fecPacketsDiscarded"),
    };
    println!(
        "{what}: {} pictures shown, {} decoded, {:.0} ms without one, {} freezes of {:.1} s, {:.1} % of sound made up, \
         {} packets of sound corrected, {} NACKs, {} PLIs",
        watched.seen.frames.len(),
        watched.decoded,
        watched.seen.longest_gap(),
        grown("video", "freezeCount"),
        watched.frozen,
        watched.made_up * 100.0,
        watched.corrected,
        grown("video", "nackCount"),
        grown("video", "pliCount"),
    );
    watched
}

/// R-V3: lost packets are sent again; no freeze of more than a second. Sound corrects itself.
#[tokio::test]
async fn load_a_viewer_loses_every_twentieth_packet() {
    let watching = watching().await;
    watching.link.set_down(loss(0.05));
    let watched = watch(&watching.page, "5 % loss").await;
    assert!(watching.link.dropped().1 > 8, "{:?}", watching.link.dropped());
    watched.check(180, 1_000.0, 0.08);
    let stats = watching.page.stats("in").await;
    assert!(figure(stats.inbound("video"), "nackCount") > 0.0);
    let said = stats.inbound("audio")["fmtp"].as_str().unwrap_or_default();
    assert!(said.contains("useinbandfec=1"), "{said}");
}

#[tokio::test]
async fn load_a_viewer_loses_every_tenth_packet() {
    let watching = watching().await;
    watching.link.set_down(loss(0.10));
    watching.link.set_up(loss(0.10));
    let watched = watch(&watching.page, "10 % loss").await;
    watched.check(150, 1_500.0, 0.15);
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
    let watched = watch(&watching.page, "100 ms jitter").await;
    watched.check(150, 1_000.0, 0.15);
}

/// R-V3, R-V4, R-A3: what a publisher's network loses is asked for again; sound that is lost comes with the packet behind.
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
    let watched = watch(&bob, "5 % loss of the publisher and of what viewers say").await;
    watched.check(170, 1_000.0, 0.08);
    let stats = ann.stats("out").await;
    assert!(
        figure(stats.outbound("video"), "nackCount") > 0.0,
        "{}",
        stats.outbound("video")
    );
    let said = stats.outbound("audio")["fmtp"].as_str().unwrap_or_default();
    assert!(said.contains("useinbandfec=1"), "{said}");
}

/// Opus in-band FEC both ways: a packet that a publisher's or a viewer's network loses is in the one behind it, whether a
/// browser coded it or the rendition of a worker.
#[tokio::test]
async fn load_lost_sound_comes_with_the_packet_behind_it() {
    let (gateway, link) = Link::to_gateway(&[Gateway::WORKER]).await;
    let room = gateway.api().await.create_room(json!({"name": "net"})).await;
    let (from_rtmp, push, _) = room.publisher("cat").await;
    let source = Source {
        with_video: false,
        voice: true,
        ..Source::default()
    };
    let _publisher: Process = source.publish(&push);
    let (from_ann, whip) = room.whip("ann").await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    ann.publish("out", &whip, json!({"audio": "voice"}), json!({}))
        .await;
    for (name, stream) in [("rtmp", &from_rtmp), ("whip", &from_ann)] {
        let args = json!({"name": name, "url": room.whep(stream).await, "video": false});
        bob.call("play", args).await;
    }
    let heard = |stats: &Stats| {
        let sound = stats.inbound("audio").clone();
        (figure(&sound, "fecPacketsReceived"), sound)
    };
    // The publisher's browser takes a while to believe that packets get lost.
    link.set_up(loss(0.1));
    for name in ["whip", "rtmp"] {
        if name == "rtmp" {
            link.set_down(loss(0.1));
        }
        let corrected = |stats: &Stats| {
            let (received, sound) = heard(stats);
            received - figure(&sound, "fecPacketsDiscarded") >= 5.0
        };
        let stats = bob
            .until_within(name, "packets correct losses", Duration::from_secs(25), corrected)
            .await;
        let (received, sound) = heard(&stats);
        println!(
            "{name}: {received} packets of FEC, {} of them not needed, {} samples of {} made up",
            sound["fecPacketsDiscarded"], sound["concealedSamples"], sound["totalSamplesReceived"]
        );
    }
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
    let (after, watched, beside) = tokio::join!(until_paused, watch(&page, "300 kb/s"), beside);
    println!("paused after {after:?}");
    assert!(after <= Duration::from_millis(1_500), "paused after {after:?}");
    // No crawling picture that takes the room of the sound.
    let pictures = watched.seen.frames.len();
    assert!(pictures < 60, "{pictures} pictures");
    assert!(
        watched.made_up <= 0.10,
        "{} of the sound was made up",
        watched.made_up
    );
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
