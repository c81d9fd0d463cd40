//! Browsers that publish over WHIP: what RTMP players and other browsers get of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_rtmp::protocol::MediaKind;
use lianmai_tests::arrivals::Arrivals;
use lianmai_tests::clip::is_key;
use lianmai_tests::media::probe;
use lianmai_tests::rtc::figure;
use lianmai_tests::{Browser, Gateway, Page, Room};
use serde_json::{Value, json};

const SAMPLE_RATE: f64 = 48_000.0;
const AAC_FRAME: f64 = 1_024.0;

/// Decodes what an RTMP player got; panics unless it is what every player of a mini program takes.
async fn check_rtmp(room: &Room, stream: &str, size: (u64, u64)) {
    let span = Duration::from_secs(6);
    let got = Arrivals::of(&room.rtmp(stream).await, span).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("got.flv");
    got.file(&file);
    let entries = "stream=codec_name,codec_type,width,height,has_b_frames,profile,sample_rate";
    let said = probe(&file.to_string_lossy(), &["-show_entries", entries]).await;
    let of = |kind: &str| -> Value {
        let all = said["streams"].as_array().unwrap();
        all.iter()
            .find(|s| s["codec_type"] == kind)
            .cloned()
            .unwrap_or_else(|| panic!("no {kind}: {said}"))
    };
    let (video, audio) = (of("video"), of("audio"));
    assert_eq!(
        (&video["codec_name"], &audio["codec_name"]),
        (&json!("h264"), &json!("aac")),
        "{said}"
    );
    assert_eq!(video["has_b_frames"], 0, "{video}");
    assert_eq!(
        (&video["width"], &video["height"]),
        (&json!(size.0), &json!(size.1)),
        "{video}"
    );
    for kind in [MediaKind::Video, MediaKind::Audio] {
        let times: Vec<u32> = got.track(kind).map(|(_, tag)| tag.1).collect();
        let back = times.windows(2).find(|pair| pair[1] <= pair[0]);
        assert!(
            back.is_none() && times.len() > 50,
            "{kind:?}: {} tags, {back:?}",
            times.len()
        );
    }
    // R-V3: a key frame at least every two seconds; the first picture is one.
    let keys: Vec<u32> = got
        .track(MediaKind::Video)
        .filter(|(_, tag)| is_key(tag))
        .map(|(_, tag)| tag.1)
        .collect();
    assert!(is_key(&got.track(MediaKind::Video).next().unwrap().1));
    let (first, last) = (keys[0], got.track(MediaKind::Video).last().unwrap().1.1);
    let ends = keys.iter().skip(1).copied().chain([last]);
    let longest = keys
        .iter()
        .copied()
        .zip(ends)
        .map(|(from, to)| to - from)
        .max()
        .unwrap();
    assert!(
        longest <= 2_100,
        "{longest} ms without a key frame: {keys:?} to {last}, from {first}"
    );
    // R-A4, R-A5: as many samples as the time says.
    let sounds: Vec<u32> = got.track(MediaKind::Audio).map(|(_, tag)| tag.1).collect();
    let samples = (sounds.len() - 1) as f64 * AAC_FRAME;
    let span = f64::from(sounds[sounds.len() - 1] - sounds[0]) / 1_000.0 * SAMPLE_RATE;
    assert!(
        (samples - span).abs() <= 2.0 * AAC_FRAME,
        "{samples} samples in the time of {span}"
    );
    let (pictures, decoded) = lianmai_tests::media::decode(&file).await;
    assert!(
        pictures > 100 && decoded > 0,
        "{pictures} pictures, {decoded} samples"
    );
}

async fn publish(page: &Page, whip: &str, codec: &str) {
    let source = json!({"video": "camera", "audio": "mic", "width": 640, "height": 480});
    page.publish("out", whip, source, json!({"videoCodecs": [codec]}))
        .await;
    let stats = page
        .until("out", "pictures leave", |s| {
            figure(s.outbound("video"), "framesSent") > 10.0
        })
        .await;
    let sent = stats.outbound("video")["codec"].clone();
    assert_eq!(sent, json!(format!("video/{codec}")));
}

/// R-A3 … R-A6, R-S1, R-V3: H.264 passes through to RTMP with AAC made of Opus; another browser gets both as they are.
#[tokio::test]
async fn load_a_camera_over_whip_reaches_rtmp_and_whep() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "publish"})).await;
    let (stream, whip) = room.whip("ann").await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    publish(&ann, &whip, "H264").await;
    let first = bob.play("in", &room.whep(&stream).await).await;
    let stats = bob.sees_and_hears("in").await;
    assert!(
        first <= 500.0,
        "the first picture came {first} ms after the answer"
    );
    let (video, audio) = (stats.inbound("video"), stats.inbound("audio"));
    assert_eq!(
        (&video["frameWidth"], &video["frameHeight"]),
        (&json!(640), &json!(480))
    );
    assert_eq!(figure(video, "freezeCount"), 0.0, "{video}");
    check_rtmp(&room, &stream, (640, 480)).await;
    // No packet that came is thrown away, and next to nothing has to be made up.
    let stats = bob.stats("in").await;
    let (discarded, received) = (
        figure(stats.inbound("audio"), "packetsDiscarded"),
        figure(stats.inbound("audio"), "packetsReceived"),
    );
    assert!(
        discarded <= received / 50.0,
        "{discarded} of {received} packets of sound discarded: {audio}"
    );
}

/// A browser without H.264 is transcoded once, to what live-player takes.
#[tokio::test]
async fn load_a_vp8_only_browser_reaches_rtmp_as_h264() {
    let gateway = Gateway::with_worker().await;
    let room = gateway.api().await.create_room(json!({"name": "publish"})).await;
    let (stream, whip) = room.whip("ann").await;
    let browser = Browser::start().await;
    let (ann, bob) = (browser.page("ann").await, browser.page("bob").await);
    publish(&ann, &whip, "VP8").await;
    bob.play("in", &room.whep(&stream).await).await;
    let stats = bob.sees_and_hears("in").await;
    assert_eq!(stats.inbound("video")["codec"], "video/VP8", "passed on as it is");
    check_rtmp(&room, &stream, (640, 480)).await;
}
