//! Simulcast layers.

use lianmai_hub::{Form, Hub, HubConfig, Protocol, Publication, PushError, StopReason};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::VideoCodec;

use crate::rig::*;

fn publish_layer(hub: &Hub, layer: u8) -> Publication {
    let publication = publish_as(hub, key().form(Form::Layer(layer)), 1, Protocol::Webrtc);
    publication
        .set_video(video_config(VideoCodec::H264, Some(0)))
        .unwrap();
    publication
}

/// The old layer goes on until the new one has a key frame; no picture is missing or doubled.
#[tokio::test(start_paused = true)]
async fn a_layer_takes_over_at_its_next_key_frame() {
    let hub = Hub::new(HubConfig::default());
    let best = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&best, 7_000, 0..1);
    let low = publish_layer(&hub, 1);
    push_video(&low, 7_000, 0..1);
    let mut feed = follow(&hub, Video);
    assert_eq!((feed.layer(), feed.layers()), (0, 2));
    assert_eq!(read(&mut feed).await.times(), [0]);

    feed.choose_layer(1);
    assert!(is_asked(&low).await && !is_asked(&best).await);
    for n in 1..4 {
        best.push(frame(Video, 7_000 + n * 40, false)).unwrap();
        low.push(frame(Video, 7_003 + n * 40, false)).unwrap();
    }
    assert_eq!(read(&mut feed).await.times(), [40, 80, 120]);
    assert_eq!(feed.layer(), 0);
    best.push(frame(Video, 7_160, false)).unwrap();
    low.push(frame(Video, 7_163, true)).unwrap();
    best.push(frame(Video, 7_200, false)).unwrap();
    low.push(frame(Video, 7_203, false)).unwrap();
    let got = read(&mut feed).await;
    assert_eq!(got.times(), [160, 163, 203]);
    assert_eq!((got.headers().len(), feed.layer()), (1, 1));

    // The layer vanishes: the best one is asked, and read from its next key frame on.
    drop(low);
    let none = read(&mut feed).await;
    assert_eq!((none.times(), feed.layers()), (vec![], 1));
    assert!(is_asked(&best).await);
    best.push(frame(Video, 7_240, false)).unwrap();
    best.push(frame(Video, 7_280, true)).unwrap();
    assert_eq!(read_next(&mut feed).await.times(), [280]);
    assert_eq!(feed.layer(), 0);

    // It is still the chosen one when it comes back.
    let low = publish_layer(&hub, 1);
    low.push(frame(Video, 7_323, true)).unwrap();
    read(&mut feed).await;
    low.push(frame(Video, 7_363, true)).unwrap();
    assert_eq!(read_next(&mut feed).await.times(), [363]);
    assert_eq!(feed.layer(), 1);
}

/// The publisher's connection gets worse, and its browser sends the lower layer only; then it gets better again.
#[tokio::test(start_paused = true)]
async fn a_silent_layer_is_left_and_returned_to() {
    let hub = Hub::new(HubConfig::default());
    let best = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&best, 0, 0..1);
    let low = publish_layer(&hub, 1);
    let (mut feed, mut player) = (follow(&hub, Video), play(&hub));
    let (mut seen, mut played) = (Vec::new(), Vec::new());
    for n in 1..100 {
        if !(20..70).contains(&n) {
            best.push(frame(Video, n * 40, n == 70)).unwrap();
        }
        low.push(frame(Video, n * 40 + 1, n % 10 == 0)).unwrap();
        seen.extend(read(&mut feed).await.times());
        played.extend(read_player(&mut player).await.times());
        assert_eq!(feed.layer(), u8::from((44..70).contains(&n)), "at {n}");
    }
    for times in [seen, played] {
        assert!(times.is_sorted());
        let widest = times.windows(2).map(|w| w[1] - w[0]).max().unwrap();
        assert!((800..1_300).contains(&widest), "{widest}");
        assert!(times.len() >= 60);
    }
}

/// A browser begins with its lower layer.
#[tokio::test(start_paused = true)]
async fn a_lower_layer_may_come_first() {
    let hub = Hub::new(HubConfig::default());
    let best = hub.publish(key().form(Form::Rtc), Default::default()).unwrap();
    best.set_audio(audio_config(lianmai_media::AudioCodec::Opus))
        .unwrap();
    let mut feed = follow(&hub, Video);
    push_audio(&best, 0, 0..1);
    let low = publish_layer(&hub, 1);
    low.push(frame(Video, 3, true)).unwrap();
    assert_eq!(read(&mut feed).await.times(), [3]);
    best.set_video(video_config(VideoCodec::H264, Some(0))).unwrap();
    push_video(&best, 40, 0..1);
    assert!(read(&mut feed).await.times().len() <= 1);
    best.push(frame(Video, 80, true)).unwrap();
    assert_eq!(read_next(&mut feed).await.times(), [80]);
}

#[tokio::test(start_paused = true)]
async fn a_viewer_may_begin_with_a_layer() {
    let hub = Hub::new(HubConfig::default());
    let best = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&best, 0, 0..10);
    let low = publish_layer(&hub, 2);
    push_video(&low, 0, 0..10);
    let mut feed = follow(&hub, Video);
    feed.choose_layer(2);
    assert_eq!(feed.layer(), 2);
    assert_eq!(read(&mut feed).await.times().len(), 10, "without waiting");
    feed.choose_layer(1);
    best.push(frame(Video, 400, true)).unwrap();
    read_next(&mut feed).await;
    assert_eq!(feed.layer(), 0, "the next better one there is");
}

/// Layers belong to the publisher they came with, and its sound has none.
#[tokio::test(start_paused = true)]
async fn layers_go_with_their_publisher() {
    let hub = Hub::new(HubConfig::default());
    let first = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&first, 0, 0..1);
    let low = publish_layer(&hub, 1);
    let mut sound = follow(&hub, Audio);
    sound.choose_layer(1);
    push_audio(&first, 0, 0..1);
    assert_eq!((sound.layer(), read(&mut sound).await.times()), (0, vec![0]));
    let second = publish_rtc(&hub, 1, VideoCodec::H264);
    assert_eq!(low.stopped().await, StopReason::TakenOver);
    assert_eq!(low.push(frame(Video, 0, true)), Err(PushError::Superseded));
    let low = publish_layer(&hub, 1);
    // Before the first picture of the best layer nobody knows where those of the others belong.
    assert!(low.push(frame(Video, 99, true)).is_ok());
    push_video(&second, 100, 0..1);
    low.push(frame(Video, 101, true)).unwrap();
    let mut feed = follow(&hub, Video);
    feed.choose_layer(1);
    assert_eq!(read(&mut feed).await.times(), [21]);
}
