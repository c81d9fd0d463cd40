//! Frames that are packetised, shuffled, doubled and put together again are the same frames.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use lianmai_bridge::payload::packetise;
use lianmai_bridge::receive::{FrameAssembler, MediaPacket, ReceivedVideo};
use lianmai_hub::Headers;
use lianmai_media::{AudioConfig, Frame, TrackKind, VideoCodec};
use proptest::prelude::*;

use super::fixtures::{CODECS, Stream, frame, packets, stream, timestamp};

/// Gives each packet to the assembler at its time, and keeps its deadlines.
pub(crate) fn receive(
    codec: VideoCodec,
    arrivals: Vec<(Duration, MediaPacket)>,
) -> (Vec<ReceivedVideo>, FrameAssembler) {
    let start = Instant::now();
    let mut assembler = FrameAssembler::new(codec);
    let mut received = Vec::new();
    for (time, packet) in arrivals {
        let now = start + time;
        while let Some(deadline) = assembler.deadline().filter(|&deadline| deadline <= now) {
            received.extend(std::iter::from_fn(|| assembler.poll(deadline)));
        }
        assembler.push(now, packet);
        received.extend(std::iter::from_fn(|| assembler.poll(now)));
    }
    while let Some(deadline) = assembler.deadline() {
        received.extend(std::iter::from_fn(|| assembler.poll(deadline)));
    }
    (received, assembler)
}

/// Packets a millisecond apart, each as much later as `delays` say, and some twice. The first stays first.
pub(crate) fn shuffled(packets: Vec<MediaPacket>, delays: &[(u8, bool)]) -> Vec<(Duration, MediaPacket)> {
    let mut arrivals = Vec::new();
    for (index, packet) in packets.into_iter().enumerate() {
        let (delay, twice) = if index == 0 {
            (0, false)
        } else {
            delays[index % delays.len()]
        };
        let time = Duration::from_millis(index as u64 + u64::from(delay));
        if twice {
            arrivals.push((time + Duration::from_millis(u64::from(delay)), packet.clone()));
        }
        arrivals.push((time, packet));
    }
    arrivals.sort_by_key(|(time, _)| *time);
    arrivals
}

fn check_all_arrived(stream: &Stream, start: u32, received: &[ReceivedVideo]) {
    assert_eq!(received.len(), stream.frames.len());
    for (index, (received, sent)) in received.iter().zip(&stream.frames).enumerate() {
        assert_eq!(received.timestamp, timestamp(start, index));
        assert_eq!(received.keyframe, sent.keyframe, "{index}");
        assert_eq!(received.payload, sent.payload, "{index}");
        assert_eq!(received.config.is_some(), index == 0, "{index}");
    }
}

/// Delays below the time that is waited for a packet.
fn delays() -> impl Strategy<Value = Vec<(u8, bool)>> {
    prop::collection::vec(
        (prop_oneof![Just(0), 0..100_u8], prop::bool::weighted(0.1)),
        1..200,
    )
}

/// A frame of H.264 units of random sizes.
fn h264_frame() -> impl Strategy<Value = (bool, Bytes)> {
    let unit = (
        prop_oneof![3 => Just(1_u8), 1 => Just(6), 1 => Just(2)],
        1..3_000_usize,
        any::<u8>(),
    );
    (any::<bool>(), prop::collection::vec(unit, 0..8), 1..9_000_usize).prop_map(|(idr, units, size)| {
        let mut payload = BytesMut::new();
        let mut put = |kind: u8, size: usize, fill: u8| {
            payload.put_u32(size as u32 + 2);
            payload.put_slice(&[0x60 | kind, if kind < 6 { 0x80 } else { fill }]);
            payload.put_bytes(fill, size);
        };
        put(if idr { 5 } else { 1 }, size, 3);
        for (kind, size, fill) in units {
            put(if idr && kind < 6 { 5 } else { kind }, size, fill);
        }
        (idr, payload.freeze())
    })
}

proptest! {
    /// R-R1, R-V1: real streams of all codecs, any payload size, across the wrap of both counters.
    #[test]
    fn real_streams_survive(
        codec in prop::sample::select(CODECS.to_vec()),
        limit in 64..1_300_usize,
        sequence: u16,
        start in prop_oneof![any::<u32>(), Just(u32::MAX - 20_000)],
        delays in delays(),
    ) {
        let stream = stream(codec).repeated(2);
        let arrivals = shuffled(packets(&stream, limit, sequence, start), &delays);
        let (received, assembler) = receive(codec, arrivals);
        check_all_arrived(&stream, start, &received);
        prop_assert_eq!(assembler.stats().lost, 0);
        prop_assert!(!assembler.needs_keyframe());
    }

    #[test]
    fn any_h264_units_survive(
        mut frames in prop::collection::vec(h264_frame(), 1..12),
        limit in 64..1_300_usize,
        sequence in prop_oneof![any::<u16>(), Just(65_530)],
        delays in delays(),
    ) {
        frames[0].0 = true;
        let mut stream = stream(VideoCodec::H264);
        let first = stream.frames[0].clone();
        stream.frames = std::iter::once(first)
            .chain(frames.into_iter().map(|(idr, payload)| frame(0, idr, payload)))
            .enumerate()
            .map(|(index, old)| frame(index, lianmai_media::h264::contains_idr(&old.payload), old.payload))
            .collect();
        let (received, _) = receive(VideoCodec::H264, shuffled(packets(&stream, limit, sequence, 5), &delays));
        check_all_arrived(&stream, 5, &received);
    }

    /// VP8 frames of any size and content behind a real header.
    #[test]
    fn any_vp8_frame_survives(sizes in prop::collection::vec(1..6_000_usize, 1..10), limit in 64..1_300_usize) {
        let mut stream = stream(VideoCodec::Vp8);
        let key = stream.frames[0].clone();
        stream.frames = vec![key];
        for size in sizes {
            let index = stream.frames.len();
            stream.frames.push(frame(index, false, vec![1; size].into()));
        }
        let arrivals = shuffled(packets(&stream, limit, 9, 0), &[(0, false)]);
        check_all_arrived(&stream, 0, &receive(VideoCodec::Vp8, arrivals).0);
    }
}

/// Segmentation offload needs packets of one size: all fragments of a unit but the last.
#[test]
fn fragments_have_equal_sizes() {
    for codec in CODECS {
        let stream = stream(codec);
        for payloads in stream
            .frames
            .iter()
            .map(|frame| packetise(&stream.headers(), frame))
        {
            let sizes: Vec<_> = payloads.iter().map(Bytes::len).collect();
            let mut changes = sizes.windows(2).filter(|pair| pair[0] != pair[1]).count();
            if codec == VideoCodec::H264 {
                // Three slices and the parameter sets, each on its own.
                changes = changes.saturating_sub(6);
            }
            assert!(changes <= 1, "{codec:?} {sizes:?}");
        }
    }
}

#[test]
fn opus_is_its_payload_and_aac_is_not_sent() {
    let sound = |payload: &'static [u8]| Frame {
        kind: TrackKind::Audio,
        ..frame(0, true, Bytes::from_static(payload))
    };
    let headers = |audio| Headers {
        audio: Some(audio),
        ..Headers::default()
    };
    let opus = headers(AudioConfig::opus(2).unwrap());
    assert_eq!(
        packetise(&opus, &sound(b"\xFC\x01")),
        [Bytes::from_static(b"\xFC\x01")]
    );
    // R-A4: silence of one byte is a packet like any other.
    assert_eq!(packetise(&opus, &sound(b"\xF8")).len(), 1);
    let aac = headers(AudioConfig::aac_lc(48_000, 2).unwrap());
    assert_eq!(packetise(&aac, &sound(b"\x21")), Vec::<Bytes>::new());
    assert_eq!(
        packetise(&Headers::default(), &sound(b"\x21")),
        Vec::<Bytes>::new()
    );
}
