//! What key frames say about the stream.

use bytes::Bytes;
use lianmai_bridge::payload::{AccessUnit, Depacketiser, PayloadError};
use lianmai_media::{VideoCodec, VideoConfig};

use super::fixtures::{CODECS, packets, stream};

pub(crate) fn push(depacketiser: &mut Depacketiser, payload: &[u8], timestamp: u32, marker: bool) {
    depacketiser.push(&Bytes::copy_from_slice(payload), timestamp, marker);
}

pub(crate) fn units(depacketiser: &mut Depacketiser) -> Vec<AccessUnit> {
    std::iter::from_fn(|| depacketiser.poll())
        .map(Result::unwrap)
        .collect()
}

fn configs(codec: VideoCodec) -> Vec<VideoConfig> {
    let mut depacketiser = Depacketiser::new(codec);
    for packet in packets(&stream(codec).repeated(2), 300, 0, 0) {
        depacketiser.push(&packet.payload, packet.timestamp, packet.marker);
    }
    units(&mut depacketiser)
        .into_iter()
        .filter_map(|unit| unit.config)
        .collect()
}

/// R-V5: a configuration that is repeated with every key frame is told once.
#[test]
fn each_stream_has_one_configuration() {
    for codec in CODECS {
        let configs = configs(codec);
        assert_eq!(configs.len(), 1, "{codec:?}");
        let config = &configs[0];
        assert_eq!((config.codec, config.width, config.height), (codec, 128, 96));
        assert_eq!(config.reorder_depth, Some(0));
        if !config.record.is_empty() {
            let read = VideoConfig::from_record(codec, config.record.clone()).unwrap();
            assert_eq!((read.profile, read.level), (config.profile, config.level));
        }
    }
    assert_eq!(configs(VideoCodec::H264)[0], stream(VideoCodec::H264).config);
}

/// The record made of the sequence header in a record is that record.
#[test]
fn the_av1_record_is_what_ffmpeg_makes() {
    let record = include_bytes!("../../../media/tests/fixtures/av1_368x208.av1c");
    let mut depacketiser = Depacketiser::new(VideoCodec::Av1);
    // Two elements: the sequence header with its size, and a shown key frame.
    let header = &record[4..];
    let payload = [&[0x28, header.len() as u8], header, &[0x30, 0x10, 1, 2]].concat();
    push(&mut depacketiser, &payload, 0, true);
    let config = units(&mut depacketiser).remove(0).config.unwrap();
    assert_eq!(&config.record[..], record);
    assert_eq!((config.width, config.height), (368, 208));
}

#[test]
fn the_vp9_record_is_what_ffmpeg_makes() {
    let expected = include_bytes!("../../../media/tests/fixtures/vp9.vpcc");
    let record = configs(VideoCodec::Vp9).remove(0).record;
    assert_eq!(record.len(), expected.len());
    assert_eq!((&record[..6], &record[7..]), (&expected[..6], &expected[7..]));
    // The chroma position is not in the bitstream: 0 and 1 both say 4:2:0.
    assert_eq!(record[6] >> 4, expected[6] >> 4);
}

/// R-V6: a key frame of another size or version brings another configuration.
#[test]
fn another_size_is_another_configuration() {
    let mut depacketiser = Depacketiser::new(VideoCodec::Vp8);
    let key = |version: u8, width: u16| {
        let [low, high] = width.to_le_bytes();
        [
            0x10,
            0x10 | version << 1,
            0,
            0,
            0x9D,
            0x01,
            0x2A,
            low,
            high,
            90,
            0,
        ]
    };
    for (timestamp, (version, width)) in [(0, 160), (0, 160), (0, 320), (2, 320)].into_iter().enumerate() {
        push(&mut depacketiser, &key(version, width), timestamp as u32, true);
    }
    let formats: Vec<_> = units(&mut depacketiser)
        .into_iter()
        .map(|unit| {
            unit.config
                .map(|config| (config.profile, config.width, config.height))
        })
        .collect();
    assert_eq!(
        formats,
        [Some((0, 160, 90)), None, Some((0, 320, 90)), Some((2, 320, 90))]
    );
}

#[test]
fn vp8_descriptors_of_all_lengths() {
    let key = [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0, 0x30, 0];
    for descriptor in [
        &[0x10][..],
        &[0x90, 0],
        &[0x90, 0x80, 0x11],
        &[0x90, 0x80, 0x81, 0x22],
        &[0x90, 0xC0, 0x11, 7],
        &[0x90, 0xE0, 0x81, 0x11, 7, 0x20],
        &[0x90, 0xF0, 0x81, 0x11, 7, 0x20],
        &[0xB0, 0x20, 0x40],
    ] {
        let mut depacketiser = Depacketiser::new(VideoCodec::Vp8);
        push(&mut depacketiser, &[descriptor, &key].concat(), 0, true);
        let unit = units(&mut depacketiser).remove(0);
        assert_eq!(
            (&unit.payload[..], unit.keyframe),
            (&key[..], true),
            "{descriptor:02X?}"
        );
    }
}

#[test]
fn vp9_descriptors_of_all_kinds() {
    let frame = stream(VideoCodec::Vp9).frames[0].payload.clone();
    let structure = [0x18, 0, 128, 0, 96, 2, 0x04, 1, 0x28, 1, 2];
    for descriptor in [
        [0x0C].to_vec(),
        [0x8C, 0x11].to_vec(),
        [0x8C, 0x91, 0x22].to_vec(),
        [0xAC, 0x91, 0x22, 0x10, 9].to_vec(),
        [0xBC, 0x91, 0x22, 0x10].to_vec(),
        [0xDC, 0x91, 0x22, 0x03, 0x05, 0x06].to_vec(),
        [&[0x8E, 0x91, 0x22][..], &structure].concat(),
        [&[0x0E][..], &[0x30, 0, 64, 0, 48, 0, 128, 0, 96]].concat(),
    ] {
        let mut depacketiser = Depacketiser::new(VideoCodec::Vp9);
        push(&mut depacketiser, &[&descriptor, &frame[..]].concat(), 0, true);
        let unit = units(&mut depacketiser).remove(0);
        assert_eq!(
            (&unit.payload, unit.keyframe),
            (&frame, true),
            "{descriptor:02X?}"
        );
    }
    // Four references are one too many.
    let mut depacketiser = Depacketiser::new(VideoCodec::Vp9);
    push(&mut depacketiser, &[0x0C, 0x80], 0, false);
    push(
        &mut depacketiser,
        &[0xD4, 0x11, 0x03, 0x03, 0x03, 0x02, 0x80],
        0,
        false,
    );
    assert!(matches!(
        depacketiser.poll(),
        Some(Err(PayloadError::Truncated { .. }))
    ));
}

/// Of spatial layers only the lowest is taken.
#[test]
fn upper_vp9_layers_are_left_out() {
    let frame = stream(VideoCodec::Vp9).frames[0].payload.clone();
    let mut depacketiser = Depacketiser::new(VideoCodec::Vp9);
    push(
        &mut depacketiser,
        &[&[0xBC, 0x11, 0x00], &frame[..]].concat(),
        0,
        false,
    );
    push(
        &mut depacketiser,
        &[&[0xBC, 0x11, 0x03], &frame[..]].concat(),
        0,
        true,
    );
    assert_eq!(units(&mut depacketiser)[0].payload, frame);
}

/// AV1: lengths on all elements, on all but the last, units with sizes of their own, delimiters.
#[test]
fn av1_aggregates_of_all_kinds() {
    let sequence = [0x0A, 0x0A, 0, 0, 0, 3, 0x37, 0xFB, 0xE6, 0xD7, 0xC8, 2];
    let bare = [&[0x08], &sequence[2..]].concat();
    let expected = [&sequence[..], &[0x32, 3, 0x10, 1, 2]].concat();
    for payload in [
        [&[0x28, 11][..], &bare, &[0x30, 0x10, 1, 2]].concat(),
        [&[0x08, 11][..], &bare, &[4, 0x30, 0x10, 1, 2]].concat(),
        [&[0x08, 12][..], &sequence, &[0, 5, 0x32, 3, 0x10, 1, 2]].concat(),
        [&[0x38, 2, 0x12, 0, 11][..], &bare, &[0x30, 0x10, 1, 2]].concat(),
    ] {
        let mut depacketiser = Depacketiser::new(VideoCodec::Av1);
        push(&mut depacketiser, &payload, 0, true);
        let unit = units(&mut depacketiser).remove(0);
        assert_eq!(
            (&unit.payload[..], unit.keyframe),
            (&expected[..], true),
            "{payload:02X?}"
        );
    }
}

/// AV1: a key frame before its sequence header is none.
#[test]
fn an_av1_sequence_header_comes_first() {
    let sequence = [0x08, 0, 0, 0, 3, 0x37, 0xFB, 0xE6, 0xD7, 0xC8, 2];
    let mut depacketiser = Depacketiser::new(VideoCodec::Av1);
    push(
        &mut depacketiser,
        &[&[0x20, 4, 0x30, 0x10, 1, 2][..], &sequence].concat(),
        0,
        true,
    );
    // Its start is not to be seen either.
    assert_eq!(depacketiser.poll(), None);
    push(
        &mut depacketiser,
        &[&[0x20, 4, 0x30, 0x10, 1, 2][..], &sequence].concat(),
        1,
        true,
    );
    let unit = units(&mut depacketiser).remove(0);
    assert!(!unit.keyframe && unit.config.is_none());
}
