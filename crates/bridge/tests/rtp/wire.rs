//! The bytes that go out.

use bytes::Bytes;
use lianmai_bridge::payload::{packetise, packetise_with_limit};
use lianmai_media::VideoCodec;
use lianmai_media::h264::AvcRecord;
use lianmai_media::nal::join;

use super::fixtures::{frame, stream};

fn avc(units: &[&[u8]], keyframe: bool) -> Vec<Bytes> {
    let payload = join(units.iter().copied());
    packetise_with_limit(
        &stream(VideoCodec::H264).headers(),
        &frame(0, keyframe, payload),
        100,
    )
}

/// RFC 6184 §5.7.1: parameter sets and a small picture together; NRI is the highest (R-V1).
#[test]
fn a_key_frame_starts_with_its_parameter_sets() {
    let record = AvcRecord::parse(&stream(VideoCodec::H264).config.record).unwrap();
    let (sps, pps) = (&record.sps[0][..], &record.pps[0][..]);
    let idr = [0x65, 0x88, 1];
    let length = |unit: &[u8]| (unit.len() as u16).to_be_bytes();
    let expected = [
        &[0x78][..],
        &length(sps),
        sps,
        &length(pps),
        pps,
        &length(&idr),
        &idr,
    ]
    .concat();
    assert_eq!(avc(&[&idr], true), [Bytes::from(expected.clone())]);
    // Its own sets stay where they are, without a second copy; delimiters and filler go.
    let own = avc(&[&[9, 0xF0], sps, pps, &idr, &[12, 0xFF]], true);
    assert_eq!(own, [Bytes::from(expected)]);
    // Other pictures have none.
    assert_eq!(
        avc(&[&[0x41, 0x9A, 2]], false),
        [Bytes::from_static(&[0x41, 0x9A, 2])]
    );
}

/// RFC 6184 §5.8.
#[test]
fn large_units_are_fragmented() {
    let unit = [&[0x41][..], &[7; 250]].concat();
    let payloads = avc(&[&unit], false);
    assert_eq!(payloads.iter().map(Bytes::len).collect::<Vec<_>>(), [86, 86, 84]);
    let starts: Vec<_> = payloads.iter().map(|payload| [payload[0], payload[1]]).collect();
    assert_eq!(starts, [[0x5C, 0x81], [0x5C, 0x01], [0x5C, 0x41]]);
}

/// What would be an aggregate for a receiver, and what cannot be read, is not sent.
#[test]
fn ambiguous_units_and_broken_frames_are_not_sent() {
    assert_eq!(
        avc(&[&[0x78, 0, 1, 5], &[0x41, 0x9A]], false),
        [Bytes::from_static(&[0x41, 0x9A])]
    );
    let broken = frame(0, false, Bytes::from_static(&[0, 0, 0, 9, 0x41]));
    assert_eq!(
        packetise(&stream(VideoCodec::H264).headers(), &broken),
        Vec::<Bytes>::new()
    );
}

/// RFC 7798 §4.4: parameter sets in front, aggregates of type 48, fragments of type 49.
#[test]
fn h265_units_come_back() {
    let stream = stream(VideoCodec::H265);
    for frame in &stream.frames {
        let payloads = packetise_with_limit(&stream.headers(), frame, 300);
        let mut units: Vec<Vec<u8>> = Vec::new();
        for payload in &payloads {
            assert!(payload.len() <= 300);
            match payload[0] >> 1 & 0x3F {
                48 => {
                    let mut rest = &payload[2..];
                    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
                        let (unit, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)));
                        units.push(unit.to_vec());
                        rest = behind;
                    }
                }
                49 => {
                    if payload[2] & 0x80 != 0 {
                        units.push(vec![payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]]);
                    }
                    units.last_mut().unwrap().extend_from_slice(&payload[3..]);
                }
                _ => units.push(payload.to_vec()),
            }
        }
        assert_eq!(join(units.iter().map(Vec::as_slice)), frame.payload);
    }
}

#[test]
fn h265_key_frames_get_the_sets_of_the_record() {
    let stream = stream(VideoCodec::H265);
    let slice = frame(0, true, Bytes::from_static(&[0, 0, 0, 3, 0x26, 1, 0xAF]));
    let payloads = packetise(&stream.headers(), &slice);
    // The record has a VPS, an SPS, a PPS and an SEI of 2 kB, which stays out.
    assert_eq!(payloads.len(), 1);
    assert_eq!(payloads[0][0] >> 1, 48);
    assert!(payloads[0].len() < 200 && payloads[0].ends_with(&[0, 3, 0x26, 1, 0xAF]));
}

/// RFC 7741 §4.2 and RFC 9628 §4.2: one byte of descriptor; VP9 key frames say their size.
#[test]
fn vp_descriptors() {
    let vp8 = stream(VideoCodec::Vp8);
    let starts = |index: usize| -> Vec<u8> {
        let payloads = packetise_with_limit(&vp8.headers(), &vp8.frames[index], 1_000);
        payloads.iter().map(|payload| payload[0]).collect()
    };
    assert_eq!(starts(0)[..2], [0x10, 0x00]);
    let vp9 = stream(VideoCodec::Vp9);
    let payloads = packetise(&vp9.headers(), &vp9.frames[0]);
    assert_eq!(payloads[0][..9], [0x0A, 0x18, 0, 128, 0, 96, 1, 4, 1]);
    assert_eq!(payloads.last().unwrap()[0], 0x04);
    let payloads = packetise(&vp9.headers(), &vp9.frames[1]);
    assert_eq!((payloads.len(), payloads[0][0]), (1, 0x4C));
}

/// AV1 RTP §4.4: a key frame without a sequence header gets that of the record.
#[test]
fn av1_key_frames_get_the_header_of_the_record() {
    let mut stream = stream(VideoCodec::Av1);
    stream.config.record = Bytes::from_static(&[0x81, 0, 0x0C, 0, 0x0A, 2, 0xAA, 0xBB]);
    let key = frame(0, true, Bytes::from_static(&[0x12, 0, 0x32, 2, 0x10, 1]));
    let payloads = packetise(&stream.headers(), &key);
    assert_eq!(
        payloads,
        [Bytes::from_static(&[0x28, 3, 0x08, 0xAA, 0xBB, 0x30, 0x10, 1])]
    );
}
