//! H.264, H.265, AV1 and VP9 configurations of real encoders.

use bytes::Bytes;
use lianmai_media::h264::{AvcRecord, NalType, Sps, SpsError, contains_idr, pps_ids};
use lianmai_media::nal::{AnnexBUnits, LengthSize};
use lianmai_media::{ConfigError, VideoCodec, VideoConfig};

use super::fixtures::{fixture, video_frames, video_record};

fn h264(name: &str) -> (VideoConfig, Sps) {
    let record = video_record(name);
    let config = VideoConfig::from_record(VideoCodec::H264, record.clone()).unwrap();
    let sps = Sps::parse(&AvcRecord::parse(&record).unwrap().sps[0]).unwrap();
    (config, sps)
}

/// R-B1: the SPS tells whether B-frames can occur; sizes are those after cropping.
#[test]
fn h264_records_of_x264_are_read() {
    let cases = [
        ("h264_baseline_368x640.flv", (368, 640), 66, 30, Some(0)),
        ("h264_main_360x202.flv", (360, 202), 77, 13, Some(2)),
        ("h264_high_1920x1080.flv", (1_920, 1_080), 100, 40, Some(2)),
        ("h264_interlaced_720x480.flv", (720, 480), 100, 30, Some(2)),
        ("h264_444_64x36.flv", (64, 36), 244, 10, Some(2)),
    ];
    for (name, size, profile, level, reorder_depth) in cases {
        let (config, sps) = h264(name);
        assert_eq!((config.width, config.height), size, "{name}");
        assert_eq!((config.profile, config.level), (profile, level), "{name}");
        assert_eq!(config.reorder_depth, reorder_depth, "{name}");
        assert_eq!(config.may_have_b_frames(), reorder_depth != Some(0), "{name}");
        assert_eq!(config.frame_rate(), Some(25.0), "{name}");
        assert_eq!(config.length_size(), Some(LengthSize::Four), "{name}");
        assert_eq!(sps.interlaced, name.contains("interlaced"), "{name}");
        assert_eq!(
            sps.chroma_format,
            if name.contains("444") { 3 } else { 1 },
            "{name}"
        );
        assert_eq!((sps.bit_depth_luma, sps.bit_depth_chroma), (8, 8), "{name}");
    }
}

/// R-B1: the frames agree with what the SPS says.
#[test]
fn composition_times_follow_the_reorder_depth() {
    assert!(
        video_frames("h264_baseline_368x640.flv")
            .iter()
            .all(|frame| frame.2 == 0)
    );
    assert!(
        video_frames("h264_main_360x202.flv")
            .iter()
            .any(|frame| frame.2 > 0)
    );
}

/// R-V5: a record made of the same parameter sets is the same bytes.
#[test]
fn h264_records_are_rebuilt_exactly() {
    for name in [
        "h264_baseline_368x640.flv",
        "h264_main_360x202.flv",
        "h264_high_1920x1080.flv",
        "h264_444_64x36.flv",
    ] {
        let record = video_record(name);
        let parsed = AvcRecord::parse(&record).unwrap();
        assert_eq!(parsed.to_bytes().unwrap(), record, "{name}");
        let rebuilt = AvcRecord::from_parameter_sets(parsed.sps.clone(), parsed.pps.clone()).unwrap();
        assert_eq!(rebuilt, parsed, "{name}");
        let ids = pps_ids(&parsed.pps[0]).unwrap();
        assert_eq!((ids.pps, ids.sps), (0, 0), "{name}");
        // Slices of the record, not copies.
        assert!(record.as_ptr_range().contains(&parsed.sps[0].as_ptr()));
    }
}

#[test]
fn in_band_parameter_sets_make_a_record() {
    let units: Vec<_> = AnnexBUnits::new(fixture("h264_annexb.h264"))
        .map(Bytes::from_static)
        .collect();
    let types: Vec<_> = units.iter().filter_map(|unit| NalType::of(unit)).collect();
    assert_eq!(
        types[..5],
        [
            NalType::Aud,
            NalType::Sps,
            NalType::Pps,
            NalType::Sei,
            NalType::Idr
        ]
    );
    let of = |wanted| {
        units
            .iter()
            .filter(move |unit| NalType::of(unit) == Some(wanted))
            .cloned()
            .collect()
    };
    let record = AvcRecord::from_parameter_sets(of(NalType::Sps), of(NalType::Pps)).unwrap();
    let config = VideoConfig::from_record(VideoCodec::H264, record.to_bytes().unwrap()).unwrap();
    assert_eq!((config.width, config.height, config.profile), (64, 48, 100));
}

#[test]
fn key_frames_contain_idr() {
    for name in ["h264_main_360x202.flv", "av.flv"] {
        let frames = video_frames(name);
        assert!(frames.len() > 1);
        for (payload, keyframe, _) in frames {
            assert_eq!(contains_idr(&payload), keyframe, "{name}");
        }
    }
    assert!(!contains_idr(&[]));
    assert!(!contains_idr(&[0, 0, 0, 9, 0x65]));
}

fn bits(pattern: &str) -> Vec<u8> {
    let digits: Vec<_> = pattern.chars().filter(char::is_ascii_digit).collect();
    let byte = |bits: &[char]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(bits.get(at) == Some(&'1')));
    digits.chunks(8).map(byte).collect()
}

/// R-B1: what follows for reordering where the VUI is silent.
#[test]
fn reorder_depth_without_vui() {
    // id 0, frame_num 0, order count type; 1 reference; 1x1 macroblock, frames only, no cropping, no VUI.
    let body = |order_count: &str| format!("1 1 {order_count} 010 0 1 1 1 1 0 0 1");
    let sps = |profile: u8, constraints: u8, rest: &str| {
        Sps::parse(&[vec![0x67, profile, constraints, 30], bits(rest)].concat()).unwrap()
    };
    let (type_0, type_2) = (body("1 1"), body("011"));
    assert_eq!(sps(77, 0, &type_0).reorder_depth, None);
    assert_eq!(sps(77, 0, &type_2).reorder_depth, Some(0));
    assert_eq!(sps(66, 0, &type_0).reorder_depth, Some(0));
    let high = format!("1 010 1 1 0 0 {}", &type_0[1..]);
    assert_eq!(sps(100, 0, &high).reorder_depth, None);
    assert_eq!(sps(100, 0x10, &high).reorder_depth, Some(0));
    assert_eq!((sps(77, 0, &type_0).width, sps(77, 0, &type_0).height), (16, 16));
}

#[test]
fn malformed_parameter_sets_are_errors() {
    assert_eq!(Sps::parse(&[]), Err(SpsError::NotAnSps));
    assert_eq!(Sps::parse(&[0x68, 66, 0, 30]), Err(SpsError::NotAnSps));
    assert_eq!(
        Sps::parse(&[0x67, 66, 0, 30]),
        Err(SpsError::Malformed { bit: 24 })
    );
    // Cropping away the whole picture: 8 units of 2 pixels.
    let cropped = [
        vec![0x67, 66, 0, 30],
        bits("1 1 1 1 010 0 1 1 1 1 1 0001001 1 1 1 0 1"),
    ]
    .concat();
    assert!(matches!(Sps::parse(&cropped), Err(SpsError::Malformed { .. })));
    // A width of 2^32 macroblocks.
    let wide = [
        vec![0x67, 66, 0, 30],
        bits(&format!(
            "1 1 1 1 010 0 {}1{} 1 1 1 0 0",
            "0".repeat(31),
            "0".repeat(31)
        )),
    ];
    assert!(matches!(
        Sps::parse(&wide.concat()),
        Err(SpsError::Malformed { .. })
    ));
    assert_eq!(pps_ids(&[0x68]), None);
    assert_eq!(pps_ids(&[0x67, 0xFF]), None);
}

#[test]
fn malformed_records_are_errors() {
    let from = |record: &[u8]| VideoConfig::from_record(VideoCodec::H264, Bytes::copy_from_slice(record));
    let record = video_record("h264_main_360x202.flv");
    for end in 0..record.len() {
        assert!(from(&record[..end]).is_err(), "{end}");
    }
    assert!(matches!(
        from(&[0; 7]),
        Err(ConfigError::Version { version: 0, .. })
    ));
    assert!(matches!(
        from(&[1, 66, 0, 30, 0xFE, 0xE0, 0]),
        Err(ConfigError::OutOfRange { .. })
    ));
    assert!(matches!(
        from(&[1, 66, 0, 30, 0xFF, 0xE0, 0]),
        Err(ConfigError::NoParameterSets { .. })
    ));
    // An SPS that cannot be read leaves the picture unknown, and its stream playable.
    let config = from(&[1, 66, 0, 30, 0xFF, 0xE1, 0, 1, 0x67, 0]).unwrap();
    assert_eq!((config.width, config.height, config.reorder_depth), (0, 0, None));
    assert!(AvcRecord::from_parameter_sets(vec![], vec![]).is_err());
    let many = vec![Bytes::from_static(&[0x67]); 32];
    let parsed = AvcRecord::parse(&record).unwrap();
    assert!(
        AvcRecord {
            sps: many,
            ..parsed.clone()
        }
        .to_bytes()
        .is_err()
    );
    assert!(
        AvcRecord {
            pps: vec![Bytes::from(vec![0x68; 65_536])],
            ..parsed
        }
        .to_bytes()
        .is_err()
    );
}

#[test]
fn shorter_lengths_are_noticed_and_rewritten() {
    let mut record = video_record("h264_main_360x202.flv").to_vec();
    record[4] = 0xFD;
    let config = VideoConfig::from_record(VideoCodec::H264, record.into()).unwrap();
    assert_eq!(config.length_size(), Some(LengthSize::Two));
    let rewritten = config.with_four_byte_lengths();
    assert_eq!(rewritten.record, video_record("h264_main_360x202.flv"));
}

#[test]
fn records_of_other_codecs_are_read() {
    let from = |codec, name| VideoConfig::from_record(codec, Bytes::from_static(fixture(name))).unwrap();
    let hevc = from(VideoCodec::H265, "hevc_352x202.hvcc");
    assert_eq!((hevc.width, hevc.height, hevc.profile), (352, 202, 1));
    assert_eq!((hevc.level, hevc.length_size()), (60, Some(LengthSize::Four)));
    assert!(hevc.may_have_b_frames());
    let av1 = from(VideoCodec::Av1, "av1_368x208.av1c");
    assert_eq!((av1.width, av1.height, av1.profile, av1.level), (368, 208, 0, 0));
    assert!(!av1.may_have_b_frames());
    let vp9 = from(VideoCodec::Vp9, "vp9.vpcc");
    assert_eq!((vp9.profile, vp9.level), (0, 10));
    let bare =
        VideoConfig::from_record(VideoCodec::Vp9, Bytes::from_static(&fixture("vp9.vpcc")[4..])).unwrap();
    assert_eq!((bare.profile, bare.level), (0, 10));
    let vp8 = VideoConfig::from_record(VideoCodec::Vp8, Bytes::new()).unwrap();
    assert_eq!((vp8.width, vp8.reorder_depth), (0, Some(0)));
}

/// A cut SPS leaves the size unknown; a cut fixed part is an error.
#[test]
fn cut_records_of_other_codecs() {
    let hvcc = fixture("hevc_352x202.hvcc");
    for end in 0..hvcc.len() {
        let config = VideoConfig::from_record(VideoCodec::H265, Bytes::from_static(&hvcc[..end]));
        assert_eq!(config.is_ok(), end >= 23);
    }
    let av1c = fixture("av1_368x208.av1c");
    for end in 0..av1c.len() {
        match VideoConfig::from_record(VideoCodec::Av1, Bytes::from_static(&av1c[..end])) {
            Ok(config) => assert_eq!((end >= 4, config.width), (true, 0)),
            Err(error) => assert!(end < 4, "{error}"),
        }
    }
}
