//! Nothing is left behind.

use lianmai_hub::{Form, Hub, HubConfig, PublishError, ReadOptions, StreamKey};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::VideoCodec;

use crate::rig::*;

/// R-Y1, R-Y2: publishers, players, viewers and workers come and go, in every order.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_after_many_cycles() {
    let hub = Hub::new(HubConfig::default());
    for cycle in 0..1_000 {
        let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
        let mut player = play(&hub);
        let (mut audio, video) = (follow(&hub, Audio), follow(&hub, Video));
        let worker = publish_rendition(&hub, Form::H264);
        push_video(&rtc, 0, 0..2);
        push_video(&worker, 0, 0..2);
        if cycle % 10 == 0 {
            assert!(read_player(&mut player).await.times().len() >= 2);
            read(&mut audio).await;
        }
        match cycle % 4 {
            0 => drop((player, audio, video, worker, rtc)),
            1 => drop((rtc, worker, video, player, audio)),
            2 => {
                let rtmp = publish_rtmp(&hub, 1);
                drop((worker, audio, rtc, rtmp, player, video));
            }
            _ => {
                hub.end(&key());
                drop((video, rtc, player, worker, audio));
            }
        }
    }
    pass(5_000).await;
    assert_eq!(hub.all_stats(), []);
    assert_eq!(hub.wanted_renditions(), []);
    settle().await;
    let idle = hub.tasks();
    assert!(idle <= 2, "{idle} tasks");
    hub.shut_down().await;
    assert_eq!(hub.tasks(), 0);
}

/// A hub that shuts down ends its compositions.
#[tokio::test(start_paused = true)]
async fn a_composition_does_not_outlive_the_hub() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut player = play(&hub);
    push_video(&rtc, 0, 0..2);
    read_player(&mut player).await;
    hub.shut_down().await;
    assert_eq!(hub.tasks(), 0);
    assert!(read_player(&mut player).await.end().is_some());
}

/// Forms do not count against the limit of streams, members' streams do.
#[tokio::test(start_paused = true)]
async fn the_number_of_streams_is_limited() {
    let hub = Hub::new(HubConfig {
        max_streams: 1,
        ..HubConfig::default()
    });
    let _rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    let _player = play(&hub);
    let _worker = publish_rendition(&hub, Form::H264);
    let _feed = follow(&hub, Audio);
    let other = StreamKey::new("demo", "other");
    let refused = hub.follow(&other, browser(Audio)).err();
    assert_eq!(refused, Some(PublishError::TooManyStreams));
    let refused = hub.subscribe(other.form(Form::Rtc), ReadOptions::default()).err();
    assert_eq!(refused, Some(PublishError::TooManyStreams));
}
