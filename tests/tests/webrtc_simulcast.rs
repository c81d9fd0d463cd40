//! A browser that sends three sizes of its picture: which one viewers get, by request and by what their network carries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use lianmai_tests::link::{Conditions, Link};
use lianmai_tests::rtc::{Stats, figure};
use lianmai_tests::{Browser, Gateway, Page, wait};
use serde_json::json;

/// Widths of the layers.
const WIDTHS: [f64; 3] = [960.0, 480.0, 240.0];
const LIMIT: Duration = Duration::from_secs(25);
/// Longest time without a picture.
const MOST_GAP: f64 = 1_000.0;

struct Scene {
    gateway: Gateway,
    link: Link,
    ann: Page,
    bob: Page,
    stream: String,
}

/// Ann sends three layers past the link, Bob watches her through it.
async fn scene() -> Scene {
    let ((gateway, link), browser) = tokio::join!(Link::to_gateway(&[]), Browser::start());
    let room = gateway.api().await.create_room(json!({"name": "layers"})).await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    for (page, account) in [(&ann, "ann"), (&bob, "bob")] {
        page.enter(&gateway, &room, account).await;
    }
    let stream = ann.camera(&room).await;
    let source =
        json!({"video": "pattern", "audio": "tone", "width": 960, "height": 540, "fps": 15, "busy": true});
    let line = json!({"stream": stream, "source": source, "videoCodecs": ["VP8"], "simulcast": true});
    let args = json!({"name": "out", "room": room.id, "streams": [line]});
    ann.call("roomPublish", args).await;
    let all_sent = |stats: &Stats| {
        let layers = stats.0["outbound"].as_array().unwrap().iter();
        layers
            .filter(|entry| figure(entry, "framesSent") > 5.0 && entry["kind"] == "video")
            .count()
            == 3
    };
    ann.until_within("out", "three layers leave", LIMIT, all_sent)
        .await;
    let args = json!({"name": "in", "room": room.id, "streams": [stream]});
    bob.call("roomSubscribe", args).await;
    Scene {
        gateway,
        link,
        ann,
        bob,
        stream,
    }
}

impl Scene {
    /// Waits until Bob gets one of these widths.
    async fn gets(&self, what: &str, widths: &[f64]) {
        let wanted = |stats: &Stats| widths.contains(&figure(stats.inbound("video"), "frameWidth"));
        self.bob.until_within("in", what, LIMIT, wanted).await;
    }

    /// Asks for a layer; pictures of this width come, with no longer gap at the change than allowed.
    async fn chooses(&self, layer: &str, width: f64) {
        let span = Duration::from_secs(3);
        let change = async {
            let args = json!({"name": "in", "stream": self.stream, "layer": layer});
            self.bob.call("layer", args).await;
            self.gets(&format!("the layer {layer}"), &[width]).await;
        };
        let (seen, ()) = tokio::join!(self.bob.look_at("in", &self.stream, span), change);
        let gap = seen.longest_gap();
        println!(
            "to {layer}: {} pictures, at most {gap:.0} ms between two",
            seen.frames.len()
        );
        assert!(gap <= MOST_GAP, "{layer}: {gap} ms without a picture");
        assert_eq!(f64::from(seen.frames.last().unwrap().width), width, "{layer}");
    }
}

/// The largest and the smallest on request, and sound alone.
#[tokio::test]
async fn load_viewers_get_the_layer_they_ask_for() {
    let scene = scene().await;
    scene.gets("the best layer", &[WIDTHS[0]]).await;
    scene.chooses("low", WIDTHS[2]).await;
    scene.chooses("high", WIDTHS[0]).await;
    let args = json!({"name": "in", "stream": scene.stream, "layer": "audio_only"});
    scene.bob.call("layer", args).await;
    let decoded = |stats: &Stats| figure(stats.inbound("video"), "framesDecoded");
    let heard = |stats: &Stats| figure(stats.inbound("audio"), "totalAudioEnergy");
    let before = scene.bob.stats("in").await;
    let later = scene
        .bob
        .until("in", "sound goes on", |stats| {
            heard(stats) > heard(&before) + 0.02
        })
        .await;
    assert!(
        decoded(&later) - decoded(&before) <= 5.0,
        "pictures go on: {}",
        later.inbound("video")
    );
    scene.chooses("low", WIDTHS[2]).await;
    // What Ann is made to send is no more than what is watched, and nobody complains.
    assert_eq!(scene.ann.errors().await, Vec::<String>::new());
}

/// What a viewer's network carries decides, for nobody else: a smaller picture at once, at last sound alone, and back by
/// trials. Sound goes on all the time.
#[tokio::test]
async fn load_viewers_get_the_layer_that_their_network_carries() {
    let scene = scene().await;
    scene.gets("the best layer", &[WIDTHS[0]]).await;
    let narrow = |rate| {
        scene.link.set_down(Conditions {
            rate: Some(rate),
            ..Conditions::default()
        });
        Instant::now()
    };
    let sound = |stats: &Stats| {
        let sound = stats.inbound("audio");
        (
            figure(sound, "concealedSamples"),
            figure(sound, "totalSamplesReceived"),
        )
    };
    let before = sound(&scene.bob.stats("in").await);
    let span = Duration::from_secs(4);
    // Its sender takes a while to make all of it: what comes now is what does not fit.
    let bytes = async || figure(scene.bob.stats("in").await.inbound("video"), "bytesReceived");
    let (received, measured) = (bytes().await, Instant::now());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let rate = (bytes().await - received) * 8.0 / measured.elapsed().as_secs_f64();
    let since = narrow((rate * 0.6).max(250_000.0));
    let change = async {
        let changed = || async {
            let changes = scene
                .gateway
                .metric("lianmai_bridge_layer_changes_total", "direction=\"down\"")
                .await;
            (changes > 0.0).then_some(())
        };
        wait::until("a smaller layer is chosen", LIMIT, changed).await;
        let chosen = since.elapsed();
        scene.gets("a smaller layer", &WIDTHS[1..]).await;
        (chosen, since.elapsed())
    };
    let (seen, (chosen, took)) = tokio::join!(scene.bob.look_at("in", &scene.stream, span), change);
    let gap = seen.longest_gap();
    println!("a smaller layer chosen after {chosen:?}, seen after {took:?}, {gap:.0} ms without a picture");
    assert!(chosen <= Duration::from_millis(1_500), "chosen after {chosen:?}");
    // Its first picture has to be made and to pass.
    assert!(
        took <= Duration::from_millis(2_500),
        "a smaller layer after {took:?}"
    );
    assert!(gap <= 2_000.0, "{gap} ms without a picture");

    let since = narrow(85_000.0);
    let paused = || async {
        let paused = scene
            .gateway
            .metric("lianmai_bridge_pictures_paused_total", "")
            .await;
        (paused > 0.0).then_some(())
    };
    wait::until("the picture is paused", LIMIT, paused).await;
    println!("no picture after {:?}", since.elapsed());
    assert!(since.elapsed() <= Duration::from_secs(3), "{:?}", since.elapsed());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = sound(&scene.bob.stats("in").await);
    let made_up = (after.0 - before.0) / (after.1 - before.1);
    println!("{:.1} % of sound made up", made_up * 100.0);
    assert!(made_up <= 0.15, "{made_up} of the sound was made up");

    scene.link.set_down(Conditions::default());
    let since = Instant::now();
    let decoded = |stats: &Stats| figure(stats.inbound("video"), "framesDecoded");
    let before = decoded(&scene.bob.stats("in").await);
    let again = |stats: &Stats| decoded(stats) > before + 5.0;
    scene.bob.until_within("in", "pictures again", LIMIT, again).await;
    println!("pictures again after {:?}", since.elapsed());
}
