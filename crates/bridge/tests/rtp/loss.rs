//! Whatever is lost, what comes out can be decoded.

use std::time::Duration;

use lianmai_bridge::receive::MediaPacket;
use lianmai_media::VideoCodec;
use proptest::prelude::*;

use super::fixtures::{CODECS, Stream, packets, stream, timestamp};
use super::round_trip::{receive, shuffled};

/// Every picture is whole, and one that is no key frame follows the one it depends on.
fn check(stream: &Stream, arrivals: Vec<(Duration, MediaPacket)>) -> usize {
    let (received, _) = receive(stream.config.codec, arrivals);
    let mut last = None;
    for picture in &received {
        let index = (0..stream.frames.len())
            .find(|&index| timestamp(0, index) == picture.timestamp)
            .unwrap();
        let sent = &stream.frames[index];
        assert_eq!(picture.payload, sent.payload, "picture {index} is damaged");
        assert_eq!(picture.keyframe, sent.keyframe);
        assert!(
            picture.keyframe || last == index.checked_sub(1),
            "picture {index} came after {last:?}"
        );
        last = Some(index);
    }
    assert!(
        received
            .first()
            .is_none_or(|first| first.keyframe && first.config.is_some())
    );
    received.len()
}

proptest! {
    /// R-V3: losses never yield a damaged picture.
    #[test]
    fn nothing_damaged_comes_out(
        codec in prop::sample::select(CODECS.to_vec()),
        limit in 64..600_usize,
        sequence: u16,
        losses in prop::collection::vec(prop::bool::weighted(0.05), 1..300),
        delays in prop::collection::vec((0..200_u8, prop::bool::weighted(0.1)), 1..100),
    ) {
        let stream = stream(codec).repeated(4);
        let packets = packets(&stream, limit, sequence, 0);
        let arrivals = shuffled(packets, &delays)
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !losses[index % losses.len()])
            .map(|(_, arrival)| arrival)
            .collect();
        check(&stream, arrivals);
    }
}

/// Each single packet once: the stream goes on with the next key frame at the latest.
#[test]
fn every_single_loss() {
    for codec in CODECS {
        let stream = stream(codec).repeated(2);
        let all = packets(&stream, 400, 65_500, 0);
        let pause = stream
            .frames
            .split(|frame| frame.keyframe)
            .map(|pictures| pictures.len() + 1)
            .max()
            .unwrap();
        for lost in 0..all.len() {
            let mut some = all.clone();
            some.remove(lost);
            let received = check(&stream, shuffled(some, &[(0, false)]));
            // A loss right before a key frame can cost that key frame too where its start does not show.
            assert!(
                received + 2 * pause >= stream.frames.len(),
                "{codec:?} {lost}: {received}"
            );
        }
    }
}

/// A key frame directly after a loss is used.
#[test]
fn a_key_frame_ends_the_loss() {
    for codec in [
        VideoCodec::H264,
        VideoCodec::Vp8,
        VideoCodec::Vp9,
        VideoCodec::Av1,
    ] {
        let stream = stream(codec);
        let key = (1..stream.frames.len())
            .find(|&index| stream.frames[index].keyframe)
            .unwrap();
        let mut some = packets(&stream, 1_188, 7, 0);
        some.retain(|packet| packet.timestamp != timestamp(0, key - 1));
        let received = check(&stream, shuffled(some, &[(0, false)]));
        assert_eq!(received, stream.frames.len() - 1, "{codec:?}");
    }
}
