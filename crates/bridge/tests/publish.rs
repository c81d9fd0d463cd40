//! What a WebRTC publisher puts into the hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::future::Future as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::client::Client;
use common::*;
use lianmai_hub::{Delivery, Form, ReadOptions};
use lianmai_media::{TrackKind, VideoCodec};
use rtc::rtp::Packet;
use rtc::rtp::header::Header;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RtpCodecKind};

const WAIT: Duration = Duration::from_secs(10);

fn codec(mime: &str, clock: u32, channels: u16, parameters: &str) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: mime.into(),
        clock_rate: clock,
        channels,
        sdp_fmtp_line: parameters.into(),
        rtcp_feedback: vec![],
    }
}

fn packet(ssrc: u32, payload_type: u8, number: u16, timestamp: u32, payload: Bytes) -> Packet {
    Packet {
        header: Header {
            version: 2,
            marker: true,
            payload_type,
            sequence_number: number,
            timestamp,
            ssrc,
            ..Header::default()
        },
        payload,
    }
}

fn payload_type(answer: &str, name: &str) -> u8 {
    let line = answer
        .lines()
        .find(|line| line.starts_with("a=rtpmap:") && line.contains(name))
        .unwrap();
    line["a=rtpmap:".len()..]
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// R-S1: nothing is lost although no sender report ever comes. R-V1: parameter sets as units of their own.
#[tokio::test]
async fn sound_and_pictures_arrive_as_frames() {
    let hub = hub();
    let bridge = bridge(&hub).await;
    let mut client = Client::new().await;
    client.send(
        RtpCodecKind::Audio,
        codec("audio/opus", 48_000, 2, "minptime=10;useinbandfec=1"),
        11,
    );
    let h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    client.send(RtpCodecKind::Video, codec("video/H264", 90_000, 0, h264), 22);
    let answer = bridge.open(publishing(client.offer())).await.unwrap();
    client.answer(&answer.sdp);
    assert!(client.until(WAIT, |client| client.connected).await);
    let mut reader = hub
        .subscribe(key().form(Form::Rtc), ReadOptions::default())
        .unwrap();
    let (opus, h264) = (
        payload_type(&answer.sdp, "opus"),
        payload_type(&answer.sdp, "H264"),
    );
    let (mut sequence, mut sent, mut at) = (65_530_u16, 0_u32, Instant::now());
    let (mut video, mut audio, mut batch) = (Vec::new(), 0, Vec::new());
    let done = client
        .until(WAIT, |client| {
            if sent < 25 && at.elapsed() >= Duration::from_millis(20) {
                at = Instant::now();
                let timestamp = sent * 3_600;
                if sent == 0 {
                    for unit in [SPS, PPS] {
                        let mut parameter = packet(22, h264, sequence, timestamp, Bytes::from_static(unit));
                        parameter.header.marker = false;
                        client.write(parameter);
                        sequence = sequence.wrapping_add(1);
                    }
                }
                let nal = picture(sent, sent == 0, 800).slice(4..);
                client.write(packet(22, h264, sequence, timestamp, nal));
                sequence = sequence.wrapping_add(1);
                let silence = Bytes::from_static(&[0xF8, 0xFF, 0xFE]);
                client.write(packet(11, opus, sent as u16, sent * 960, silence));
                sent += 1;
            }
            // The reader's news is looked at without waiting, so that the client goes on.
            let ready = {
                let mut next = std::pin::pin!(reader.next_batch(&mut batch));
                let waker = std::task::Waker::noop();
                next.as_mut()
                    .poll(&mut std::task::Context::from_waker(waker))
                    .is_ready()
            };
            if ready {
                for delivery in batch.drain(..) {
                    if let Delivery::Item(item) = delivery
                        && let Some(frame) = item.frame()
                    {
                        match frame.kind {
                            TrackKind::Video => video.push((item.headers.clone(), frame.clone())),
                            TrackKind::Audio => audio += 1,
                        }
                    }
                }
            }
            video.len() == 25 && audio == 25
        })
        .await;
    assert!(done, "{} pictures, {audio} packets of sound", video.len());
    let (headers, first) = &video[0];
    let config = headers.video.as_ref().unwrap();
    assert_eq!(
        (config.codec, config.width, config.height),
        (VideoCodec::H264, 640, 360)
    );
    assert!(first.keyframe);
    for (number, (_, frame)) in video.iter().enumerate() {
        assert_eq!(frame.payload, picture(number as u32, number == 0, 800));
    }
    let step = video[24].1.dts.as_millis() - video[0].1.dts.as_millis();
    assert!((900..=1_020).contains(&step), "24 pictures of 40 ms: {step}");
    bridge.shut_down().await;
}

#[tokio::test]
async fn an_offer_that_is_too_long_or_of_no_use_is_refused() {
    let hub = hub();
    let bridge = bridge(&hub).await;
    let long = format!("v=0\r\n{}", "a=x\r\n".repeat(20_000));
    for sdp in ["", "junk", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", &long] {
        assert!(bridge.open(publishing(sdp.to_owned())).await.is_err());
    }
    let mut client = Client::new().await;
    client.receive();
    let offer = client.offer();
    for cut in (0..offer.len()).step_by(7) {
        let _ = bridge.open(playing(offer[..cut].to_owned())).await;
    }
    bridge.shut_down().await;
    assert_eq!(bridge.peers(), 0);
}
