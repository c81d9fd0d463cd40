//! Jobs of the real worker program, over real connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_hub::job::JobReport;
use lianmai_media::flv::{self, AudioTagBody, VideoTagBody};
use lianmai_media::h264::{AvcRecord, Sps};
use lianmai_media::{
    AudioCodec, Frame, MediaDuration, MediaTime, Metadata, TrackKind, VideoCodec, VideoConfig,
};
use lianmai_rtmp::protocol::{MediaKind, Purpose};
use rig::*;

/// R-A1, R-P7: sound of an RTMP publisher as Opus, headers first, and back as AAC that any player plays.
#[tokio::test]
async fn sound_becomes_opus_and_aac_again() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let mut publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    let mut player = rig.play("cam_opus").await;
    let begin = Instant::now();
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1).await;
    let started = begin.elapsed();
    assert_eq!(player.next().await.kind, MediaKind::Data);
    let header = player.next().await;
    println!(
        "job on air after {started:?}, first media after {:?}",
        begin.elapsed()
    );
    let AudioTagBody::SequenceHeader { codec, .. } = flv::parse_audio(header.payload).unwrap() else {
        panic!("no header");
    };
    assert_eq!(codec, AudioCodec::Opus);
    let packets = player.take(MediaKind::Audio, 100).await;
    let steps: Vec<_> = packets
        .windows(2)
        .map(|pair| pair[1].timestamp - pair[0].timestamp)
        .collect();
    assert!(steps.iter().all(|step| *step == 20), "{steps:?}");

    gateway.start(rig.job(2, TO_AAC, "cam_opus", "cam_aac")).await;
    gateway.started(2).await;
    rig.until_on_air("cam_aac", true).await;
    let sound = floats(
        &rig.ffmpeg_player("cam_aac", "-t 2 -f f32le -ac 1 -ar 48000")
            .await,
    );
    assert!(sound.len() > 48_000, "{} samples", sound.len());
    assert!(
        purity(&sound[9_600..], 1_000.0) > 0.95,
        "{}",
        purity(&sound[9_600..], 1_000.0)
    );

    let busy = |jobs: &[JobReport]| {
        jobs.len() == 2
            && jobs
                .iter()
                .all(|job| job.frames_in > 50 && job.frames_out > 50 && job.cpu > 0.0)
    };
    let (free, reports) = gateway.report(busy).await;
    assert!(free < 4.0 && free > 2.0, "{free}");
    for report in reports {
        println!("{report:?}");
        assert!(report.cpu < 1.0 && report.memory > 1 << 20, "{report:?}");
    }
    gateway.stop(2).await;
    rig.until_on_air("cam_aac", false).await;
    // The end of the source is the end of the job, and the gateway's to judge.
    rig.hub.end(&lianmai_hub::StreamKey::new("app", "cam"));
    let reason = gateway.failed(1).await;
    assert!(!reason.is_empty());
    publisher.kill().await.unwrap();
}

/// R-B1: pictures with B-frames become constrained baseline without; any player plays them.
#[tokio::test]
async fn b_frames_are_removed() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher(
        "cam",
        "-f lavfi -i testsrc2=size=640x360:rate=25 -pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 3 -g 50",
    );
    rig.until_on_air("cam", true).await;
    let mut player = rig.play("cam_nob").await;
    gateway.start(rig.job(1, TO_H264, "cam", "cam_nob")).await;
    gateway.started(1).await;
    let pictures = player.take(MediaKind::Video, 60).await;
    let VideoTagBody::SequenceHeader { record, .. } = flv::parse_video(pictures[0].payload.clone()).unwrap()
    else {
        panic!("no header");
    };
    let record = AvcRecord::parse(&record).unwrap();
    assert_eq!((record.profile, record.compatibility & 0x40), (66, 0x40));
    assert_eq!(Sps::parse(&record.sps[0]).unwrap().reorder_depth, Some(0));
    let frames: Vec<_> = pictures[1..]
        .iter()
        .map(|media| match flv::parse_video(media.payload.clone()).unwrap() {
            VideoTagBody::CodedFrame {
                keyframe,
                composition_ms,
                ..
            } => (media.timestamp, keyframe, composition_ms),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(frames[0].1);
    assert!(frames.iter().all(|frame| frame.2 == 0));
    assert!(
        frames
            .windows(2)
            .all(|pair| pair[1].0 > pair[0].0 && pair[1].0 - pair[0].0 <= 120)
    );
    assert!(
        frames[1..].iter().any(|frame| frame.1),
        "a key frame within two seconds"
    );
    let shown = rig.ffmpeg_player("cam_nob", "-an -frames:v 20 -f framemd5").await;
    let shown = String::from_utf8(shown).unwrap();
    assert!(
        shown.lines().filter(|line| !line.starts_with('#')).count() >= 20,
        "{shown}"
    );
}

/// A picture coded as VP8 comes over Enhanced RTMP, and with a rotation to be applied.
#[tokio::test]
async fn vp8_that_lies_becomes_h264_that_stands() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let file = std::process::Command::new("ffmpeg")
        .args(
            "-v error -nostdin -f lavfi -i testsrc2=size=320x180:rate=25:duration=3 -pix_fmt yuv420p"
                .split(' '),
        )
        .args("-c:v libvpx -deadline realtime -g 25 -f ivf -".split(' '))
        .output()
        .unwrap()
        .stdout;
    let mut publisher = rig.open("cam_rtc", Purpose::Publish).await;
    let metadata = Metadata::new(vec![("rotation".into(), 90.0.into())]);
    publisher.send_metadata(&metadata, 0).unwrap();
    let config = VideoConfig::from_record(VideoCodec::Vp8, Bytes::new()).unwrap();
    publisher
        .send_media(MediaKind::Video, 0, &flv::video_config_body(&config))
        .unwrap();
    let mut player = rig.play("cam_h264").await;
    gateway.start(rig.job(1, TO_H264, "cam_rtc", "cam_h264")).await;
    let mut rest = &file[32..];
    let mut pace = tokio::time::interval(Duration::from_millis(40));
    let mut n = 0;
    while rest.len() > 12 {
        let size = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        let frame = Frame {
            kind: TrackKind::Video,
            dts: MediaTime::from_millis(n * 40),
            composition: MediaDuration::from_millis(0),
            keyframe: n % 25 == 0,
            payload: Bytes::copy_from_slice(&rest[12..12 + size]),
        };
        let body = [
            flv::video_frame_header(VideoCodec::Vp8, &frame).as_slice(),
            &frame.payload,
        ]
        .concat();
        publisher
            .send_media(MediaKind::Video, (n * 40) as u32, &body)
            .unwrap();
        publisher.flush().await.unwrap();
        pace.tick().await;
        rest = &rest[12 + size..];
        n += 1;
    }
    gateway.started(1).await;
    let pictures = player.take(MediaKind::Video, 20).await;
    let VideoTagBody::SequenceHeader { codec, record } =
        flv::parse_video(pictures[0].payload.clone()).unwrap()
    else {
        panic!("no header");
    };
    let config = VideoConfig::from_record(codec, record).unwrap();
    assert_eq!(
        (config.codec, config.width, config.height),
        (VideoCodec::H264, 180, 320)
    );
    publisher.finish().await.unwrap();
}

/// A rendition under its own key is on the source's timeline, also when it begins in the middle.
#[tokio::test]
async fn a_rendition_keeps_the_sources_time() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    let mut source = rig.play("cam").await;
    source.take(MediaKind::Audio, 60).await;
    let mut rendition = rig.play("cam~opus").await;
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam~opus")).await;
    gateway.started(1).await;
    let first = rendition.take(MediaKind::Audio, 2).await.swap_remove(1).timestamp;
    let mut now = 0;
    while source.listen(Duration::from_millis(1)).await > 0 {
        now = source.take(MediaKind::Audio, 1).await[0].timestamp;
    }
    assert!(
        first > 1_000 && now.abs_diff(first) < 500,
        "{first} while the source is at {now}"
    );
}
