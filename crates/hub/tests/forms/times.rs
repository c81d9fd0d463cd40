//! On which timeline renditions are.

use lianmai_hub::{Form, Hub, HubConfig};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::VideoCodec;

use crate::rig::*;

/// R-S2: all forms of a stream share the timeline of their source, whatever happens to publisher and worker.
#[tokio::test(start_paused = true)]
async fn renditions_are_on_the_timeline_of_their_source() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 80_000, 0..50);
    let mut audio = follow(&hub, Audio);
    pass(3_000).await;
    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, 2_000, 0..2);
    assert_eq!(read(&mut audio).await.times(), [2_000, 2_020]);

    // The publisher starts anew after five seconds, and the worker sees the source's ring go on.
    drop(rtmp);
    pass(5_000).await;
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..1);
    let mut video = follow(&hub, Video);
    let [at] = read(&mut video).await.times()[..] else {
        panic!("one picture")
    };
    assert!(at >= 9_960, "{at}");
    push_audio(&worker, at, 0..2);
    assert_eq!(read(&mut audio).await.times(), [at, at + 20]);

    // Another worker goes on after a pause, with what its source has come to.
    drop(worker);
    pass(2_000).await;
    let worker = publish_rendition(&hub, Form::Opus);
    push_audio(&worker, at + 2_000, 0..2);
    assert_eq!(read(&mut audio).await.times(), [at + 2_000, at + 2_020]);
}

/// A stream that is only waited for keeps its timeline, and so its renditions theirs.
#[tokio::test(start_paused = true)]
async fn the_timeline_lasts_as_long_as_anybody_needs_the_stream() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..100);
    let mut audio = follow(&hub, Audio);
    read(&mut audio).await;
    drop(rtmp);
    pass(1_000).await;
    assert_eq!(hub.stats(&key()).unwrap().ring_bytes, 0, "nobody needs the media");
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..1);
    let mut video = follow(&hub, Video);
    assert_eq!(read(&mut video).await.times(), [4_960]);
}

/// R-S2: camera off and on again: picture and sound stay together.
#[tokio::test(start_paused = true)]
async fn a_camera_that_was_off_comes_back_in_step() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut video = follow(&hub, Video);
    push_video(&rtc, 0, 0..2);
    push_audio(&rtc, 0, 0..1_000);
    push_video(&rtc, 20_000, 0..2);
    assert_eq!(read(&mut video).await.times(), [20_000, 20_040]);
}
