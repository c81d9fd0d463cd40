//! RTP payloads of all video codecs, in order with losses, or numbered and timed as from the network. The first byte
//! chooses the codec and which of the two; then come packets: a byte of flags, one or three of length, the payload.
//! Key frames that come out must survive being packetised again, but for the timing that packetising leaves out: what
//! has been through once comes back the same.
#![no_main]

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_bridge::payload::{AccessUnit, Depacketiser, MAX_ACCESS_UNIT, packetise_with_limit};
use lianmai_bridge::receive::{FrameAssembler, MediaPacket, Orientation};
use lianmai_hub::Headers;
use lianmai_media::h264::NalType;
use lianmai_media::nal::{LengthSize, NalUnits};
use lianmai_media::{Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig};
use libfuzzer_sys::fuzz_target;

const CODECS: [VideoCodec; 5] = [
    VideoCodec::H264,
    VideoCodec::Vp8,
    VideoCodec::Vp9,
    VideoCodec::Av1,
    VideoCodec::H265,
];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    let codec = CODECS[usize::from(kind) % CODECS.len()];
    if kind < 0x80 {
        in_order(codec, usize::from(kind), rest);
    } else {
        from_network(codec, rest);
    }
});

/// Flags and payload of the next packet.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[flags, short], mut behind) = rest.split_first_chunk()?;
    let mut length = usize::from(short);
    if short == 0xFF {
        let (long, after) = behind.split_first_chunk::<2>()?;
        (length, behind) = (usize::from(u16::from_be_bytes(*long)), after);
    }
    let (payload, behind) = behind.split_at(length.min(behind.len()));
    *rest = behind;
    Some((flags, payload))
}

fn in_order(codec: VideoCodec, limit: usize, mut rest: &[u8]) {
    let mut depacketiser = Depacketiser::new(codec);
    let mut timestamp = 0xFFFF_FFF0_u32;
    let mut config = None;
    while let Some((flags, payload)) = next(&mut rest) {
        timestamp = timestamp.wrapping_add(u32::from(flags >> 1 & 3) * 3);
        if flags & 8 != 0 {
            depacketiser.lost();
        }
        depacketiser.push(&Bytes::copy_from_slice(payload), timestamp, flags & 1 != 0);
        while let Some(result) = depacketiser.poll() {
            if let Ok(unit) = result {
                config = unit.config.clone().or(config);
                check(codec, &unit, config.as_ref(), limit);
            }
        }
    }
}

fn check(codec: VideoCodec, unit: &AccessUnit, config: Option<&VideoConfig>, limit: usize) {
    assert!(!unit.payload.is_empty() && unit.payload.len() <= MAX_ACCESS_UNIT);
    if codec == VideoCodec::H264 {
        assert!(NalUnits::new(&unit.payload, LengthSize::Four).all(|unit| unit.is_ok()));
        assert_eq!(unit.keyframe, lianmai_media::h264::contains_idr(&unit.payload));
    }
    if !unit.keyframe {
        return;
    }
    let config = config.expect("a key frame comes with or after a configuration");
    let once = there_and_back(codec, config, &unit.payload, limit);
    if codec == VideoCodec::H264 {
        assert_eq!(without_sei(&once), without_sei(&unit.payload));
        assert_eq!(there_and_back(codec, config, &once, limit), once);
    } else {
        assert_eq!(once, unit.payload);
    }
}

/// A key frame's payload after packets of at most `64 + limit` bytes.
fn there_and_back(codec: VideoCodec, config: &VideoConfig, payload: &Bytes, limit: usize) -> Bytes {
    let headers = Headers {
        video: Some(config.clone()),
        ..Headers::default()
    };
    let frame = Frame {
        kind: TrackKind::Video,
        dts: MediaTime::from_millis(0),
        composition: MediaDuration::from_millis(0),
        keyframe: true,
        payload: payload.clone(),
    };
    let payloads = packetise_with_limit(&headers, &frame, 64 + limit);
    let mut again = Depacketiser::new(codec);
    for (index, payload) in payloads.iter().enumerate() {
        assert!(payload.len() <= 64 + limit);
        again.push(payload, 1, index + 1 == payloads.len());
    }
    match again.poll() {
        Some(Ok(second)) => {
            assert_eq!(second.config.as_ref(), Some(config));
            second.payload
        }
        other => panic!("{payload:?} became {other:?}"),
    }
}

/// The units of an H.264 payload that are pictures or belong to them.
fn without_sei(payload: &[u8]) -> Vec<&[u8]> {
    NalUnits::new(payload, LengthSize::Four)
        .filter_map(Result::ok)
        .filter(|unit| NalType::of(unit) != Some(NalType::Sei))
        .collect()
}

fn from_network(codec: VideoCodec, mut rest: &[u8]) {
    let mut now = Instant::now();
    let mut assembler = FrameAssembler::new(codec);
    let (mut sequence_number, mut timestamp) = (65_530_u16, 0_u32);
    let mut has_config = false;
    while let Some((flags, payload)) = next(&mut rest) {
        sequence_number = sequence_number.wrapping_add_signed(i16::from((flags >> 3 & 7) as i8 - 2));
        timestamp = timestamp.wrapping_add(u32::from(flags >> 1 & 3) * 3);
        now += Duration::from_millis(u64::from(flags >> 6) * 40);
        let packet = MediaPacket {
            sequence_number,
            timestamp,
            marker: flags & 1 != 0,
            payload: Bytes::copy_from_slice(payload),
            orientation: Some(Orientation::from_extension(flags)),
        };
        assembler.push(now, packet);
        while let Some(picture) = assembler.poll(now) {
            has_config |= picture.config.is_some();
            assert!(has_config && !assembler.needs_keyframe());
        }
    }
}
