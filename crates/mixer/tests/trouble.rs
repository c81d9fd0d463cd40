//! What goes wrong stays where it goes wrong: dying jobs, lost connections, full machines, hostile streams.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_hub::job::{GatewayMessage, JobId, JobKind, WorkerMessage};
use lianmai_media::flv;
use lianmai_media::{AudioConfig, Metadata, VideoCodec, VideoConfig};
use lianmai_rtmp::protocol::{MediaKind, Purpose};
use nix::sys::signal::Signal;
use rig::*;
use tokio::time::timeout;

/// A job that dies is reported at once; another's listeners notice nothing.
#[tokio::test]
async fn a_killed_job_is_told_at_once_and_costs_nobody_else() {
    let rig = Rig::new().await;
    let (worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    gateway.start(rig.job(1, TO_OPUS, "cam", "victim_opus")).await;
    gateway.started(1).await;
    let victim = job_process(&worker, &[]).await;
    gateway.start(rig.job(2, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(2).await;
    let listened = job_process(&worker, &[victim]).await;
    let mut player = rig.play("cam_opus").await;
    player.take(MediaKind::Audio, 20).await;
    kill(&mut gateway, victim, 1, Signal::SIGKILL).await;
    gateway.start(rig.job(3, TO_OPUS, "cam", "victim_opus")).await;
    gateway.started(3).await;
    let victim = job_process(&worker, &[listened]).await;
    kill(&mut gateway, victim, 3, Signal::SIGABRT).await;
    let packets = player.take(MediaKind::Audio, 50).await;
    let steps = packets
        .windows(2)
        .map(|pair| pair[1].timestamp - pair[0].timestamp);
    assert!(steps.into_iter().all(|step| step == 20));
}

async fn kill(gateway: &mut Gateway, pid: u32, id: u64, signal: Signal) {
    let killed = Instant::now();
    send_signal(pid, signal);
    let reason = gateway.failed(id).await;
    assert!(
        killed.elapsed() < Duration::from_millis(100),
        "{:?}",
        killed.elapsed()
    );
    assert!(reason.contains(signal.as_str()), "{reason}");
}

/// When the gateway goes, its jobs end; when it is there again, so is the worker.
#[tokio::test]
async fn a_lost_connection_ends_the_jobs_and_is_made_again() {
    let rig = Rig::new().await;
    let (worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1).await;
    let job = job_process(&worker, &[]).await;
    drop(gateway);
    rig.until_on_air("cam_opus", false).await;
    let mut gateway = rig.accept().await;
    assert!(
        !has_codec_thread(job),
        "the old job is gone before the worker is back"
    );
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1).await;
    gateway.stop(1).await;
}

/// R-M7: no room is said, with what is needed and what is free; there is room again when a job ended.
#[tokio::test]
async fn a_full_worker_refuses_with_numbers() {
    let rig = Rig::new().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    let _worker = rig.command(&["--spares", "0"]).spawn().unwrap();
    let mut gateway = rig.accept().await;
    // Far more than four cores do.
    let mut refused = None;
    let mut running = Vec::new();
    for id in 0..200 {
        gateway
            .start(rig.job(id, TO_H264, "cam", &format!("cam_{id}")))
            .await;
        match gateway.next().await {
            WorkerMessage::Started { id } => running.push(id),
            WorkerMessage::Refused { id, need, free } => {
                refused = Some((id, need, free));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let (_, need, free) = refused.expect("a refusal");
    assert!(need > free && need < 3.0 && free >= 0.0, "{need} {free}");
    assert!(!running.is_empty());
    gateway.start(rig.job(1_000, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1_000).await;
    let first = running[0];
    gateway.start(rig.job(first.0, TO_OPUS, "cam", "other")).await;
    assert!(
        gateway.failed(first.0).await.contains("already"),
        "one number, one job"
    );
    gateway.say(GatewayMessage::Stop { id: JobId(9_999) }).await;
    assert!(matches!(
        gateway.next().await,
        WorkerMessage::Stopped { id: JobId(9_999) }
    ));
}

/// Jobs that cannot be begun say why, in a sentence without their tokens.
#[tokio::test]
async fn a_job_that_cannot_begin_says_why() {
    let rig = Rig::new().await;
    let (_worker, mut gateway) = rig.worker().await;
    let mut job = rig.job(1, TO_OPUS, "cam", "cam_opus");
    job.source = "http://h/x?t=hush".into();
    gateway.start(job).await;
    let reason = gateway.failed(1).await;
    assert!(reason.contains("source") && !reason.contains("hush"), "{reason}");
    let mut job = rig.job(2, TO_OPUS, "cam", "cam_opus");
    job.target = "rtmp://127.0.0.1:1/app/cam?t=hush".into();
    gateway.start(job).await;
    let reason = gateway.failed(2).await;
    assert!(reason.contains("target") && !reason.contains("hush"), "{reason}");
}

/// Garbage in place of media: whatever its own job does, another stream's job goes on, and the worker stays.
#[tokio::test]
async fn hostile_streams_harm_only_themselves() {
    let rig = Rig::new().await;
    let (mut worker, mut gateway) = rig.worker().await;
    let _publisher = rig.ffmpeg_publisher("cam", SINE);
    rig.until_on_air("cam", true).await;
    gateway.start(rig.job(1, TO_OPUS, "cam", "cam_opus")).await;
    gateway.started(1).await;
    let mut player = rig.play("cam_opus").await;
    player.take(MediaKind::Audio, 10).await;

    let h264 = VideoConfig::from_record(VideoCodec::H264, Bytes::copy_from_slice(AVCC)).unwrap();
    let aac = AudioConfig::aac_lc(48_000, 2).unwrap();
    let opus = AudioConfig::opus(2).unwrap();
    let streams: [(&str, JobKind, MediaKind, Bytes, &[u8]); 4] = [
        (
            "bad264",
            TO_H264,
            MediaKind::Video,
            flv::video_config_body(&h264),
            &[0x17, 1, 0, 0, 0],
        ),
        ("badvp8", TO_H264, MediaKind::Video, Bytes::new(), b"\x91vp08"),
        (
            "badaac",
            TO_OPUS,
            MediaKind::Audio,
            flv::audio_config_body(&aac).unwrap(),
            &[0xAF, 1],
        ),
        (
            "badopus",
            TO_AAC,
            MediaKind::Audio,
            flv::audio_config_body(&opus).unwrap(),
            b"\x91Opus",
        ),
    ];
    let mut publishers = Vec::new();
    for (id, (name, kind, media, header, start)) in streams.into_iter().enumerate() {
        let mut publisher = rig.open(name, Purpose::Publish).await;
        publisher.send_metadata(&Metadata::default(), 0).unwrap();
        if !header.is_empty() {
            publisher.send_media(media, 0, &header).unwrap();
        }
        publisher.flush().await.unwrap();
        gateway
            .start(rig.job(10 + id as u64, kind, name, &format!("{name}_out")))
            .await;
        publishers.push((publisher, media, start));
    }
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for n in 0..150_u32 {
        for (publisher, media, start) in &mut publishers {
            let mut body = start.to_vec();
            let length = random() as usize % 900;
            if start.first() == Some(&0x17) {
                // A length that fits, so that the decoder gets to see it.
                body.extend((length as u32 + 1).to_be_bytes());
                body.push([0x65, 0x41, 0x67, 0x68, 0x06][random() as usize % 5]);
            }
            body.extend((0..length).map(|_| random() as u8));
            publisher.send_media(*media, n * 20, &body).unwrap();
            // A hub may throw such a publisher out.
            let _ = publisher.flush().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The good stream has had no hole.
    let packets = player.take(MediaKind::Audio, 100).await;
    let steps = packets
        .windows(2)
        .map(|pair| pair[1].timestamp - pair[0].timestamp);
    assert!(steps.into_iter().all(|step| step == 20));
    assert!(worker.try_wait().unwrap().is_none(), "the worker is there");
    gateway.say(GatewayMessage::Stop { id: JobId(1) }).await;
    let stopped = async { while !matches!(gateway.next().await, WorkerMessage::Stopped { id: JobId(1) }) {} };
    timeout(LIMIT, stopped).await.expect("the worker obeys");
}

/// An `avcC` of 320 × 240.
const AVCC: &[u8] = &[
    1, 0x42, 0xC0, 0x0D, 0xFF, 0xE1, 0, 21, 0x67, 0x42, 0xC0, 0x0D, 0xDA, 0x05, 0x07, 0xE8, 0x40, 0x00, 0x00,
    0x03, 0x00, 0x40, 0x00, 0x00, 0x0C, 0x83, 0xC5, 0x0A, 0xA8, 1, 0, 4, 0x68, 0xCE, 0x3C, 0x80,
];
