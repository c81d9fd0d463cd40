//! AAC and Opus configurations of real encoders.

use bytes::Bytes;
use lianmai_media::aac::{AdtsError, AdtsHeader, AudioSpecificConfig};
use lianmai_media::flv::AudioTagBody;
use lianmai_media::opus::{OpusHead, OpusMode, OpusPacket};
use lianmai_media::{AudioCodec, AudioConfig, ConfigError};
use proptest::prelude::*;

use super::fixtures::{audio_bodies, fixture};

fn asc(record: &[u8]) -> AudioSpecificConfig {
    AudioSpecificConfig::parse(record).unwrap()
}

#[test]
fn adts_streams_are_walked_to_their_end() {
    for (name, rate, channels, frames) in [
        ("aac_48000_2.adts", 48_000, 2, 6),
        ("aac_44100_2.adts", 44_100, 2, 6),
        ("aac_16000_1.adts", 16_000, 1, 3),
    ] {
        let mut rest = fixture(name);
        let mut count = 0;
        while !rest.is_empty() {
            let header = AdtsHeader::parse(rest).unwrap();
            assert_eq!(
                (header.object_type, header.sample_rate, header.blocks),
                (2, rate, 1),
                "{name}"
            );
            let payload = header.frame_length - header.header_length;
            let config = header.config().unwrap();
            assert_eq!(config, AudioSpecificConfig::aac_lc(rate, channels).unwrap());
            assert_eq!(AdtsHeader::for_payload(&config, payload).unwrap(), header);
            assert_eq!(AdtsHeader::parse(&header.to_bytes().unwrap()).unwrap(), header);
            rest = &rest[header.frame_length..];
            count += 1;
        }
        assert_eq!(count, frames, "{name}");
    }
}

#[test]
fn adts_limits() {
    let config = AudioSpecificConfig::aac_lc(48_000, 2).unwrap();
    assert!(AdtsHeader::for_payload(&config, 8_184).is_ok());
    assert_eq!(
        AdtsHeader::for_payload(&config, 8_185),
        Err(AdtsError::OutOfRange("frame length"))
    );
    assert_eq!(
        AdtsHeader::for_payload(&config, usize::MAX),
        Err(AdtsError::OutOfRange("frame length"))
    );
    let odd = AudioSpecificConfig::aac_lc(47_999, 2).unwrap();
    assert_eq!(
        AdtsHeader::for_payload(&odd, 1),
        Err(AdtsError::OutOfRange("sampling frequency"))
    );
    assert_eq!(AdtsHeader::parse(&[0xFF; 6]), Err(AdtsError::Truncated));
    assert_eq!(AdtsHeader::parse(&[0xFF; 7]), Err(AdtsError::NoSync));
    assert_eq!(
        AdtsHeader::parse(&[0xFF, 0xF1, 0x4C, 0x80, 0, 0x1F, 0xFC]),
        Err(AdtsError::OutOfRange("frame length"))
    );
}

#[test]
fn records_of_ffmpeg_are_read() {
    let bodies = audio_bodies("av.flv");
    let AudioTagBody::SequenceHeader { codec, record } = &bodies[0] else {
        panic!("{bodies:?}")
    };
    let config = AudioConfig::from_record(*codec, record.clone()).unwrap();
    assert_eq!(
        (config.codec, config.sample_rate, config.channels),
        (AudioCodec::Aac, 48_000, 2)
    );
    assert_eq!(asc(record).frame_length, 1_024);
    assert!(
        bodies[1..]
            .iter()
            .all(|body| matches!(body, AudioTagBody::CodedFrame { .. }))
    );
    assert!(audio_bodies("mp3.flv").iter().all(
        |body| matches!(body, AudioTagBody::CodedFrame { codec: AudioCodec::Mp3, payload } if payload[0] == 0xFF)
    ));
}

#[test]
fn extensions_give_the_output_rate() {
    // HE-AAC, hierarchical; HE-AAC v2, hierarchical; both backward compatible; a sync word that denies SBR.
    let cases: &[(&[u8], u32, u32, u8, bool)] = &[
        (&[0x2B, 0x92, 0x08, 0x00], 22_050, 44_100, 2, false),
        (&[0xEB, 0x09, 0x88, 0x00], 24_000, 48_000, 2, true),
        (&[0x13, 0x90, 0x56, 0xE5, 0xA0], 22_050, 44_100, 2, false),
        (
            &[0x13, 0x88, 0x56, 0xE5, 0xA5, 0x48, 0x80],
            22_050,
            44_100,
            2,
            true,
        ),
        (&[0x11, 0x90, 0x56, 0xE5, 0x00], 48_000, 48_000, 2, false),
        (&[0x14, 0x08], 16_000, 16_000, 1, false),
        (&[0x12, 0x10], 44_100, 44_100, 2, false),
    ];
    for &(record, rate, output_rate, channels, parametric_stereo) in cases {
        let config = asc(record);
        assert_eq!(config.object_type, 2, "{record:02x?}");
        assert_eq!(
            (config.sample_rate, config.output_sample_rate()),
            (rate, output_rate),
            "{record:02x?}"
        );
        assert_eq!(config.output_channels(), channels, "{record:02x?}");
        assert_eq!(config.parametric_stereo, parametric_stereo, "{record:02x?}");
        assert_eq!(asc(&config.to_bytes().unwrap()), config, "{record:02x?}");
    }
}

#[test]
fn rare_records_are_read() {
    // 960 samples per frame.
    assert_eq!(asc(&[0x11, 0x94]).frame_length, 960);
    // Explicit rate 47 999.
    let explicit = AudioSpecificConfig::aac_lc(47_999, 2).unwrap();
    assert_eq!(asc(&explicit.to_bytes().unwrap()), explicit);
    // Seven point one.
    assert_eq!(asc(&[0x11, 0xB8]).channels, 8);
    // A program config element with one pair and one single element in front.
    let program = [0x11, 0x80, 0x04, 0xC8, 0x00, 0x00, 0x20, 0x00, 0x00];
    let config = asc(&program);
    assert_eq!((config.channel_configuration, config.channels), (0, 3));
    assert!(matches!(config.to_bytes(), Err(ConfigError::OutOfRange { .. })));
}

#[test]
fn bad_records_are_errors() {
    let parse = AudioSpecificConfig::parse;
    assert!(matches!(
        parse(&[]),
        Err(ConfigError::Truncated { length: 0, .. })
    ));
    assert!(matches!(parse(&[0x12]), Err(ConfigError::Truncated { .. })));
    // Reserved sampling frequency index 13; reserved channel configuration 8.
    assert!(matches!(
        parse(&[0x16, 0x90]),
        Err(ConfigError::OutOfRange {
            field: "sampling frequency",
            ..
        })
    ));
    assert!(matches!(
        parse(&[0x11, 0xC0]),
        Err(ConfigError::OutOfRange {
            field: "channel configuration",
            ..
        })
    ));
    assert!(AudioConfig::aac_lc(0, 2).is_err());
    assert!(AudioConfig::aac_lc(1 << 24, 2).is_err());
    assert!(AudioConfig::aac_lc(48_000, 7).is_err());
    assert!(AudioConfig::aac_lc(48_000, 0).is_err());
}

#[test]
fn lc_records_are_those_encoders_write() {
    assert_eq!(AudioConfig::aac_lc(44_100, 2).unwrap().record[..], [0x12, 0x10]);
    assert_eq!(AudioConfig::aac_lc(48_000, 2).unwrap().record[..], [0x11, 0x90]);
    assert_eq!(AudioConfig::aac_lc(16_000, 1).unwrap().record[..], [0x14, 0x08]);
}

/// R-A5: what libopus makes with 60 ms frames is 60 ms long.
#[test]
fn opus_of_libopus_is_read() {
    let record = Bytes::from_static(fixture("opus.head"));
    let config = AudioConfig::from_record(AudioCodec::Opus, record.clone()).unwrap();
    assert_eq!((config.sample_rate, config.channels), (48_000, 2));
    let head = OpusHead::parse(&record).unwrap();
    assert_eq!(
        (head.pre_skip, head.input_sample_rate, head.mapping_family),
        (312, 48_000, 0)
    );
    assert_eq!(head.to_bytes(), record);
    assert_eq!(AudioConfig::opus(2).unwrap(), config);

    let mut rest = fixture("opus_60ms.packets");
    let mut samples = 0;
    while let Some((&[high, low], tail)) = rest.split_first_chunk() {
        let (packet, tail) = tail.split_at(usize::from(u16::from_be_bytes([high, low])));
        let facts = OpusPacket::parse(packet).unwrap();
        assert_eq!(facts.samples(), 2_880);
        assert!(facts.mode != OpusMode::Celt || facts.frames == 3);
        samples += facts.samples();
        rest = tail;
    }
    assert_eq!(samples, 4 * 2_880);
}

#[test]
fn bad_opus_heads_are_errors() {
    let head = fixture("opus.head");
    for end in 0..head.len() {
        assert!(OpusHead::parse(&head[..end]).is_err());
    }
    let with = |at: usize, byte: u8| {
        let mut head = head.to_vec();
        head[at] = byte;
        OpusHead::parse(&head)
    };
    assert!(matches!(
        with(0, b'X'),
        Err(ConfigError::OutOfRange {
            field: "magic signature",
            ..
        })
    ));
    assert!(matches!(
        with(8, 16),
        Err(ConfigError::Version { version: 16, .. })
    ));
    assert!(with(8, 2).is_ok());
    assert!(matches!(with(9, 0), Err(ConfigError::OutOfRange { .. })));
    assert!(matches!(with(9, 3), Err(ConfigError::OutOfRange { .. })));
    assert!(matches!(with(18, 1), Err(ConfigError::Truncated { .. })));
    let surround = [head[..18].to_vec(), vec![1, 1, 1, 0, 1]].concat();
    let parsed = OpusHead::parse(&surround).unwrap();
    assert_eq!(parsed.mapping[..], [1, 1, 0, 1]);
    assert_eq!(parsed.to_bytes(), surround);
}

proptest! {
    #[test]
    fn lc_records_round_trip(rate in 1_u32..1 << 24, channels in prop::sample::select(vec![1_u8, 2, 3, 4, 5, 6, 8])) {
        let config = AudioConfig::aac_lc(rate, channels).unwrap();
        prop_assert_eq!(AudioConfig::from_record(AudioCodec::Aac, config.record.clone()).unwrap(), config);
    }
}
