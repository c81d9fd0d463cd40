//! Nothing is left behind.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use lianmai_hub::{
    Delivery, Form, Hub, HubConfig, PublishError, PublishOptions, PushError, ReadOptions, StreamKey,
};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::{AudioCodec, VideoCodec};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::rig::*;

/// R-Y1, R-Y2: publishers, players, viewers and workers come and go, in every order.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_after_many_cycles() {
    let hub = Hub::new(HubConfig::default());
    for cycle in 0..1_000 {
        let rtc = publish_rtc(&hub, cycle, VideoCodec::Vp8);
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
                let rtmp = publish_rtmp(&hub, cycle + 1);
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

static EPOCH: AtomicU64 = AtomicU64::new(1);

async fn publish_on_and_off(hub: Hub, n: u64) {
    for cycle in 0..150 {
        let of = match (n + cycle) % 3 {
            0 => key(),
            1 => key().form(Form::Rtc),
            _ => key().form(Form::Aac),
        };
        // Newer each time, which is no contest.
        let newer = PublishOptions {
            epoch: EPOCH.fetch_add(1, Relaxed),
            ..PublishOptions::default()
        };
        let Ok(publication) = hub.publish(of, newer) else {
            // Another was faster.
            continue;
        };
        // Another may have taken over already.
        let _ = publication.set_video(video_config(VideoCodec::H264, Some(0)));
        let _ = publication.set_audio(audio_config(AudioCodec::Aac));
        for frames in 0..20 {
            let kind = if frames % 2 == 0 { Audio } else { Video };
            if publication.push(frame(kind, frames * 20, true)) == Err(PushError::Superseded) {
                break;
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        if cycle % 10 == 0 {
            hub.end(&key());
        }
    }
}

async fn watch_on_and_off(hub: Hub) {
    for cycle in 0..300_u16 {
        let kind = if cycle % 2 == 0 { Audio } else { Video };
        let (mut feed, mut player) = (follow(&hub, kind), play(&hub));
        feed.choose_layer((cycle % 3) as u8);
        let (mut of_feed, mut of_player) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            tokio::select! {
                () = feed.next_batch(&mut of_feed) => {}
                () = player.next_batch(&mut of_player) => {}
                () = tokio::time::sleep(Duration::from_millis(2)) => {}
            }
            let ended = |batch: &[Delivery]| matches!(batch.last(), Some(Delivery::End(_)));
            if ended(&of_feed) || ended(&of_player) {
                break;
            }
        }
    }
}

/// R-Y2: everybody comes and goes at once, on several threads; nothing hangs, and nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_leave_nothing_behind() {
    let hub = Hub::new(HubConfig {
        continue_window: Duration::from_millis(20),
        publisher_wait: Duration::from_millis(20),
        rendition_linger: Duration::from_millis(1),
        ..HubConfig::default()
    });
    let mut tasks = JoinSet::new();
    for n in 0..4 {
        tasks.spawn(publish_on_and_off(hub.clone(), n));
        tasks.spawn(watch_on_and_off(hub.clone()));
    }
    let all = async { while tasks.join_next().await.transpose().unwrap().is_some() {} };
    timeout(Duration::from_secs(60), all).await.unwrap();
    let gone = async {
        while !hub.all_stats().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.unwrap();
    hub.shut_down().await;
    assert_eq!(hub.tasks(), 0);
}
