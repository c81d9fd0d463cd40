//! What players of the plain key get from a WebRTC publisher.

use std::time::Duration;

use lianmai_hub::{EndReason, Form, Hub, HubConfig, Publication, ReadOptions};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::{AudioCodec, VideoCodec};
use tokio::time::Instant;

use crate::rig::*;

/// H.264 comes as it is, from the newest key frame on, and sound from the rendition.
#[tokio::test(start_paused = true)]
async fn h264_and_aac_are_put_together() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&rtc, 0, 0..30);
    let mut player = play(&hub);
    let got = read_player(&mut player).await;
    assert_eq!(got.codecs(), [VideoCodec::H264]);
    assert_eq!(
        got.times(),
        [0, 40, 80, 120, 160],
        "the newest group, on a timeline of its own"
    );
    assert_eq!(hub.wanted_renditions(), [key().form(Form::Aac)]);

    let worker = publish_rendition(&hub, Form::Aac);
    push_audio(&worker, 1_190, 0..3);
    pass(60).await;
    let got = read_player(&mut player).await;
    assert_eq!(got.headers().len(), 1);
    assert_eq!(got.headers()[0].audio.as_ref().unwrap().codec, AudioCodec::Aac);
    assert_eq!(got.times_of(Audio), [190, 210, 230], "in step with the pictures");
    for n in 30..40 {
        push_video(&rtc, 0, n..n + 1);
        push_audio(&worker, n * 40 + 45, 0..2);
        pass(40).await;
    }
    pass(60).await;
    let got = read_player(&mut player).await;
    let mut in_order = got.times();
    in_order.sort_unstable();
    assert_eq!(got.times(), in_order);
    assert_eq!(got.times().len(), 30);
}

/// Pictures do not wait for sound longer than 60 ms, and late sound is not lost.
#[tokio::test(start_paused = true)]
async fn pictures_do_not_wait_long_for_sound() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let worker = publish_rendition(&hub, Form::Aac);
    push_video(&rtc, 0, 0..1);
    push_audio(&worker, 0, 0..1);
    let mut player = play(&hub);
    pass(100).await;
    read_player(&mut player).await;
    push_video(&rtc, 0, 1..2);
    let pushed = Instant::now();
    let mut batch = Vec::new();
    player.next_batch(&mut batch).await;
    assert_eq!(pushed.elapsed().as_millis(), 60);
    push_audio(&worker, 0, 1..2);
    pass(70).await;
    assert_eq!(read_player(&mut player).await.times_of(Audio), [20]);
    // The worker is gone: after a second nobody waits for it.
    drop(worker);
    pass(1_000).await;
    push_video(&rtc, 0, 2..3);
    assert_eq!(read_player(&mut player).await.times_of(Video), [80]);
}

/// Anything but upright H.264 is made so.
#[tokio::test(start_paused = true)]
async fn other_pictures_come_from_the_rendition() {
    for (codec, rotation) in [(VideoCodec::Vp8, 0), (VideoCodec::H264, 90)] {
        let hub = Hub::new(HubConfig::default());
        let rtc = publish_rtc(&hub, 1, codec);
        rtc.set_rotation(rotation).unwrap();
        push_video(&rtc, 0, 0..30);
        let mut player = play(&hub);
        assert_eq!(read_player(&mut player).await.times(), [0i64; 0]);
        let wanted = [key().form(Form::Aac), key().form(Form::H264)];
        assert_eq!(hub.wanted_renditions(), wanted);
        let worker = publish_rendition(&hub, Form::H264);
        push_video(&worker, 1_000, 0..5);
        let got = read_player(&mut player).await;
        assert_eq!((got.codecs(), got.times().len()), (vec![VideoCodec::H264], 5));
        assert_eq!(got.headers()[0].rotation, 0);
    }
}

/// A phone is turned while players look on.
#[tokio::test(start_paused = true)]
async fn a_rotation_changes_the_source() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut player = play(&hub);
    push_video(&rtc, 0, 0..25);
    assert_eq!(read_player(&mut player).await.times().len(), 25);
    assert_eq!(rtc.set_rotation(450), Ok(true));
    assert_eq!(rtc.set_rotation(90), Ok(false));
    push_video(&rtc, 0, 25..50);
    read_player(&mut player).await;
    let worker = publish_rendition(&hub, Form::H264);
    push_video(&worker, 1_000, 0..25);
    let got = read_player(&mut player).await;
    assert_eq!(got.times(), (25..50).map(|n| n * 40).collect::<Vec<_>>());
    rtc.set_rotation(0).unwrap();
    push_video(&rtc, 2_000, 0..2);
    assert_eq!(read_player(&mut player).await.times(), [2_000, 2_040]);
}

/// R-V3: players get a key frame at least every two seconds, though the publisher makes them on demand only.
#[tokio::test(start_paused = true)]
async fn key_frames_are_asked_for_regularly() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut player = play(&hub);
    let mut keyframes = Vec::new();
    for n in 0..250 {
        let asked = is_asked(&rtc).await;
        if asked {
            keyframes.push(n * 40);
        }
        rtc.push(frame(Video, n * 40, n == 0 || asked)).unwrap();
        pass(40).await;
        read_player(&mut player).await;
    }
    assert!((4..=6).contains(&keyframes.len()), "{keyframes:?}");
    assert!(
        keyframes.windows(2).all(|w| w[1] - w[0] <= 2_040),
        "{keyframes:?}"
    );
    drop(player);
    pass(5_000).await;
    rtc.push(frame(Video, 15_000, true)).unwrap();
    pass(20_000).await;
    assert!(!is_asked(&rtc).await, "nobody needs them any more");
}

/// R-X2: players stay through every change of the publisher.
#[tokio::test(start_paused = true)]
async fn players_keep_their_connection() {
    let hub = Hub::new(HubConfig::default());
    let mut player = play(&hub);
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..10);
    assert_eq!(read_player(&mut player).await.times().len(), 10);

    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&rtc, 0, 0..10);
    let got = read_player(&mut player).await;
    assert_eq!(got.times().len(), 10);
    assert!(got.times()[0] > 360, "the timeline goes on");

    // The same publisher again, after a while and at once.
    drop(rtc);
    pass(10_000).await;
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&rtc, 0, 0..10);
    assert_eq!(read_player(&mut player).await.times().len(), 10);
    let again = publish_rtc(&hub, 1, VideoCodec::H264);
    drop(rtc);
    push_video(&again, 0, 0..10);
    assert_eq!(read_player(&mut player).await.times().len(), 10);

    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..10);
    let got = read_player(&mut player).await;
    assert_eq!(got.times().len(), 10);
    assert!(got.times().is_sorted());
    drop((again, rtmp));
    let gone = Instant::now();
    let mut batch = Vec::new();
    player.next_batch(&mut batch).await;
    assert!(matches!(
        batch[..],
        [lianmai_hub::Delivery::End(EndReason::PublisherGone)]
    ));
    assert_eq!(gone.elapsed().as_secs(), 15);
}

/// A stream that was ended on purpose, and is still held by somebody, begins anew for players.
#[tokio::test(start_paused = true)]
async fn an_ended_stream_is_composed_again() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    let mut player = play(&hub);
    push_video(&rtmp, 0, 0..1);
    hub.end(&key());
    assert_eq!(read_player(&mut player).await.end(), Some(EndReason::Finished));
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut next = play(&hub);
    let (got, ()) = tokio::join!(read_player(&mut next), async { push_video(&rtc, 0, 0..1) });
    assert_eq!((got.end(), got.times().len()), (None, 1));
}

/// The last pictures of a publisher are not lost.
#[tokio::test(start_paused = true)]
async fn what_was_sent_last_is_passed_on() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut player = play(&hub);
    push_video(&rtc, 0, 0..1);
    assert_eq!(read_player(&mut player).await.times(), [0]);
    push_video(&rtc, 0, 1..5);
    drop(rtc);
    assert_eq!(read_player(&mut player).await.times(), [40, 80, 120, 160]);
}

fn is_composed(hub: &Hub) -> bool {
    hub.stats(&key().form(Form::Aac)).is_some()
}

/// It runs only for players, and stops a few seconds after the last.
#[tokio::test(start_paused = true)]
async fn nothing_is_composed_for_nobody() {
    let hub = Hub::new(HubConfig::default());
    let rtc: Publication = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&rtc, 0, 0..1);
    let _viewer = follow(&hub, Video);
    let internal = ReadOptions {
        internal: true,
        coalesce: Some(Duration::ZERO),
        ..ReadOptions::default()
    };
    let worker = hub
        .subscribe(key().form(Form::Rtc), ReadOptions::default())
        .unwrap();
    let recorder = hub.subscribe(key(), internal).unwrap();
    pass(100).await;
    assert!(!is_composed(&hub));
    let player = play(&hub);
    settle().await;
    assert!(is_composed(&hub));
    drop(player);
    pass(2_000).await;
    let player = play(&hub);
    pass(10_000).await;
    assert!(is_composed(&hub), "one came in time");
    drop(player);
    pass(4_000).await;
    assert!(!is_composed(&hub));
    drop((worker, recorder));
}
