//! What the tests of this crate share.
#![allow(dead_code, unreachable_pub, missing_docs)]

pub mod client;

use std::time::Duration;

use bytes::Bytes;
use lianmai_bridge::{Bridge, BridgeConfig, Lines, Offer, PlayLine, PublishLine};
use lianmai_hub::{Grant, Hub, HubConfig, Publication, PublishOptions, StreamKey};
use lianmai_media::{AudioConfig, Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};

/// SPS and PPS of a 640×360 constrained baseline stream.
pub const SPS: &[u8] = &[
    0x67, 0x42, 0xC0, 0x1E, 0xD9, 0x00, 0xA0, 0x2F, 0xF9, 0x61, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00,
    0x03, 0x00, 0x32, 0x0F, 0x16, 0x2E, 0x48,
];
pub const PPS: &[u8] = &[0x68, 0xCB, 0x83, 0xCB, 0x20];

pub fn avc() -> VideoConfig {
    let mut record = vec![1, SPS[1], SPS[2], SPS[3], 0xFF, 0xE1];
    record.extend((SPS.len() as u16).to_be_bytes());
    record.extend(SPS);
    record.push(1);
    record.extend((PPS.len() as u16).to_be_bytes());
    record.extend(PPS);
    VideoConfig::from_record(VideoCodec::H264, record.into()).unwrap()
}

/// One slice NAL unit of `length` bytes that says its number.
pub fn picture(number: u32, keyframe: bool, length: usize) -> Bytes {
    let mut nal = vec![if keyframe { 0x65 } else { 0x41 }];
    nal.extend(number.to_be_bytes());
    nal.resize(length, (number % 251) as u8);
    let mut out = (nal.len() as u32).to_be_bytes().to_vec();
    out.extend(nal);
    out.into()
}

pub fn frame(kind: TrackKind, millis: i64, keyframe: bool, payload: Bytes) -> Frame {
    Frame {
        kind,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe,
        payload,
    }
}

pub fn key() -> StreamKey {
    StreamKey::new("demo", "s1")
}

pub fn grant() -> Grant {
    Grant {
        key: key(),
        epoch: 1,
        holder: None,
        internal: false,
        max_bitrate: None,
    }
}

pub fn hub() -> Hub {
    Hub::new(HubConfig {
        continue_window: Duration::from_secs(2),
        ..HubConfig::default()
    })
}

pub async fn bridge(hub: &Hub) -> Bridge {
    bridge_with(hub, |_| {}).await
}

pub async fn bridge_with(hub: &Hub, change: impl FnOnce(&mut BridgeConfig)) -> Bridge {
    let mut config = BridgeConfig {
        udp: "127.0.0.1:0".parse().unwrap(),
        ..BridgeConfig::default()
    };
    change(&mut config);
    Bridge::start(config, hub.clone()).await.unwrap()
}

pub fn playing(sdp: String) -> Offer {
    Offer {
        sdp,
        lines: Lines::Play(PlayLine {
            grant: grant(),
            layer: Default::default(),
        }),
    }
}

pub fn publishing(sdp: String) -> Offer {
    Offer {
        sdp,
        lines: Lines::Publish(PublishLine { grant: grant() }),
    }
}

/// A publication of H.264, as RTMP makes it.
pub fn publish(hub: &Hub) -> Publication {
    let publication = hub.publish(key(), PublishOptions::default()).unwrap();
    publication.set_video(avc()).unwrap();
    publication
}

pub fn opus() -> AudioConfig {
    AudioConfig::opus(2).unwrap()
}
