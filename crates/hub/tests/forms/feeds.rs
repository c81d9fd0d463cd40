//! Which form a feed reads, and that it changes over.

use std::time::Duration;

use lianmai_hub::{EndReason, Form, Hub, HubConfig};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::{MediaDuration, VideoCodec};
use tokio::time::Instant;

use crate::rig::*;

/// R-A1: an RTMP publisher's picture comes as it is, its sound from the rendition, which is wanted meanwhile.
#[tokio::test(start_paused = true)]
async fn an_rtmp_publisher_is_seen_as_it_is_and_heard_through_a_rendition() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..40);
    let (mut video, mut audio) = (follow(&hub, Video), follow(&hub, Audio));
    let got = read(&mut video).await;
    assert!(got.starts_with_headers());
    let from_newest_key_frame: Vec<_> = (25..40).map(|n| n * 40).collect();
    assert_eq!(got.times(), from_newest_key_frame, "no waiting for the next one");
    assert_eq!(read(&mut audio).await.times(), [0i64; 0]);
    assert_eq!(hub.wanted_renditions(), [key().form(Form::Opus)]);

    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, 1_600, 0..3);
    let got = read(&mut audio).await;
    assert!(got.starts_with_headers());
    assert_eq!(got.times(), [1_600, 1_620, 1_640]);
}

/// A worker that dies costs a pause of what it made, never a feed.
#[tokio::test(start_paused = true)]
async fn a_dead_rendition_ends_nothing() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    let mut audio = follow(&hub, Audio);
    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, 0, 0..5);
    assert_eq!(read(&mut audio).await.times().len(), 5);
    drop(worker);
    let wait = tokio::time::timeout(Duration::from_secs(60), read_next(&mut audio));
    assert!(wait.await.is_err());
    assert_eq!(hub.wanted_renditions(), [key().form(Form::Opus)]);
    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, 60_100, 0..1);
    let got = read_next(&mut audio).await;
    assert_eq!(got.times(), [60_100], "on the timeline of its source");
    drop(rtmp);
}

/// R-B1: pictures pass until one comes in another order than it is shown; then only the rendition will do.
#[tokio::test(start_paused = true)]
async fn b_frames_are_never_delivered_to_those_who_cannot_show_them() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    rtmp.set_video(video_config(VideoCodec::H264, None)).unwrap();
    let mut feed = follow(&hub, Video);
    let mut tolerant = browser(Video);
    tolerant.accept.b_frames = true;
    let mut tolerant = hub.follow(&key(), tolerant).unwrap();
    push_video(&rtmp, 0, 0..10);
    assert_eq!(read(&mut feed).await.times().len(), 10);
    assert!(hub.wanted_renditions().is_empty());

    push_video(&rtmp, 0, 10..12);
    let mut reordered = frame(Video, 480, false);
    reordered.composition = MediaDuration::from_millis(80);
    rtmp.push(reordered).unwrap();
    push_video(&rtmp, 0, 13..30);
    let got = read(&mut feed).await;
    assert!(got.times().is_empty() || got.times() == [400, 440], "{got:?}");
    assert_eq!(hub.wanted_renditions(), [key().form(Form::NoBFrames)]);
    assert_eq!(read(&mut tolerant).await.times().len(), 30);

    let worker = publish_rendition(&hub, Form::NoBFrames);
    push_video(&worker, 1_000, 0..5);
    let got = read(&mut feed).await;
    assert!(got.starts_with_headers());
    assert_eq!(got.times(), [1_000, 1_040, 1_080, 1_120, 1_160]);
    // Who comes later starts with the newest key frame of the rendition.
    let mut late = follow(&hub, Video);
    assert_eq!(read(&mut late).await.times().len(), 5);
    drop(late);

    // The encoder is set to baseline: what it sends is passed on as it is again.
    drop(rtmp);
    pass(1_000).await;
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..2);
    let got = read(&mut feed).await;
    assert!(got.starts_with_headers());
    assert_eq!(got.times().len(), 2);
    assert!(got.times()[0] > 1_160, "the timeline goes on");
    pass(6_000).await;
    assert!(hub.wanted_renditions().is_empty());
}

/// Declared reordering needs no proof, and another codec than H.264 is made one.
#[tokio::test(start_paused = true)]
async fn what_a_browser_cannot_show_is_never_read() {
    let hub = Hub::new(HubConfig::default());
    for (codec, depth) in [(VideoCodec::H264, Some(2)), (VideoCodec::H265, Some(0))] {
        let rtmp = publish_rtmp(&hub, 1);
        rtmp.set_video(video_config(codec, depth)).unwrap();
        let mut feed = follow(&hub, Video);
        push_video(&rtmp, 0, 0..30);
        assert_eq!(read(&mut feed).await.times(), [0i64; 0]);
        assert_eq!(hub.wanted_renditions(), [key().form(Form::NoBFrames)]);
    }
    let rtc = publish_rtc(&hub, 1, VideoCodec::Av1);
    let mut feed = follow(&hub, Video);
    push_video(&rtc, 0, 0..30);
    assert_eq!(read(&mut feed).await.times(), [0i64; 0]);
    assert_eq!(hub.wanted_renditions(), [key().form(Form::H264)]);
    let worker = publish_rendition(&hub, Form::H264);
    push_video(&worker, 0, 0..30);
    assert_eq!(read(&mut feed).await.times().len(), 30);
}

/// R-B1: a codec is changed while viewers look on.
#[tokio::test(start_paused = true)]
async fn a_change_of_codec_changes_the_form() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    let mut feed = follow(&hub, Video);
    push_video(&rtc, 0, 0..3);
    assert_eq!(read(&mut feed).await.codecs(), [VideoCodec::Vp8]);
    rtc.set_video(video_config(VideoCodec::Av1, Some(0))).unwrap();
    push_video(&rtc, 1_000, 0..25);
    read(&mut feed).await;
    let worker = publish_rendition(&hub, Form::H264);
    push_video(&worker, 1_000, 0..25);
    assert_eq!(read(&mut feed).await.codecs(), [VideoCodec::H264]);
    rtc.set_video(video_config(VideoCodec::H264, Some(0))).unwrap();
    push_video(&rtc, 2_000, 0..25);
    let got = read(&mut feed).await;
    assert_eq!((got.codecs(), got.times()[0]), (vec![VideoCodec::H264], 2_000));
}

/// A publisher goes from RTMP to WebRTC and back; feeds of both tracks follow.
#[tokio::test(start_paused = true)]
async fn feeds_follow_a_publisher_from_one_protocol_to_another() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    let (mut video, mut audio) = (follow(&hub, Video), follow(&hub, Audio));
    push_video(&rtmp, 0, 0..10);
    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, 0, 0..10);
    assert_eq!(read(&mut video).await.times().len(), 10);
    assert_eq!(read(&mut audio).await.times().len(), 10);

    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    push_video(&rtc, 0, 0..10);
    push_audio(&rtc, 0, 0..10);
    for feed in [&mut video, &mut audio] {
        let got = read(feed).await;
        assert!(got.starts_with_headers());
        assert_eq!(got.times().len(), 10, "from the beginning");
    }
    assert!(hub.wanted_renditions().is_empty(), "its source is gone");

    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..10);
    push_audio(&worker, 10_000, 0..3);
    for (feed, n) in [(&mut video, 10), (&mut audio, 3)] {
        let got = read(feed).await;
        assert!(got.starts_with_headers());
        assert_eq!(got.times().len(), n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_ends_like_a_reader() {
    let hub = Hub::new(HubConfig::default());
    let asked = Instant::now();
    let mut feed = follow(&hub, Video);
    assert_eq!(read_next(&mut feed).await.end(), Some(EndReason::NotPublished));
    assert_eq!(asked.elapsed().as_secs(), 20);

    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    push_video(&rtc, 0, 0..1);
    let mut feed = follow(&hub, Video);
    read(&mut feed).await;
    drop(rtc);
    let gone = Instant::now();
    assert_eq!(read_next(&mut feed).await.end(), Some(EndReason::PublisherGone));
    assert_eq!(gone.elapsed().as_secs(), 15);

    let _rtmp = publish_rtmp(&hub, 1);
    let (mut bobs, mut waiting) = (follow(&hub, Video), follow(&hub, Audio));
    read(&mut bobs).await;
    hub.disconnect("demo", "bob");
    assert_eq!(read_next(&mut bobs).await.end(), Some(EndReason::Revoked));
    assert_eq!(read_next(&mut waiting).await.end(), Some(EndReason::Revoked));

    let mut feed = follow(&hub, Audio);
    hub.end(&key());
    assert_eq!(read_next(&mut feed).await.end(), Some(EndReason::Finished));

    let mut feed = hub.follow(&key(), browser(Audio)).unwrap();
    let (waiting, ()) = tokio::join!(read_next(&mut feed), hub.shut_down());
    assert!(waiting.end().is_some());
}

/// R-X2: a publisher that comes back in time is gone on with.
#[tokio::test(start_paused = true)]
async fn a_feed_outlives_the_absence_of_its_publisher() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    let (mut video, mut audio) = (follow(&hub, Video), follow(&hub, Audio));
    push_video(&rtmp, 0, 0..1);
    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, 0, 0..1);
    read(&mut video).await;
    read(&mut audio).await;
    drop(rtmp);
    pass(10_000).await;
    assert_eq!(hub.wanted_renditions(), [key().form(Form::Opus)]);
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 500, 0..1);
    push_audio(&worker, 10_000, 0..1);
    assert_eq!(read(&mut video).await.times(), [10_000]);
    assert_eq!(read(&mut audio).await.times(), [10_000]);
}

/// R-Q1, R-Q3: a slow feed loses whole groups of pictures, learns how much, and asks nobody for a key frame.
#[tokio::test(start_paused = true)]
async fn a_slow_feed_jumps_and_does_not_ask() {
    let hub = Hub::new(HubConfig {
        ring_time: Duration::from_secs(4),
        ..HubConfig::default()
    });
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut feed = follow(&hub, Video);
    push_video(&rtc, 0, 0..500);
    assert!(!is_asked(&rtc).await);
    let got = read(&mut feed).await;
    assert_eq!(got.times(), (475..500).map(|n| n * 40).collect::<Vec<_>>());
    assert_eq!(feed.stats().dropped(), 475);
    assert_eq!(hub.stats(&key()).unwrap().dropped, 475);
    assert!(!is_asked(&rtc).await);
}

/// R-V3, R-V4: a viewer that finds no key frame asks for one, and so does one that says so; also through a rendition.
#[tokio::test(start_paused = true)]
async fn key_frames_are_asked_of_whoever_can_make_one() {
    let hub = Hub::new(HubConfig {
        ring_time: Duration::from_secs(1),
        ..HubConfig::default()
    });
    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    rtc.push(frame(Video, 0, true)).unwrap();
    let mut first = follow(&hub, Video);
    read(&mut first).await;
    assert!(!is_asked(&rtc).await, "it is there");
    for n in 1..50 {
        rtc.push(frame(Video, n * 40, false)).unwrap();
    }
    let mut second = follow(&hub, Video);
    assert!(is_asked(&rtc).await);
    first.request_keyframe();
    assert!(!is_asked(&rtc).await, "not twice in half a second");
    pass(500).await;
    assert!(is_asked(&rtc).await, "nor is it lost");
    rtc.push(frame(Video, 2_000, true)).unwrap();
    pass(20_000).await;
    assert!(!is_asked(&rtc).await);
    assert_eq!(read(&mut second).await.times(), [2_000]);

    rtc.set_video(video_config(VideoCodec::Av1, Some(0))).unwrap();
    read(&mut first).await;
    assert_eq!(hub.wanted_renditions(), [key().form(Form::H264)]);
    first.request_keyframe();
    assert!(is_asked(&rtc).await);
    rtc.push(frame(Video, 2_040, true)).unwrap();
    pass(1_000).await;
    for asked in [key(), key().form(Form::Rtc), key().form(Form::Aac)] {
        hub.request_keyframe(&asked);
        assert!(is_asked(&rtc).await, "{asked}");
        rtc.push(frame(Video, 2_080, true)).unwrap();
        pass(1_000).await;
    }
}

/// 1 500 feeds of one stream cost no tasks, and a change of another stream does not reach them.
#[tokio::test(start_paused = true)]
async fn feeds_are_cheap() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut options = browser(Video);
    options.coalesce = Duration::from_millis(20);
    let mut feeds: Vec<_> = (0..1_500)
        .map(|_| hub.follow(&key(), options.clone()).unwrap())
        .collect();
    assert!(hub.tasks() < 10, "{} tasks", hub.tasks());
    push_video(&rtc, 0, 0..2);
    for feed in &mut feeds {
        assert_eq!(read_next(feed).await.times(), [0, 40]);
    }
    assert_eq!(hub.stats(&key()).unwrap().readers, 1_500);
    drop(feeds);
    assert_eq!(hub.stats(&key()).unwrap().readers, 0);
}
