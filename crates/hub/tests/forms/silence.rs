//! Tracks that nobody is to hear or see.

use bytes::Bytes;
use lianmai_hub::{Delivery, Form, Hub, HubConfig, Protocol, Publication};
use lianmai_media::TrackKind::{Audio, Video};
use lianmai_media::opus::OpusPacket;
use lianmai_media::{AudioCodec, AudioConfig, Frame, VideoCodec, silence};

use crate::rig::*;

fn payloads(got: &Got) -> Vec<Bytes> {
    let sound = |delivery: &Delivery| match delivery {
        Delivery::Item(item) => item
            .frame()
            .filter(|f| f.kind == Audio)
            .map(|f| f.payload.clone()),
        _ => None,
    };
    got.deliveries.iter().filter_map(sound).collect()
}

fn silent_aac() -> Bytes {
    let aac = lianmai_media::aac::AudioSpecificConfig::aac_lc(48_000, 2).unwrap();
    silence::aac_frame(&aac).unwrap()
}

/// Twenty milliseconds of Opus.
fn packet(millis: i64) -> Frame {
    let mut packet = vec![31 << 3 | 4];
    packet.extend([9; 60]);
    Frame {
        payload: packet.into(),
        ..frame(Audio, millis, true)
    }
}

/// R-A4: silence of the same codec at the same times; no frame is missing, and nothing else stops.
#[tokio::test(start_paused = true)]
async fn sound_is_replaced_frame_by_frame() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish_rtmp(&hub, 1);
    let mut player = play(&hub);
    push_video(&publication, 0, 0..1);
    push_audio(&publication, 0, 0..3);
    let loud = payloads(&read_player(&mut player).await);
    assert_eq!(loud, vec![Bytes::from(vec![7; 100]); 3]);

    hub.silence(&key(), Audio, true);
    push_video(&publication, 40, 0..2);
    push_audio(&publication, 60, 0..10);
    let got = read_player(&mut player).await;
    assert_eq!(payloads(&got), vec![silent_aac(); 10]);
    assert_eq!(got.times_of(Audio), (3..13).map(|n| n * 20).collect::<Vec<_>>());
    assert_eq!(got.times_of(Video), [40, 80]);
    assert_eq!(hub.stats(&key()).unwrap().readers, 1);

    hub.silence(&key(), Audio, false);
    push_audio(&publication, 260, 0..3);
    assert_eq!(payloads(&read_player(&mut player).await), loud);
}

/// R-A5: over WebRTC, too; packets keep their length, and DTX packets theirs.
#[tokio::test(start_paused = true)]
async fn opus_is_replaced_by_packets_of_the_same_length() {
    let hub = Hub::new(HubConfig::default());
    hub.silence(&key(), Audio, true);
    let rtc = publish_rtc(&hub, 1, VideoCodec::Vp8);
    let mut feed = follow(&hub, Audio);
    let dtx = Frame {
        payload: Bytes::from_static(&[3 << 3]),
        ..frame(Audio, 40, true)
    };
    for frame in [packet(0), packet(20), dtx] {
        rtc.push(frame).unwrap();
    }
    let got = read(&mut feed).await;
    assert_eq!(got.times(), [0, 20, 40]);
    let packets: Vec<_> = payloads(&got)
        .iter()
        .map(|p| OpusPacket::parse(p).unwrap())
        .collect();
    let lengths: Vec<_> = packets.iter().map(|p| (p.samples(), p.stereo)).collect();
    assert_eq!(lengths, [(960, true), (960, true), (2_880, false)]);
    let longest = payloads(&got).iter().map(Bytes::len).max();
    assert!(longest <= Some(8), "nothing of the sound is left: {longest:?}");
}

#[tokio::test(start_paused = true)]
async fn sound_without_known_silence_is_dropped() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish_rtmp(&hub, 1);
    let mp3 = AudioConfig::from_record(AudioCodec::Mp3, Bytes::new()).unwrap();
    publication.set_audio(mp3).unwrap();
    let mut player = play(&hub);
    hub.silence(&key(), Audio, true);
    push_audio(&publication, 0, 0..5);
    push_video(&publication, 0, 0..2);
    let got = read_player(&mut player).await;
    assert_eq!((got.times_of(Audio), got.times_of(Video)), (vec![], vec![0, 40]));
    hub.silence(&key(), Audio, false);
    push_audio(&publication, 100, 0..2);
    assert_eq!(read_player(&mut player).await.times(), [100, 120]);
}

/// It holds for whoever publishes later, over whatever protocol, until the stream is ended.
#[tokio::test(start_paused = true)]
async fn it_holds_for_the_stream() {
    let hub = Hub::new(HubConfig::default());
    hub.silence(&key().form(Form::Rtc), Audio, true);
    assert_eq!(hub.all_stats(), [], "it makes no stream");
    for turn in 1..4 {
        let publication = publish_rtmp(&hub, turn);
        let mut player = play(&hub);
        push_audio(&publication, 0, 0..3);
        let got = payloads(&read_player(&mut player).await);
        assert!(got.iter().all(|payload| *payload == silent_aac()), "{turn}");
        drop((publication, player));
        pass(60_000).await;
    }
    hub.end(&key());
    let publication = publish_rtmp(&hub, 4);
    let mut player = play(&hub);
    push_audio(&publication, 0, 0..3);
    push_video(&publication, 0, 0..1);
    let got = payloads(&read_player(&mut player).await);
    assert!(got.iter().all(|payload| *payload != silent_aac()));
}

fn layer(hub: &Hub) -> Publication {
    let publication = publish_as(hub, key().form(Form::Layer(1)), 1, Protocol::Webrtc);
    publication
        .set_video(video_config(VideoCodec::H264, Some(0)))
        .unwrap();
    publication
}

/// Pictures stop, sound goes on; afterwards they begin with a key frame, which the publisher is asked for.
#[tokio::test(start_paused = true)]
async fn pictures_come_back_with_a_key_frame() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    push_video(&rtc, 0, 0..1);
    let low = layer(&hub);
    push_video(&low, 0, 0..1);
    let (mut video, mut audio) = (follow(&hub, Video), follow(&hub, Audio));
    assert_eq!(read(&mut video).await.times(), [0]);

    hub.silence(&key(), Video, true);
    for n in 1..50 {
        for publication in [&rtc, &low] {
            publication.push(frame(Video, n * 40, n % 25 == 0)).unwrap();
        }
        rtc.push(packet(n * 40)).unwrap();
    }
    hub.request_keyframe(&key());
    let late = follow(&hub, Video);
    assert!(
        !is_asked(&rtc).await && !is_asked(&low).await,
        "nobody would see it"
    );
    drop(late);
    assert!(read(&mut video).await.times().is_empty());
    assert_eq!(read(&mut audio).await.times().len(), 49);

    hub.silence(&key(), Video, false);
    assert!(is_asked(&rtc).await && is_asked(&low).await);
    for n in 50..60 {
        rtc.push(frame(Video, n * 40, n == 55)).unwrap();
    }
    assert_eq!(
        read(&mut video).await.times(),
        [2_200, 2_240, 2_280, 2_320, 2_360],
        "in their places on the timeline"
    );
    assert!(!is_asked(&rtc).await);
}

/// Who joins meanwhile gets sound, and no picture of before.
#[tokio::test(start_paused = true)]
async fn nobody_joins_at_a_picture_of_before() {
    let hub = Hub::new(HubConfig::default());
    let publication = publish_rtmp(&hub, 1);
    push_video(&publication, 0, 0..30);
    hub.silence(&key(), Video, true);
    let mut player = play(&hub);
    push_video(&publication, 1_200, 0..10);
    push_audio(&publication, 1_200, 0..5);
    let got = read_player(&mut player).await;
    assert_eq!((got.times_of(Audio).len(), got.times_of(Video).len()), (5, 0));
    hub.silence(&key(), Video, false);
    push_video(&publication, 1_600, 5..30);
    assert_eq!(
        read_player(&mut player).await.times_of(Video),
        [2_600, 2_640, 2_680, 2_720, 2_760]
    );
}

/// What is made of a silenced member for RTMP players is as silent, and goes on.
#[tokio::test(start_paused = true)]
async fn what_is_composed_goes_on() {
    let hub = Hub::new(HubConfig::default());
    let rtc = publish_rtc(&hub, 1, VideoCodec::H264);
    let mut player = play(&hub);
    push_video(&rtc, 0, 0..1);
    settle().await;
    let aac = publish_rendition(&hub, Form::Aac);
    hub.silence(&key(), Video, true);
    let mut sounds = 0;
    for n in 1..150 {
        rtc.push(frame(Video, n * 40, n % 25 == 0)).unwrap();
        aac.push(frame(Audio, n * 40, true)).unwrap();
        pass(40).await;
        let got = read_player(&mut player).await;
        sounds += got.times_of(Audio).len();
        assert!(n < 3 || got.times_of(Video).is_empty());
    }
    assert!(sounds > 140, "{sounds}");
    assert!(!is_asked(&rtc).await);
    hub.silence(&key(), Video, false);
    assert!(is_asked(&rtc).await);
    rtc.push(frame(Video, 6_000, true)).unwrap();
    pass(100).await;
    assert_eq!(read_player(&mut player).await.times_of(Video), [6_000]);
}
