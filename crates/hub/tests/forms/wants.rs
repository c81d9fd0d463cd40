//! Which renditions are wanted, and for how long.

use std::time::Duration;

use lianmai_hub::{Form, Hub, HubConfig};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::VideoCodec;
use tokio::time::{Instant, timeout};

use crate::rig::*;

#[tokio::test(start_paused = true)]
async fn a_rendition_is_wanted_for_a_while_after_its_last_reader() {
    let hub = Hub::new(HubConfig::default());
    let mut watch = hub.renditions_changed();
    let _rtmp = publish_rtmp(&hub, 1);
    let (first, second) = (follow(&hub, Audio), follow(&hub, Audio));
    watch.changed().await;
    assert_eq!(watch.wanted(), [key().form(Form::Opus)]);
    drop(first);
    assert!(timeout(Duration::from_secs(60), watch.changed()).await.is_err());
    drop(second);
    let left = Instant::now();
    pass(4_000).await;
    let third = follow(&hub, Audio);
    drop(third);
    watch.changed().await;
    assert_eq!((left.elapsed().as_secs(), watch.wanted()), (9, vec![]));
}

/// A reader that waits for a publisher starts nothing, and one that goes away for good stops everything.
#[tokio::test(start_paused = true)]
async fn nothing_is_wanted_without_a_source() {
    let hub = Hub::new(HubConfig::default());
    let mut watch = hub.renditions_changed();
    let _audio = follow(&hub, Audio);
    let _want = hub.want(&key().form(Form::Aac));
    let _never = hub.want(&key().form(Form::Rtc));
    assert!(timeout(Duration::from_secs(5), watch.changed()).await.is_err());
    let rtmp = publish_rtmp(&hub, 1);
    let mut looking = follow(&hub, Audio);
    read(&mut looking).await;
    watch.changed().await;
    assert_eq!(watch.wanted(), [key().form(Form::Opus)]);
    drop(rtmp);
    let left = Instant::now();
    watch.changed().await;
    assert_eq!((left.elapsed().as_secs(), watch.wanted()), (15, vec![]));

    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    watch.changed().await;
    assert_eq!(
        watch.wanted(),
        [key().form(Form::Aac)],
        "by whoever wants it by hand"
    );
    hub.end(&key());
    watch.changed().await;
    assert_eq!(watch.wanted(), []);
    drop(rtc);
}

/// A change that is undone before anybody looked is none.
#[tokio::test(start_paused = true)]
async fn the_watch_compares_whole_sets() {
    let hub = Hub::new(HubConfig {
        rendition_linger: Duration::ZERO,
        ..HubConfig::default()
    });
    let mut watch = hub.renditions_changed();
    let rtc = publish_rtc(&hub, 1, VideoCodec::Av1);
    for _ in 0..10 {
        drop(follow(&hub, Video));
    }
    assert!(timeout(Duration::from_secs(5), watch.changed()).await.is_err());
    let _video = follow(&hub, Video);
    let _aac = hub.want(&key().form(Form::Aac));
    watch.changed().await;
    assert_eq!(watch.wanted(), [key().form(Form::Aac), key().form(Form::H264)]);
    assert_eq!(hub.wanted_renditions(), watch.wanted());
    drop(rtc);
    let _rtc = publish_rtc(&hub, 1, VideoCodec::Av1);
    assert!(timeout(Duration::from_secs(60), watch.changed()).await.is_err());
}

/// A track that a publisher does not send needs nobody to make it.
#[tokio::test(start_paused = true)]
async fn a_missing_track_is_not_wanted() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    let mut audio = follow(&hub, Audio);
    assert_eq!(hub.wanted_renditions().len(), 1);
    drop(rtmp);
    let rtmp = publish_as(&hub, key(), 1, lianmai_hub::Protocol::Rtmp);
    rtmp.set_video(video_config(VideoCodec::H264, Some(0))).unwrap();
    push_video(&rtmp, 0, 0..1);
    read(&mut audio).await;
    pass(6_000).await;
    assert_eq!(hub.wanted_renditions(), []);
    rtmp.set_audio(audio_config(lianmai_media::AudioCodec::Aac))
        .unwrap();
    read(&mut audio).await;
    assert_eq!(hub.wanted_renditions().len(), 1);
}
