//! No input makes anything panic.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lianmai_bridge::payload::{Depacketiser, packetise_with_limit};
use lianmai_bridge::receive::{
    AudioReceiver, FrameAssembler, MediaPacket, Ordered, ReorderBuffer, ReorderLimits, SourceClock,
    TrackClock,
};
use lianmai_media::{Timescale, VideoCodec};
use proptest::prelude::*;

use super::fixtures::{CODECS, packets, stream};

const ALL: [VideoCodec; 5] = [
    VideoCodec::H264,
    VideoCodec::H265,
    VideoCodec::Vp8,
    VideoCodec::Vp9,
    VideoCodec::Av1,
];

fn drain(depacketiser: &mut Depacketiser) {
    while depacketiser.poll().is_some() {}
}

/// R-R1: every payload of every stream cut at every byte, to every codec, alone and inside of its stream.
#[test]
fn every_truncation_is_read_or_refused() {
    for codec in CODECS {
        let stream = stream(codec);
        let all = packets(&stream, 200, 0, 0);
        for (index, packet) in all.iter().enumerate() {
            for end in 0..packet.payload.len() {
                let cut = packet.payload.slice(..end);
                for other in ALL {
                    Depacketiser::new(other).push(&cut, 0, true);
                }
                let mut depacketiser = Depacketiser::new(codec);
                for before in &all[index.saturating_sub(2)..index] {
                    depacketiser.push(&before.payload, before.timestamp, before.marker);
                }
                depacketiser.push(&cut, packet.timestamp, packet.marker);
                if let Some(next) = all.get(index + 1) {
                    depacketiser.push(&next.payload, next.timestamp, next.marker);
                }
                drain(&mut depacketiser);
            }
        }
    }
}

/// R-R1: every frame cut at every byte is sent or left.
#[test]
fn every_truncated_frame_is_sent_or_left() {
    for codec in ALL {
        let stream = stream(codec);
        let headers = stream.headers();
        for frame in stream.frames.iter().take(2) {
            for end in 0..frame.payload.len() {
                let mut frame = frame.clone();
                frame.payload.truncate(end);
                let payloads = packetise_with_limit(&headers, &frame, 100);
                assert!(payloads.iter().all(|payload| payload.len() <= 100));
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Wild {
    codec: VideoCodec,
    packets: Vec<(u16, u32, bool, Vec<u8>)>,
}

fn wild() -> impl Strategy<Value = Wild> {
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (
            prop::sample::select(vec![
                &[0x1C, 0x85][..],
                &[0x1C, 0x05],
                &[0x1C, 0x45],
                &[0x78, 0, 4],
                &[0x67, 66, 0, 30],
                &[0x65, 0x88],
                &[0x10, 0x50, 0, 0, 0x9D, 0x01, 0x2A],
                &[0x90, 0x80],
                &[0x0A, 0x18],
                &[0x8F, 0xFF],
                &[0xBA, 1],
                &[0x18, 0x0A],
                &[0x50, 0x32],
                &[0x90, 0x32],
                &[0x28, 2, 0x0A, 0x0A],
                &[0x62, 1, 0x93],
            ]),
            prop::collection::vec(prop_oneof![Just(0_u8), Just(0xFF), any::<u8>()], 0..40),
        )
            .prop_map(|(start, tail)| [start, &tail].concat()),
    ];
    let packet = (
        0..60_u16,
        prop_oneof![0..3_u32, any::<u32>()],
        any::<bool>(),
        payload,
    );
    (
        prop::sample::select(ALL.to_vec()),
        prop::collection::vec(packet, 0..60),
    )
        .prop_map(|(codec, packets)| Wild { codec, packets })
}

proptest! {
    #[test]
    fn wild_packets_never_panic(wild in wild(), base: u16, step in 0..100_u64) {
        let start = Instant::now();
        let mut video = FrameAssembler::new(wild.codec);
        let mut audio = AudioReceiver::new(Timescale::OPUS);
        let mut depacketiser = Depacketiser::new(wild.codec);
        for (index, (sequence, timestamp, marker, payload)) in wild.packets.into_iter().enumerate() {
            let now = start + Duration::from_millis(index as u64 * step);
            let packet = MediaPacket {
                sequence_number: base.wrapping_add(sequence),
                timestamp,
                marker,
                payload: payload.into(),
                orientation: None,
            };
            depacketiser.push(&packet.payload, timestamp, marker);
            drain(&mut depacketiser);
            video.push(now, packet.clone());
            while video.poll(now).is_some() {}
            audio.push(now, packet);
            while audio.poll(now).is_some() {}
        }
    }

    /// Any sequence numbers: nothing comes out twice, numbers only grow between restarts, and the bounds hold.
    #[test]
    fn wild_sequence_numbers_are_bounded(numbers in prop::collection::vec(any::<u16>(), 0..400), step in 0..60_u64) {
        let start = Instant::now();
        let limits = ReorderLimits { packets: 64, bytes: 1_000 };
        let mut buffer = ReorderBuffer::new(Duration::from_millis(50), limits);
        let mut delivered = 0_u64;
        for (index, number) in numbers.iter().copied().enumerate() {
            let now = start + Duration::from_millis(index as u64 * step);
            buffer.push(now, number, 100, number);
            while let Some(next) = buffer.poll(now) {
                delivered += u64::from(matches!(next, Ordered::Packet(_)));
            }
        }
        let end = start + Duration::from_secs(3_600);
        while let Some(next) = buffer.poll(end) {
            delivered += u64::from(matches!(next, Ordered::Packet(_)));
        }
        let stats = buffer.stats();
        prop_assert_eq!(stats.delivered, delivered);
        prop_assert_eq!(delivered + stats.duplicates + stats.late + stats.overflow, numbers.len() as u64);
        prop_assert_eq!(buffer.deadline(), None);
    }

    /// Times of a track never go back, whatever timestamps and reports say.
    #[test]
    fn wild_clocks_never_go_back(
        packets in prop::collection::vec((any::<u32>(), 0..10_000_u64, any::<u64>(), any::<bool>()), 1..200),
    ) {
        let start = Instant::now();
        let mut source = SourceClock::new();
        let mut track = TrackClock::new(Timescale::RTP_VIDEO);
        let mut last = None;
        let mut now = start;
        for (timestamp, wait, ntp, report) in packets {
            now += Duration::from_millis(wait);
            if report {
                track.sender_report(&mut source, ntp, timestamp, now);
            } else {
                let time = track.time(&mut source, timestamp, now);
                prop_assert!(last.is_none_or(|last| last <= time));
                last = Some(time);
            }
        }
    }
}

#[test]
fn endless_pictures_are_given_up() {
    for (codec, first, middle) in [
        (VideoCodec::H264, &[0x7C_u8, 0x85, 0x88][..], &[0x7C_u8, 0x05][..]),
        (VideoCodec::Vp8, &[0x10, 0, 0, 0, 0x9D, 0x01, 0x2A][..], &[0][..]),
        (VideoCodec::Vp9, &[0x08, 0x82][..], &[0][..]),
        (VideoCodec::Av1, &[0x58, 0x32, 0x10][..], &[0xD0][..]),
    ] {
        let mut depacketiser = Depacketiser::new(codec);
        depacketiser.push(&Bytes::copy_from_slice(first), 1, false);
        let middle = Bytes::from([middle, &[7; 60_000]].concat());
        let mut errors = 0;
        for _ in 0..300 {
            depacketiser.push(&middle, 1, false);
            while let Some(result) = depacketiser.poll() {
                assert!(result.is_err());
                errors += 1;
            }
        }
        assert_eq!(errors, 1, "{codec:?}");
    }
}
