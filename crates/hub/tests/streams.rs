//! Publishing, reading, takeover and loss, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{
    Delivery, EndReason, Hub, HubConfig, Publication, PublishError, PublishOptions, PushError, ReadOptions,
    Reader, StopReason, StreamEvent, StreamKey, TrackFilter,
};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};
use tokio::time::Instant;

fn key() -> StreamKey {
    StreamKey::new("demo", "camera")
}

fn video_config(width: u32) -> VideoConfig {
    VideoConfig {
        codec: VideoCodec::H264,
        record: Bytes::copy_from_slice(&width.to_be_bytes()),
        width,
        height: 360,
        profile: 66,
        level: 30,
        reorder_depth: Some(0),
    }
}

fn audio_config() -> AudioConfig {
    AudioConfig {
        codec: lianmai_media::AudioCodec::Aac,
        record: Bytes::from_static(&[0x12, 0x10]),
        sample_rate: 44_100,
        channels: 2,
    }
}

fn frame(kind: TrackKind, millis: i64, keyframe: bool) -> Frame {
    Frame {
        kind,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe,
        payload: Bytes::from(vec![7; 100]),
    }
}

fn publish(hub: &Hub, epoch: u64) -> Publication {
    let publication = hub
        .publish(
            key(),
            PublishOptions {
                epoch,
                ..PublishOptions::default()
            },
        )
        .unwrap();
    publication.set_video(video_config(640)).unwrap();
    publication
}

/// Pushes video frames `from..to` at 25 frames per second with a key frame every second.
fn push_video(publication: &Publication, frames: std::ops::Range<i64>) {
    for n in frames {
        publication
            .push(frame(TrackKind::Video, n * 40, n % 25 == 0))
            .unwrap();
    }
}

async fn next(reader: &mut Reader) -> Vec<Delivery> {
    let mut batch = Vec::new();
    reader.next_batch(&mut batch).await;
    batch
}

fn times(batch: &[Delivery]) -> Vec<i64> {
    batch
        .iter()
        .filter_map(|d| match d {
            Delivery::Item(item) => Some(item.millis()),
            _ => None,
        })
        .collect()
}

fn immediately() -> ReadOptions {
    ReadOptions {
        coalesce: Some(Duration::ZERO),
        ..ReadOptions::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_starts_at_the_newest_key_frame_with_its_headers() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish(&hub, 1);
    push_video(&publication, 0..60);
    let mut reader = hub.subscribe(key(), immediately()).unwrap();
    let batch = next(&mut reader).await;
    assert!(matches!(&batch[0], Delivery::Headers(h) if h.video == Some(video_config(640))));
    assert_eq!(times(&batch), (50..60).map(|n| n * 40).collect::<Vec<_>>());

    let mut live = hub
        .subscribe(
            key(),
            ReadOptions {
                skip_gop_cache: true,
                ..immediately()
            },
        )
        .unwrap();
    push_video(&publication, 60..76);
    assert_eq!(
        times(&next(&mut live).await),
        [3_000],
        "waits for the next key frame at 75 × 40 ms"
    );
}

/// R-F1: sound starts at once, before and without any picture, and a track may come later.
#[tokio::test(start_paused = true)]
async fn tracks_may_come_late_or_never() {
    let hub = Hub::new(HubConfig::default());
    let publication = hub.publish(key(), PublishOptions::default()).unwrap();
    let mut reader = hub.subscribe(key(), immediately()).unwrap();
    assert_eq!(
        publication.push(frame(TrackKind::Video, 0, true)),
        Err(PushError::MissingConfig(TrackKind::Video))
    );
    publication.set_audio(audio_config()).unwrap();
    publication.push(frame(TrackKind::Audio, 0, true)).unwrap();
    let batch = next(&mut reader).await;
    assert!(matches!(&batch[..], [Delivery::Headers(h), Delivery::Item(_)] if h.video.is_none()));

    publication.set_video(video_config(368)).unwrap();
    publication.push(frame(TrackKind::Audio, 20, true)).unwrap();
    publication.push(frame(TrackKind::Video, 30, true)).unwrap();
    let batch = next(&mut reader).await;
    assert!(matches!(&batch[0], Delivery::Headers(h) if h.video.is_some() && h.audio.is_some()));
    assert_eq!(times(&batch), [20, 30]);
}

/// R-V5, R-V6: a repeated configuration is nothing, another one reaches readers before its first frame.
#[tokio::test(start_paused = true)]
async fn only_a_real_change_of_configuration_is_told() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish(&hub, 1);
    let mut reader = hub.subscribe(key(), immediately()).unwrap();
    push_video(&publication, 0..1);
    assert_eq!(next(&mut reader).await.len(), 2);
    assert_eq!(publication.set_video(video_config(640)), Ok(false));
    push_video(&publication, 1..2);
    assert_eq!(next(&mut reader).await.len(), 1);
    assert_eq!(publication.set_video(video_config(1280)), Ok(true));
    publication.push(frame(TrackKind::Video, 80, true)).unwrap();
    let batch = next(&mut reader).await;
    assert!(matches!(&batch[..], [Delivery::Headers(h), Delivery::Item(i)]
        if h.video.as_ref().unwrap().width == 1280 && i.millis() == 80));
}

/// R-X1: a newer push replaces the older at once; what the older still sends is refused; an older never wins.
#[tokio::test(start_paused = true)]
async fn a_newer_publication_takes_over() {
    let hub = Hub::new(HubConfig::default());
    let mut events = hub.events();
    let old = publish(&hub, 3);
    let mut reader = hub.subscribe(key(), immediately()).unwrap();
    push_video(&old, 0..3);
    assert_eq!(times(&next(&mut reader).await), [0, 40, 80]);

    assert_eq!(
        hub.publish(
            key(),
            PublishOptions {
                epoch: 2,
                ..PublishOptions::default()
            }
        )
        .err(),
        Some(PublishError::NewerPublisher)
    );
    let new = publish(&hub, 3);
    assert_eq!(old.stopped().await, StopReason::TakenOver);
    assert_eq!(
        old.push(frame(TrackKind::Video, 120, false)),
        Err(PushError::Superseded)
    );
    push_video(&new, 0..2);
    assert_eq!(
        times(&next(&mut reader).await),
        [100, 140],
        "the timeline goes on"
    );
    drop(old);
    push_video(&new, 2..3);
    assert_eq!(
        times(&next(&mut reader).await),
        [180],
        "the old one's end changes nothing"
    );

    assert!(matches!(
        events.recv().await,
        Ok(StreamEvent::OnAir { takeover: false, .. })
    ));
    assert!(matches!(
        events.recv().await,
        Ok(StreamEvent::OnAir { takeover: true, .. })
    ));
    drop(new);
    assert!(matches!(events.recv().await, Ok(StreamEvent::OffAir { .. })));
}

/// R-X2: readers outlive the publisher by the continue window, and no longer.
#[tokio::test(start_paused = true)]
async fn readers_stay_while_the_publisher_is_away() {
    let hub = Hub::new(HubConfig::default());
    let first = publish(&hub, 1);
    let mut reader = hub.subscribe(key(), immediately()).unwrap();
    push_video(&first, 0..1);
    next(&mut reader).await;
    drop(first);
    tokio::time::advance(Duration::from_secs(10)).await;
    let second = publish(&hub, 1);
    push_video(&second, 0..1);
    assert_eq!(times(&next(&mut reader).await), [10_000]);
    drop(second);
    let gone = Instant::now();
    assert!(matches!(
        next(&mut reader).await[..],
        [Delivery::End(EndReason::PublisherGone)]
    ));
    assert_eq!(gone.elapsed().as_secs(), 15);
    drop(reader);
    assert!(hub.stats(&key()).is_none(), "nothing is left behind");
}

#[tokio::test(start_paused = true)]
async fn a_player_may_come_before_the_publisher() {
    let hub = Hub::new(HubConfig::default());
    let mut patient = hub.subscribe(key(), immediately()).unwrap();
    let start = Instant::now();
    let waiting = tokio::select! {
        batch = next(&mut patient) => Some(batch),
        () = tokio::time::sleep(Duration::from_secs(19)) => None,
    };
    assert!(waiting.is_none());
    let publication = publish(&hub, 1);
    push_video(&publication, 0..1);
    assert_eq!(times(&next(&mut patient).await), [0]);

    let mut alone = hub
        .subscribe(StreamKey::new("demo", "nobody"), immediately())
        .unwrap();
    let asked = Instant::now();
    assert!(matches!(
        next(&mut alone).await[..],
        [Delivery::End(EndReason::NotPublished)]
    ));
    assert_eq!(asked.elapsed().as_secs(), 20);
    assert!(start.elapsed().as_secs() >= 39);
}

/// R-Q1, R-Q2: a reader that stops reading loses whole groups of pictures, learns how much, and costs the
/// publisher and the other readers nothing.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_jumps_to_the_newest_key_frame() {
    let hub = Hub::new(HubConfig {
        ring_time: Duration::from_secs(4),
        ..HubConfig::default()
    });
    let publication = publish(&hub, 1);
    let mut slow = hub.subscribe(key(), immediately()).unwrap();
    let mut quick = hub.subscribe(key(), immediately()).unwrap();
    let mut seen = 0;
    for n in 0..500 {
        push_video(&publication, n..n + 1);
        seen += times(&next(&mut quick).await).len();
    }
    assert_eq!((seen, quick.stats().dropped()), (500, 0));
    let batch = next(&mut slow).await;
    assert!(matches!(batch[0], Delivery::Gap { dropped: 475 }));
    assert_eq!(times(&batch), (475..500).map(|n| n * 40).collect::<Vec<_>>());
    assert_eq!(slow.stats().dropped(), 475);
    assert_eq!(hub.stats(&key()).unwrap().dropped, 475);
}

/// R-Q1: without a key frame in the ring, sound goes on and pictures wait; every loss is counted.
#[tokio::test(start_paused = true)]
async fn without_a_key_frame_pictures_wait_and_sound_goes_on() {
    let hub = Hub::new(HubConfig {
        ring_time: Duration::from_secs(1),
        ..HubConfig::default()
    });
    let publication = publish(&hub, 1);
    publication.set_audio(audio_config()).unwrap();
    let mut reader = hub.subscribe(key(), immediately()).unwrap();
    for n in 0..100 {
        publication.push(frame(TrackKind::Video, n * 40, n == 0)).unwrap();
        publication
            .push(frame(TrackKind::Audio, n * 40 + 20, true))
            .unwrap();
    }
    let batch = next(&mut reader).await;
    assert!(matches!(batch[0], Delivery::Gap { dropped: 199 }));
    assert_eq!(times(&batch), [99 * 40 + 20]);
    publication.push(frame(TrackKind::Video, 4_000, false)).unwrap();
    publication.push(frame(TrackKind::Video, 4_040, true)).unwrap();
    assert_eq!(times(&next(&mut reader).await), [4_040]);
    assert_eq!(reader.stats().dropped(), 200);
}

#[tokio::test(start_paused = true)]
async fn one_track_alone_can_be_read() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish(&hub, 1);
    publication.set_audio(audio_config()).unwrap();
    let read = |tracks| {
        hub.subscribe(
            key(),
            ReadOptions {
                tracks,
                ..immediately()
            },
        )
        .unwrap()
    };
    let (mut audio, mut video) = (read(TrackFilter::AudioOnly), read(TrackFilter::VideoOnly));
    publication.push(frame(TrackKind::Video, 0, true)).unwrap();
    publication.push(frame(TrackKind::Audio, 10, true)).unwrap();
    publication.push(frame(TrackKind::Video, 40, false)).unwrap();
    assert_eq!(times(&next(&mut audio).await), [10]);
    assert_eq!(times(&next(&mut video).await), [0, 40]);
}

#[tokio::test(start_paused = true)]
async fn coalesced_readers_wake_once_per_interval() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish(&hub, 1);
    let options = ReadOptions {
        coalesce: Some(Duration::from_millis(50)),
        ..ReadOptions::default()
    };
    let mut reader = hub.subscribe(key(), options).unwrap();
    push_video(&publication, 0..1);
    next(&mut reader).await;
    let feeding = async {
        for n in 1..101 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            push_video(&publication, n..n + 1);
        }
    };
    let reading = async {
        let mut wakes = 0;
        let mut items = 0;
        while items < 100 {
            items += times(&next(&mut reader).await).len();
            wakes += 1;
        }
        wakes
    };
    let (_, wakes) = tokio::join!(feeding, reading);
    assert!((18..=23).contains(&wakes), "{wakes} wake-ups in a second");
}

#[tokio::test(start_paused = true)]
async fn a_holder_is_cut_off_everywhere_and_others_are_not() {
    let hub = Hub::new(HubConfig::default());
    let options = PublishOptions {
        holder: Some("ann".into()),
        ..PublishOptions::default()
    };
    let publication = hub.publish(key(), options).unwrap();
    let read = |who: &str| {
        hub.subscribe(
            key(),
            ReadOptions {
                holder: Some(who.into()),
                ..immediately()
            },
        )
        .unwrap()
    };
    let (mut anns, mut bobs) = (read("ann"), read("bob"));
    hub.disconnect("other-app", "ann");
    hub.disconnect("demo", "ann");
    assert_eq!(publication.stopped().await, StopReason::Revoked);
    assert!(matches!(
        next(&mut anns).await[..],
        [Delivery::End(EndReason::Revoked)]
    ));
    hub.end(&key());
    assert!(matches!(
        next(&mut bobs).await[..],
        [Delivery::End(EndReason::Finished)]
    ));
}

/// R-Y1, R-Y2: streams come and go without leaving anything behind, tasks included.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_after_many_cycles() {
    let hub = Hub::new(HubConfig::default());
    for cycle in 0..2_000 {
        let key = StreamKey::new("demo", &format!("s{}", cycle % 7));
        let reader = hub.subscribe(key.clone(), ReadOptions::default()).unwrap();
        let publication = hub.publish(key, PublishOptions::default()).unwrap();
        if cycle % 2 == 0 {
            drop(reader);
        } else {
            drop(publication);
        }
    }
    assert!(hub.all_stats().is_empty());
    hub.shut_down().await;
    assert_eq!(hub.tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_streams_is_limited() {
    let hub = Hub::new(HubConfig {
        max_streams: 1,
        ..HubConfig::default()
    });
    let _first = publish(&hub, 1);
    let second = StreamKey::new("demo", "second");
    assert_eq!(
        hub.subscribe(second.clone(), ReadOptions::default()).err(),
        Some(PublishError::TooManyStreams)
    );
    assert_eq!(
        hub.publish(second, PublishOptions::default()).err(),
        Some(PublishError::TooManyStreams)
    );
}
