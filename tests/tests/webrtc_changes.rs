//! What publishers do while they are watched: B-frames, one track only, camera off and on, rotation, another size,
//! screen share, a late second track.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::clip::Clip;
use lianmai_tests::marks::{Sender, baseline, clip};
use lianmai_tests::media::Source;
use lianmai_tests::rtc::{assert_fields, figure};
use lianmai_tests::{Browser, Gateway, Page, Room};
use serde_json::{Value, json};

const FIELDS: [(f64, f64); 4] = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];

/// Ann, who publishes, and Bob, who watches her.
struct Scene {
    _gateway: Gateway,
    room: Room,
    ann: Page,
    bob: Page,
}

async fn scene() -> Scene {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "changes"})).await;
    let browser = Browser::start().await;
    Scene {
        room,
        ann: browser.page("ann").await,
        bob: browser.page("bob").await,
        _gateway: gateway,
    }
}

impl Scene {
    /// Ann publishes this, and Bob sees it; the stream, and how long the first picture took in milliseconds.
    async fn publish(&self, source: Value, how: Value) -> (String, f64) {
        let (stream, url) = self.room.whip("ann").await;
        self.ann.publish("out", &url, source, how).await;
        let first = self.bob.play("in", &self.room.whep(&stream).await).await;
        (stream, first)
    }
}

fn pattern(width: u32, height: u32) -> Value {
    json!({"video": "pattern", "audio": "tone", "width": width, "height": height})
}

/// R-B1: pictures come in the order in which they are shown, and none is missing.
#[tokio::test]
async fn pictures_of_a_publisher_with_b_frames_are_shown_in_order() {
    let scene = scene().await;
    let Scene { room, bob, .. } = &scene;
    let (stream, push, _) = room.publisher("ann").await;
    let source = clip(320, 240, &["-profile:v", "main", "-bf", "2", "-b_strategy", "0"]).await;
    let _sender = Sender::start(&push, &source).await;
    bob.play("in", &room.whep(&stream).await).await;
    let seen = bob.look("in", Duration::from_secs(5)).await;
    let numbers: Vec<u16> = seen.frames.iter().filter_map(|frame| frame.number).collect();
    let back = numbers
        .windows(2)
        .filter(|pair| (pair[1] + 200 - pair[0]) % 200 > 100);
    assert_eq!(back.count(), 0, "{numbers:?}");
    assert!(
        numbers.len() > 80,
        "{} pictures in five seconds: {numbers:?}",
        numbers.len()
    );
    bob.sees_and_hears("in").await;
}

/// R-F1: neither direction waits for a picture that never comes.
#[tokio::test]
async fn members_with_sound_alone_are_heard() {
    let scene = scene().await;
    let Scene { room, ann, bob, .. } = &scene;
    let (rtmp, push, _) = room.publisher("cat").await;
    let _push = Source {
        with_video: false,
        ..Source::default()
    }
    .publish(&push);
    let (whip, url) = room.whip("ann").await;
    ann.publish("out", &url, json!({"audio": "tone"}), json!({}))
        .await;
    for (name, stream) in [("rtmp", &rtmp), ("whip", &whip)] {
        let url = room.whep(stream).await;
        bob.call("play", json!({"name": name, "url": url, "wait": false}))
            .await;
        bob.until(name, "sound is heard", |s| {
            figure(s.inbound("audio"), "totalAudioEnergy") > 0.01
        })
        .await;
    }
    let got = Arrivals::of(&room.rtmp(&whip).await, Duration::from_secs(2)).await;
    assert!(got.track(MediaKind::Audio).count() > 60);
    assert_eq!(got.track(MediaKind::Video).count(), 0);
}

/// A camera that is taken away and given back: sound goes on, and the picture returns without a new connection.
#[tokio::test]
async fn the_camera_goes_off_and_on() {
    let scene = scene().await;
    let Scene { ann, bob, .. } = &scene;
    scene
        .publish(pattern(320, 240), json!({"videoCodecs": ["H264"]}))
        .await;
    bob.sees_and_hears("in").await;
    for how in ["track", "enabled"] {
        let button = |on: bool| {
            ann.call(
                "button",
                json!({"name": "out", "kind": "video", "on": on, "how": how}),
            )
        };
        button(false).await;
        let span = Duration::from_secs(2);
        let heard = figure(bob.stats("in").await.inbound("audio"), "totalAudioEnergy");
        tokio::time::sleep(span).await;
        let stats = bob.stats("in").await;
        assert!(
            figure(stats.inbound("audio"), "totalAudioEnergy") > heard + 0.01,
            "{how}: sound went away"
        );
        button(true).await;
        let start = std::time::Instant::now();
        let before = figure(stats.inbound("video"), "framesDecoded");
        bob.until("in", "the picture is back", |s| {
            figure(s.inbound("video"), "framesDecoded") > before + 10.0
        })
        .await;
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{how}: back after {:?}",
            start.elapsed()
        );
        assert_fields(
            &bob.colours("in", "", &FIELDS).await,
            ["red", "green", "blue", "yellow"],
        );
    }
    scene.bob.stats("in").await.assert_connected_once();
}

async fn size(page: &Page, what: &str, width: u64, height: u64) {
    let wanted = |playing: &Value| playing[0]["width"] == width && playing[0]["height"] == height;
    let limit = Duration::from_secs(10);
    lianmai_tests::wait::until(what, limit, || async {
        wanted(&page.call("playing", json!({"name": "in"})).await).then_some(())
    })
    .await;
}

/// R-V6: another size and another orientation while on air, seen upright by browsers and RTMP players.
#[tokio::test]
async fn size_and_rotation_change_on_air() {
    let scene = scene().await;
    let Scene { room, ann, bob, .. } = &scene;
    let (stream, _) = scene
        .publish(pattern(640, 480), json!({"videoCodecs": ["H264"]}))
        .await;
    size(bob, "the first size", 640, 480).await;
    let rtmp = room.rtmp(&stream).await;
    let recording = Arrivals::of(&rtmp, Duration::from_secs(5));
    let changes = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ann.call("change", json!({"name": "out", "width": 320, "height": 240}))
            .await;
        size(bob, "a smaller picture", 320, 240).await;
    };
    let (got, ()) = tokio::join!(recording, changes);
    let headers: Vec<_> = got.tags.iter().filter(|(_, tag)| is_video_header(tag)).collect();
    assert_eq!(headers.len(), 2, "one sequence header for each size");
    ann.call("change", json!({"name": "out", "rotation": 90})).await;
    size(bob, "an upright picture", 240, 320).await;
    // A quarter turn clockwise: the field below on the left comes up.
    assert_fields(
        &bob.colours("in", "", &FIELDS).await,
        ["blue", "red", "yellow", "green"],
    );
    let got = Arrivals::of(&rtmp, Duration::from_secs(3)).await;
    let shown = got.last_picture().await;
    assert_eq!(
        (shown.width, shown.height),
        (240, 320),
        "RTMP players know no rotation"
    );
    let fields = FIELDS.map(|at| shown.colour(at));
    assert_fields(&fields, ["blue", "red", "yellow", "green"]);
}

fn is_video_header(tag: &lianmai_tests::clip::Tag) -> bool {
    tag.0 == MediaKind::Video && lianmai_tests::clip::is_header(tag)
}

#[tokio::test]
async fn a_shared_screen_is_seen() {
    let scene = scene().await;
    let Scene { bob, .. } = &scene;
    let (_, first) = scene.publish(json!({"video": "screen"}), json!({})).await;
    assert!(
        first <= 1_500.0,
        "a screen that hardly changes came after {first} ms"
    );
    // The made-up screen is green.
    let [red, green, blue] = bob.colours("in", "", &[(0.5, 0.9)]).await[0];
    assert!(green > 100 && red < 50 && blue < 50, "{red} {green} {blue}");
}

/// A microphone that is plugged in later is heard without a new connection.
#[tokio::test]
async fn late_sound_is_heard() {
    let scene = scene().await;
    let Scene { room, bob, .. } = &scene;
    let (stream, push, _) = room.publisher("ann").await;
    let whole = baseline().await;
    let mut mute = Clip {
        audio_header: None,
        frames: whole.track(MediaKind::Video),
        ..whole.clone()
    };
    mute.frames.retain(|tag| tag.1 < 4_000);
    let _sender = Sender::of(&push, vec![mute, whole]).await;
    bob.play("in", &room.whep(&stream).await).await;
    let stats = bob.sees("in").await;
    assert_eq!(figure(stats.inbound("audio"), "totalAudioEnergy"), 0.0);
    let limit = Duration::from_secs(20);
    let heard = |s: &lianmai_tests::rtc::Stats| figure(s.inbound("audio"), "totalAudioEnergy") > 0.01;
    bob.until_within("in", "sound is heard", limit, heard).await;
    scene.bob.stats("in").await.assert_connected_once();
}
