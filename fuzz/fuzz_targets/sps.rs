//! H.264 sequence parameter sets and decoder configuration records, and NAL units in both framings.
//! The first byte chooses what the rest is.
#![no_main]

use bytes::Bytes;
use lianmai_media::h264::{AvcRecord, NalType, Sps, contains_idr, pps_ids};
use lianmai_media::nal::{LengthSize, NalUnits, from_annex_b, to_annex_b};
use lianmai_media::{VideoCodec, VideoConfig};
use libfuzzer_sys::fuzz_target;

const CODECS: [VideoCodec; 5] = [
    VideoCodec::H264,
    VideoCodec::H265,
    VideoCodec::Av1,
    VideoCodec::Vp8,
    VideoCodec::Vp9,
];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, body)) = input.split_first() else {
        return;
    };
    match kind % 4 {
        0 => sps(body),
        1 => record(&Bytes::copy_from_slice(body)),
        2 => units(body),
        _ => config(kind, Bytes::copy_from_slice(body)),
    }
});

fn sps(unit: &[u8]) {
    let _ = (NalType::of(unit), pps_ids(unit));
    if let Ok(sps) = Sps::parse(unit) {
        assert!(0 < sps.width && sps.width <= 32_768, "{sps:?}");
        assert!(0 < sps.height && sps.height <= 32_768, "{sps:?}");
        assert!(sps.reorder_depth.is_none_or(|depth| depth <= 16), "{sps:?}");
        assert!(
            sps.frame_rate.is_none_or(|(_, denominator)| denominator > 0),
            "{sps:?}"
        );
    }
}

fn record(bytes: &Bytes) {
    let Ok(record) = AvcRecord::parse(bytes) else {
        return;
    };
    let written = record.to_bytes();
    let again = written.as_ref().map(AvcRecord::parse);
    assert!(
        matches!(&again, Ok(Ok(again)) if *again == record),
        "{record:?} became {again:?}"
    );
}

/// From start codes to lengths and back loses nothing.
fn units(stream: &[u8]) {
    let payload = from_annex_b(stream);
    let _ = contains_idr(&payload);
    let again = to_annex_b(&payload, LengthSize::Four).map(|stream| from_annex_b(&stream));
    assert_eq!(again, Ok(payload));
    for size in [LengthSize::One, LengthSize::Two, LengthSize::Four] {
        let total: usize = NalUnits::new(stream, size)
            .filter_map(Result::ok)
            .map(<[u8]>::len)
            .sum();
        assert!(total <= stream.len());
    }
}

fn config(kind: u8, record: Bytes) {
    let codec = CODECS[usize::from(kind >> 2) % CODECS.len()];
    if let Ok(config) = VideoConfig::from_record(codec, record.clone()) {
        assert_eq!((config.codec, config.record), (codec, record));
    }
}
