//! One member, two protocols: who replaces whom, and what the control plane sees.

use lianmai_hub::{
    Form, Hub, HubConfig, Protocol, PublishError, PublishOptions, PushError, StopReason, StreamEvent,
};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::{AudioCodec, VideoCodec};

use crate::rig::*;

/// R-X1 across protocols: a newer publication replaces the older at once, and an older never a newer.
#[tokio::test(start_paused = true)]
async fn publications_replace_each_other_across_protocols() {
    let hub = Hub::new(HubConfig::default());
    let mut events = hub.events();
    let mut takeovers = Vec::new();
    let rtmp = publish_rtmp(&hub, 3);
    let old = PublishOptions::new(Protocol::Webrtc, 2, None);
    assert_eq!(
        hub.publish(key().form(Form::Rtc), old.clone()).err(),
        Some(PublishError::NewerPublisher)
    );
    push_video(&rtmp, 0, 0..1);
    let rtc = publish_rtc(&hub, 4, VideoCodec::Vp8);
    assert_eq!(rtmp.stopped().await, StopReason::TakenOver);
    assert_eq!(rtmp.push(frame(Video, 40, true)), Err(PushError::Superseded));
    drop(rtmp);
    assert_eq!(hub.publish(key(), old).err(), Some(PublishError::NewerPublisher));
    push_video(&rtc, 0, 0..1);
    let rtmp = publish_rtmp(&hub, 4);
    assert_eq!(rtc.stopped().await, StopReason::TakenOver);
    assert_eq!(rtc.push(frame(Video, 40, true)), Err(PushError::Superseded));
    drop(rtc);
    push_video(&rtmp, 40, 0..1);
    assert!(hub.stats(&key()).unwrap().on_air);
    while let Ok(event) = events.try_recv() {
        match event {
            StreamEvent::OnAir {
                key: of, takeover, ..
            } => {
                assert_eq!(of, key());
                takeovers.push(takeover);
            }
            StreamEvent::OffAir { .. } => panic!("the member never stopped"),
        }
    }
    assert_eq!(takeovers, [false, true, true]);
    drop(rtmp);
    assert!(matches!(events.try_recv(), Ok(StreamEvent::OffAir { key: of }) if of == key()));
}

/// Renditions, layers and compositions are the gateway's own business.
#[tokio::test(start_paused = true)]
async fn only_members_make_events() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut events = hub.events();
    let mut player = play(&hub);
    push_video(&rtc, 0, 0..2);
    read_player(&mut player).await;
    let aac = publish_rendition(&hub, Form::Aac);
    let layer = publish_as(&hub, key().form(Form::Layer(1)), 1, Protocol::Webrtc);
    read_player(&mut player).await;
    drop((aac, layer, player));
    pass(10_000).await;
    assert!(events.try_recv().is_err());
    drop(rtc);
    assert!(matches!(events.try_recv(), Ok(StreamEvent::OffAir { .. })));
}

/// The figures of a stream are those of what its member sends, under its plain key.
#[tokio::test(start_paused = true)]
async fn a_stream_is_reported_once() {
    let hub = Hub::new(HubConfig::default());
    let rtmp = publish_rtmp(&hub, 1);
    push_video(&rtmp, 0, 0..10);
    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    push_video(&rtc, 0, 0..10);
    push_audio(&rtc, 0, 0..10);
    let (mut audio, mut video, mut player) = (follow(&hub, Audio), follow(&hub, Video), play(&hub));
    let h264 = publish_rendition(&hub, Form::H264);
    push_video(&h264, 0, 0..10);
    read(&mut audio).await;
    read(&mut video).await;
    assert_eq!(read_player(&mut player).await.times().len(), 10);
    let all = hub.all_stats();
    let [(of, stats)] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(of, &key());
    assert!(stats.on_air);
    assert_eq!(stats.protocol, Some(Protocol::Webrtc));
    assert_eq!(stats.video.as_ref().unwrap().codec, VideoCodec::Vp8);
    assert_eq!(stats.audio.as_ref().unwrap().codec, AudioCodec::Opus);
    assert_eq!(
        stats.readers, 2,
        "a viewer has two feeds; the hub's own do not count"
    );
    assert_eq!((stats.publications, stats.bytes_in), (2, 3_000));
    let form = hub.stats(&key().form(Form::H264)).unwrap();
    assert_eq!((form.video.unwrap().codec, form.readers), (VideoCodec::H264, 0));
    drop(rtc);
    assert!(!hub.stats(&key()).unwrap().on_air);
}

/// Ending a stream or cutting off its member reaches all forms.
#[tokio::test(start_paused = true)]
async fn all_forms_end_together() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    let layer = publish_as(&hub, key().form(Form::Layer(1)), 1, Protocol::Webrtc);
    hub.disconnect("demo", "ann");
    assert_eq!(rtc.stopped().await, StopReason::Revoked);
    assert_eq!(layer.stopped().await, StopReason::Revoked);

    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    let worker = publish_rendition(&hub, Form::H264);
    let mut player = play(&hub);
    hub.end(&key());
    assert_eq!(rtc.stopped().await, StopReason::Revoked);
    assert_eq!(worker.stopped().await, StopReason::Revoked);
    assert!(read_player(&mut player).await.end().is_some());

    // One form alone is ended as it is named.
    let rtmp = publish_rtmp(&hub, 1);
    let worker = publish_rendition(&hub, Form::Opus);
    hub.end(&key().form(Form::Opus));
    assert_eq!(worker.stopped().await, StopReason::Revoked);
    assert!(rtmp.push(frame(Video, 0, true)).is_ok());
}

/// Two clients that come back by themselves whenever they lose the stream: in the end one of them stays.
#[tokio::test(start_paused = true)]
async fn a_contest_comes_to_an_end() {
    let hub = Hub::new(HubConfig::default());
    let mut player = play(&hub);
    let mut on_air = publish_rtmp(&hub, 1);
    let mut takeovers = 0;
    for second in 0..60 {
        push_video(&on_air, second * 1_000, 0..25);
        pass(1_000).await;
        let webrtc = second % 2 == 0;
        let of = if webrtc { key().form(Form::Rtc) } else { key() };
        let checked = hub.check_publish(&of, 1);
        let asked = hub.publish(of, PublishOptions::new(Protocol::Rtmp, 1, Some("ann".into())));
        assert_eq!(checked.err(), asked.as_ref().err().copied());
        match asked {
            Ok(newer) => {
                takeovers += 1;
                assert_eq!(on_air.stopped().await, StopReason::TakenOver);
                newer.set_video(video_config(VideoCodec::H264, Some(0))).unwrap();
                on_air = newer;
            }
            Err(error) => assert_eq!(error, PublishError::Contested),
        }
        read_player(&mut player).await;
    }
    assert_eq!(takeovers, 6);
    // A newer URL decides it.
    let newer = publish_rtc(&hub, 2, VideoCodec::H264);
    assert_eq!(on_air.stopped().await, StopReason::TakenOver);
    drop((newer, on_air));
    let _next = publish_rtmp(&hub, 2);
}

/// A connection that is as good as dead is never defended, however often that happens.
#[tokio::test(start_paused = true)]
async fn a_dead_publication_gives_way() {
    let hub = Hub::new(HubConfig::default());
    let mut dead = Vec::new();
    for second in 0..20 {
        let publication = publish_rtmp(&hub, 1);
        push_video(&publication, second * 1_000, 0..1);
        dead.push(publication);
        pass(2_000).await;
    }
}
