//! No input makes a parser panic: every cut and every bit flip of the fixtures, and random bytes.

use bytes::Bytes;
use lianmai_media::aac::{AdtsHeader, AudioSpecificConfig};
use lianmai_media::amf0::{self, Limits};
use lianmai_media::flv::{self, FlvReader, ReaderLimits};
use lianmai_media::h264::{self, AvcRecord, Sps};
use lianmai_media::nal::{self, LengthSize, NalUnits};
use lianmai_media::opus::{OpusHead, OpusPacket};
use lianmai_media::{AudioCodec, AudioConfig, VideoCodec, VideoConfig};
use proptest::prelude::*;

use super::fixtures::{ALL, tags, video_record};

/// Gives `bytes` to every parser; what each says does not matter here.
fn feed(bytes: &Bytes) {
    let _ = amf0::decode(bytes, &Limits::default());
    let _ = amf0::decode_one(bytes, &Limits::default());
    let _ = flv::parse_script(bytes);
    let _ = flv::parse_video(bytes.clone());
    let _ = flv::parse_audio(bytes.clone());
    let mut reader = FlvReader::new(ReaderLimits::default());
    reader.push(bytes);
    while let Ok(Some(_)) = reader.poll() {}
    for codec in [
        VideoCodec::H264,
        VideoCodec::H265,
        VideoCodec::Av1,
        VideoCodec::Vp8,
        VideoCodec::Vp9,
    ] {
        if let Ok(config) = VideoConfig::from_record(codec, bytes.clone()) {
            let _ = config.frame_rate();
            let _ = config.with_four_byte_lengths();
        }
    }
    for codec in [AudioCodec::Aac, AudioCodec::Opus, AudioCodec::Mp3] {
        let _ = AudioConfig::from_record(codec, bytes.clone());
    }
    if let Ok(config) = AudioSpecificConfig::parse(bytes) {
        let _ = config.to_bytes();
    }
    let _ = AdtsHeader::parse(bytes);
    let _ = OpusHead::parse(bytes);
    let _ = OpusPacket::parse(bytes);
    let _ = Sps::parse(bytes);
    let _ = h264::pps_ids(bytes);
    let _ = h264::contains_idr(bytes);
    if let Ok(record) = AvcRecord::parse(bytes) {
        let _ = record.to_bytes();
    }
    for size in [LengthSize::One, LengthSize::Two, LengthSize::Four] {
        let _ = NalUnits::new(bytes, size).count();
        let _ = nal::to_annex_b(bytes, size);
    }
    let _ = nal::from_annex_b(bytes);
}

/// Everything of the fixtures that some parser reads: the files themselves and the bodies of their tags.
fn samples() -> Vec<Bytes> {
    let mut samples = Vec::new();
    for (name, content) in ALL {
        samples.push(Bytes::from_static(content));
        if name.ends_with(".flv") {
            let mut bodies: Vec<_> = tags(content).into_iter().map(|tag| tag.body).collect();
            bodies.sort_by_key(Bytes::len);
            bodies.dedup();
            samples.extend(bodies.into_iter().filter(|body| body.len() < 600));
            if name.starts_with("h264") {
                let record = video_record(name);
                samples.extend(AvcRecord::parse(&record).unwrap().sps);
                samples.push(record);
            }
        }
    }
    samples
}

/// R-R1: every cut of every fixture is read or refused.
#[test]
fn every_truncation_is_read_or_refused() {
    for sample in samples() {
        for end in 0..sample.len() {
            feed(&sample.slice(..end));
        }
    }
}

/// R-R1: every flipped bit of the small fixtures is read or refused.
#[test]
fn every_bit_flip_is_read_or_refused() {
    for sample in samples().into_iter().filter(|sample| sample.len() < 150) {
        for bit in 0..sample.len() * 8 {
            let mut damaged = sample.to_vec();
            damaged[bit / 8] ^= 0x80 >> (bit % 8);
            feed(&damaged.into());
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        feed(&bytes.into());
    }

    /// Random content behind starts that parsers go on from.
    #[test]
    fn random_tails_never_panic(
        start in prop::sample::select(vec![
            &[0x67, 100, 0, 30][..], &[0x67, 66, 0, 30], &[1, 100, 0, 30, 0xFF, 0xE1, 0, 40, 0x67, 100, 0, 30],
            &[0x11], &[0x0A, 0, 0, 0, 40], &[0x03], &[0x08, 0, 0, 0, 1], &[0x11, 0x0A, 0x0B], &[0x11, 0x09],
            b"FLV\x01\x05\0\0\0\x09\0\0\0\0", b"OpusHead\x01", &[0x81, 0, 0, 0, 0x0A, 0x0B], &[0x97], &[0x96, 0x11],
            &[0xFF, 0xF1], &[0x11, 0x80], b"\x02\x00\x0D@setDataFrame",
        ]),
        tail in prop::collection::vec(prop_oneof![Just(0_u8), Just(0xFF), any::<u8>()], 0..200),
    ) {
        feed(&[start, &tail].concat().into());
    }
}
