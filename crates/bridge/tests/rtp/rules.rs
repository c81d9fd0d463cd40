//! What the peers' users complained about.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_bridge::payload::{Depacketiser, PayloadError};
use lianmai_bridge::receive::{FrameAssembler, MediaPacket, Orientation, repair_wait};
use lianmai_media::VideoCodec;
use lianmai_media::h264::AvcRecord;
use lianmai_media::nal::join;

use super::codecs::{push, units};
use super::fixtures::{packets, stream};

fn sets() -> (Bytes, Bytes) {
    let record = AvcRecord::parse(&stream(VideoCodec::H264).config.record).unwrap();
    (record.sps[0].clone(), record.pps[0].clone())
}

const IDR: [u8; 3] = [0x65, 0x88, 1];
const SECOND_SLICE: [u8; 3] = [0x65, 0x48, 2];
const SLICE: [u8; 3] = [0x41, 0x9A, 3];

/// R-V1: sets as units of their own, as senders without aggregation have it; several slices; sets between slices.
#[test]
fn parameter_sets_may_be_anywhere() {
    let (sps, pps) = sets();
    let expected = join([&IDR[..], &SECOND_SLICE].into_iter());
    let orders: [&[&[u8]]; 4] = [
        &[&sps, &pps, &IDR, &SECOND_SLICE],
        &[&[9, 0x10], &sps, &pps, &IDR, &SECOND_SLICE],
        &[&sps, &IDR, &pps, &SECOND_SLICE],
        &[&sps, &pps, &[12, 0xFF, 0x80], &IDR, &SECOND_SLICE],
    ];
    for order in orders {
        let mut depacketiser = Depacketiser::new(VideoCodec::H264);
        for (index, unit) in order.iter().enumerate() {
            push(&mut depacketiser, unit, 1, index + 1 == order.len());
        }
        let unit = units(&mut depacketiser).remove(0);
        assert_eq!((unit.payload, unit.keyframe), (expected.clone(), true));
        assert_eq!(unit.config, Some(stream(VideoCodec::H264).config));
    }
}

/// R-V1: sets before the first key frame, under a timestamp or with a marker of their own, and only once.
#[test]
fn parameter_sets_may_come_once_and_alone() {
    let (sps, pps) = sets();
    for (timestamp, marker) in [(1, true), (0, false), (0, true)] {
        let mut depacketiser = Depacketiser::new(VideoCodec::H264);
        push(&mut depacketiser, &sps, timestamp, marker);
        push(&mut depacketiser, &pps, timestamp, marker);
        push(&mut depacketiser, &IDR, 1, true);
        // Lost packets do not take the sets away, and such key frames start without them.
        depacketiser.lost();
        push(&mut depacketiser, &IDR, 2, true);
        let received = units(&mut depacketiser);
        assert_eq!(received.len(), 2);
        assert!(received[0].config.is_some() && received[1].config.is_none());
    }
}

/// R-V6: another SPS takes the place of the old one, with its key frame.
#[test]
fn a_new_sps_is_a_new_configuration() {
    let (sps, pps) = sets();
    // The fixture of another size, from FLV.
    let other = {
        let file = include_bytes!("../../../media/tests/fixtures/h264_baseline_368x640.flv");
        let at = file
            .windows(4)
            .position(|bytes| bytes == [0x67, 66, 0xC0, 30])
            .unwrap();
        let length = usize::from(u16::from_be_bytes([file[at - 2], file[at - 1]]));
        Bytes::copy_from_slice(&file[at..at + length])
    };
    let mut depacketiser = Depacketiser::new(VideoCodec::H264);
    let mut sizes = Vec::new();
    for (timestamp, sps) in [&sps, &sps, &other, &other, &sps].into_iter().enumerate() {
        push(&mut depacketiser, sps, timestamp as u32, false);
        push(&mut depacketiser, &pps, timestamp as u32, false);
        push(&mut depacketiser, &IDR, timestamp as u32, true);
        let config = units(&mut depacketiser).remove(0).config;
        sizes.push(config.map(|config| (config.width, config.height)));
    }
    assert_eq!(
        sizes,
        [Some((128, 96)), None, Some((368, 640)), None, Some((128, 96))]
    );
}

#[test]
fn a_key_frame_without_parameter_sets_is_refused() {
    let mut depacketiser = Depacketiser::new(VideoCodec::H264);
    push(&mut depacketiser, &IDR, 1, true);
    assert_eq!(depacketiser.poll(), Some(Err(PayloadError::NoConfig)));
}

/// Aggregates and fragments with decoding order numbers need packetization mode 2.
#[test]
fn other_packetization_modes_are_refused() {
    for kind in [25, 26, 27, 29, 30, 31, 0] {
        let mut depacketiser = Depacketiser::new(VideoCodec::H264);
        push(&mut depacketiser, &[9, 0x10], 1, false);
        push(&mut depacketiser, &[0x60 | kind, 0x85, 0, 0, 1], 1, false);
        assert_eq!(depacketiser.poll(), Some(Err(PayloadError::Unsupported(kind))));
    }
}

/// A sender that marks each slice as the last: one picture is lost, then pictures end with the timestamp.
#[test]
fn wrong_markers_are_found_out() {
    let (sps, pps) = sets();
    let mut depacketiser = Depacketiser::new(VideoCodec::H264);
    let mut pictures = Vec::new();
    let mut errors = Vec::new();
    for timestamp in 0..4 {
        for unit in [&sps[..], &pps, &IDR, &SECOND_SLICE] {
            push(&mut depacketiser, unit, timestamp, true);
            while let Some(result) = depacketiser.poll() {
                match result {
                    Ok(unit) => pictures.push((unit.timestamp, unit.payload)),
                    Err(error) => errors.push(error),
                }
            }
        }
    }
    let whole = join([&IDR[..], &SECOND_SLICE].into_iter());
    assert_eq!(errors, [PayloadError::AfterMarker]);
    assert_eq!(pictures[1..], [(1, whole.clone()), (2, whole)]);
}

fn packet(sequence_number: u16, timestamp: u32, payload: &[u8]) -> MediaPacket {
    MediaPacket {
        sequence_number,
        timestamp,
        marker: true,
        payload: Bytes::copy_from_slice(payload),
        orientation: None,
    }
}

/// R-V2: packets of nothing but padding count for the sequence and are no media, wherever they are.
#[test]
fn padding_is_no_media() {
    let stream = stream(VideoCodec::H264);
    let mut sequence = 65_530_u16;
    let now = Instant::now();
    let mut assembler = FrameAssembler::new(VideoCodec::H264);
    let mut received = Vec::new();
    for mut media in packets(&stream, 100, 0, 0) {
        for timestamp in [media.timestamp, 0, 0xFFFF_0000] {
            assembler.push(now, packet(sequence, timestamp, &[]));
            sequence = sequence.wrapping_add(1);
        }
        media.sequence_number = sequence;
        sequence = sequence.wrapping_add(1);
        assembler.push(now, media);
        received.extend(std::iter::from_fn(|| assembler.poll(now)));
    }
    let payloads: Vec<_> = received.into_iter().map(|picture| picture.payload).collect();
    let sent: Vec<_> = stream.frames.into_iter().map(|frame| frame.payload).collect();
    assert_eq!(payloads, sent);
    assert!(!assembler.needs_keyframe());
}

/// R-V3, R-V4: a key frame is needed at the start and after a loss that was not repaired in time, until it is there.
#[test]
fn key_frames_are_asked_for_after_loss_only() {
    let (sps, pps) = sets();
    let key: Vec<u8> = [
        &[0x78][..],
        &(sps.len() as u16).to_be_bytes(),
        &sps,
        &(pps.len() as u16).to_be_bytes(),
        &pps,
        &[0, 3],
        &IDR,
    ]
    .concat();
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    let mut assembler = FrameAssembler::new(VideoCodec::H264);
    assert!(assembler.needs_keyframe());
    assembler.push(at(0), packet(0, 0, &SLICE));
    assert_eq!(assembler.poll(at(0)), None);
    assert!(assembler.needs_keyframe());
    assembler.push(at(1), packet(1, 1, &key));
    let picture = assembler.poll(at(1)).unwrap();
    assert_eq!(
        (picture.timestamp, picture.arrival, picture.keyframe),
        (1, at(1), true)
    );
    assert!(!assembler.needs_keyframe());
    // Missing, and repaired in time.
    assembler.push(at(2), packet(3, 3, &SLICE));
    assert_eq!(assembler.poll(at(2)), None);
    assembler.push(at(100), packet(2, 2, &SLICE));
    assert_eq!(assembler.poll(at(100)).unwrap().timestamp, 2);
    assert_eq!(assembler.poll(at(100)).unwrap().timestamp, 3);
    // Missing for good.
    assembler.push(at(200), packet(5, 5, &SLICE));
    assert_eq!(assembler.poll(at(349)), None);
    assert!(!assembler.needs_keyframe());
    assert_eq!(assembler.deadline(), Some(at(350)));
    assert_eq!(assembler.poll(at(350)), None);
    assert!(assembler.needs_keyframe());
    assembler.push(at(400), packet(6, 6, &SLICE));
    assert_eq!(assembler.poll(at(400)), None);
    assembler.push(at(500), packet(7, 7, &key));
    assert!(assembler.poll(at(500)).unwrap().keyframe);
    assert!(!assembler.needs_keyframe());
}

#[test]
fn the_wait_for_repair_follows_the_round_trip() {
    let wait = |millis| repair_wait(Some(Duration::from_millis(millis))).as_millis();
    assert_eq!(repair_wait(None).as_millis(), 150);
    assert_eq!([wait(5), wait(80), wait(1_000)], [60, 150, 300]);
}

/// The orientation is on the last packet of a picture, and holds until another is told.
#[test]
fn the_orientation_holds_until_it_changes() {
    let turned = Orientation::from_extension(0x01);
    assert_eq!(
        (turned.degrees, turned.flip, turned.is_upright()),
        (90, false, false)
    );
    assert_eq!(Orientation::from_extension(0x07).to_extension(), 7);
    let now = Instant::now();
    let mut assembler = FrameAssembler::new(VideoCodec::Vp8);
    let key = [0x10, 0x10, 0, 0, 0x9D, 0x01, 0x2A, 64, 0, 48, 0];
    let mut degrees = Vec::new();
    for (index, orientation) in [None, Some(turned), None, Some(Orientation::default())]
        .into_iter()
        .enumerate()
    {
        let first = packet(index as u16 * 2, index as u32, &key);
        assembler.push(
            now,
            MediaPacket {
                marker: false,
                ..first
            },
        );
        let last = packet(index as u16 * 2 + 1, index as u32, &[0, 1]);
        assembler.push(now, MediaPacket { orientation, ..last });
        degrees.push(assembler.poll(now).unwrap().orientation.degrees);
    }
    assert_eq!(degrees, [0, 90, 90, 0]);
}
