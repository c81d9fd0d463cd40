//! Tag bodies: legacy and Enhanced RTMP, read and written.

use bytes::Bytes;
use lianmai_media::flv::{
    AudioTagBody, FlvError, FourCc, Tag, TagKind, VideoTagBody, audio_config_body, audio_end_body,
    audio_frame_header, parse_audio, parse_video, video_config_body, video_end_body, video_frame_header,
};
use lianmai_media::{
    AudioCodec, AudioConfig, Frame, MediaDuration, MediaTime, Timescale, TrackKind, VideoCodec, VideoConfig,
};
use proptest::prelude::*;

use super::fixtures::{fixture, tags};

fn video(parts: &[&[u8]]) -> Result<VideoTagBody, FlvError> {
    parse_video(parts.concat().into())
}

fn audio(parts: &[&[u8]]) -> Result<AudioTagBody, FlvError> {
    parse_audio(parts.concat().into())
}

fn coded(codec: VideoCodec, keyframe: bool, composition_ms: i32, payload: &'static [u8]) -> VideoTagBody {
    VideoTagBody::CodedFrame {
        codec,
        keyframe,
        composition_ms,
        payload: Bytes::from_static(payload),
    }
}

fn sound(codec: AudioCodec, payload: &'static [u8]) -> AudioTagBody {
    AudioTagBody::CodedFrame {
        codec,
        payload: Bytes::from_static(payload),
    }
}

#[test]
fn legacy_video() {
    let avc = VideoCodec::H264;
    assert_eq!(
        video(&[&[0x17, 0, 0, 0, 0, 1, 2]]),
        Ok(VideoTagBody::SequenceHeader {
            codec: avc,
            record: Bytes::from_static(&[1, 2])
        })
    );
    assert_eq!(video(&[&[0x17, 1, 0, 0, 80, 9]]), Ok(coded(avc, true, 80, &[9])));
    assert_eq!(
        video(&[&[0x27, 1, 0xFF, 0xFF, 0xF6, 9]]),
        Ok(coded(avc, false, -10, &[9]))
    );
    assert_eq!(
        video(&[&[0x37, 1, 0x80, 0, 0, 9]]),
        Ok(coded(avc, false, -8_388_608, &[9]))
    );
    assert_eq!(
        video(&[&[0x17, 2, 0, 0, 0]]),
        Ok(VideoTagBody::EndOfSequence { codec: avc })
    );
    assert_eq!(
        video(&[&[0x17, 2]]),
        Ok(VideoTagBody::EndOfSequence { codec: avc })
    );
    assert_eq!(
        video(&[&[0x1C, 1, 0, 0, 1, 9]]),
        Ok(coded(VideoCodec::H265, true, 1, &[9]))
    );
    assert_eq!(video(&[&[0x57, 1]]), Ok(VideoTagBody::CommandFrame(1)));
}

/// R-R1, R-R3: what cannot be used is an error that names it.
#[test]
fn unusable_video_is_named() {
    assert_eq!(
        video(&[]),
        Err(FlvError::Truncated {
            position: 0,
            field: "video header"
        })
    );
    assert_eq!(
        video(&[&[0x17]]),
        Err(FlvError::Truncated {
            position: 1,
            field: "AVC packet type"
        })
    );
    assert_eq!(
        video(&[&[0x17, 1, 0]]),
        Err(FlvError::Truncated {
            position: 3,
            field: "composition time"
        })
    );
    assert_eq!(
        video(&[&[0x17, 3, 0, 0, 0]]),
        Err(FlvError::UnsupportedPacketType(3))
    );
    assert_eq!(video(&[&[0x12, 0]]), Err(FlvError::UnsupportedVideoCodec(2)));
    assert_eq!(
        video(&[&[0x91], b"vvc1"]),
        Err(FlvError::UnsupportedVideoFourCc(FourCc(*b"vvc1")))
    );
    assert_eq!(
        video(&[&[0x91], b"hv"]),
        Err(FlvError::Truncated {
            position: 3,
            field: "FourCC"
        })
    );
    assert_eq!(
        video(&[&[0x95], b"av01", &[1]]),
        Err(FlvError::UnsupportedPacketType(5))
    );
    assert_eq!(
        video(&[&[0x91], b"hvc1", &[0, 0]]),
        Err(FlvError::Truncated {
            position: 7,
            field: "composition time"
        })
    );
}

#[test]
fn enhanced_video() {
    let hevc = VideoCodec::H265;
    assert_eq!(
        video(&[&[0x90], b"hvc1", &[1, 2]]),
        Ok(VideoTagBody::SequenceHeader {
            codec: hevc,
            record: Bytes::from_static(&[1, 2])
        })
    );
    assert_eq!(
        video(&[&[0x91], b"hvc1", &[0xFF, 0xFF, 0xFF, 9]]),
        Ok(coded(hevc, true, -1, &[9]))
    );
    assert_eq!(video(&[&[0xA3], b"hvc1", &[9]]), Ok(coded(hevc, false, 0, &[9])));
    assert_eq!(
        video(&[&[0xA1], b"avc1", &[0, 0, 5, 9]]),
        Ok(coded(VideoCodec::H264, false, 5, &[9]))
    );
    for (name, codec) in [
        (b"av01", VideoCodec::Av1),
        (b"vp08", VideoCodec::Vp8),
        (b"vp09", VideoCodec::Vp9),
    ] {
        assert_eq!(video(&[&[0xA1], name, &[9]]), Ok(coded(codec, false, 0, &[9])));
    }
    assert_eq!(
        video(&[&[0x92], b"hvc1"]),
        Ok(VideoTagBody::EndOfSequence { codec: hevc })
    );
    assert_eq!(
        video(&[&[0x94], b"hvc1", &[2]]),
        Ok(VideoTagBody::Metadata(Bytes::from_static(&[2])))
    );
    assert_eq!(video(&[&[0xD1, 0]]), Ok(VideoTagBody::CommandFrame(0)));
    assert_eq!(
        video(&[&[0xD4], b"hvc1", &[2]]),
        Ok(VideoTagBody::Metadata(Bytes::from_static(&[2])))
    );
}

#[test]
fn modifiers_are_skipped() {
    let expected = Ok(coded(VideoCodec::Av1, true, 0, &[9]));
    // A nanosecond offset of three bytes; two modifiers; one of 256 bytes with the long size.
    assert_eq!(video(&[&[0x97, 2, 0, 1, 2, 0x01], b"av01", &[9]]), expected);
    assert_eq!(
        video(&[&[0x97, 2, 0, 1, 2, 0x07, 0, 5, 0x11], b"av01", &[9]]),
        expected
    );
    assert_eq!(
        video(&[&[0x97, 255, 0, 255], &[0; 256], &[0x01], b"av01", &[9]]),
        expected
    );
    assert_eq!(
        audio(&[&[0x97, 2, 0, 1, 2, 0x01], b"Opus", &[9]]),
        Ok(sound(AudioCodec::Opus, &[9]))
    );
    assert_eq!(
        video(&[&[0x97, 2, 0, 1]]),
        Err(FlvError::Truncated {
            position: 4,
            field: "ModEx data"
        })
    );
    assert_eq!(
        video(&[&[0x97, 255, 0]]),
        Err(FlvError::Truncated {
            position: 3,
            field: "ModEx size"
        })
    );
    assert_eq!(
        video(&[&[0x97, 0, 0]]),
        Err(FlvError::Truncated {
            position: 3,
            field: "ModEx type"
        })
    );
}

#[test]
fn the_default_track_of_multitrack_bodies_is_taken() {
    let expected = Ok(coded(VideoCodec::H265, true, 2, &[9]));
    // One track, whatever its id; many tracks of one codec; many tracks of many codecs.
    assert_eq!(video(&[&[0x96, 0x01], b"hvc1", &[4, 0, 0, 2, 9]]), expected);
    assert_eq!(
        video(&[&[0x96, 0x11], b"hvc1", &[1, 0, 0, 1, 8, 0, 0, 0, 4, 0, 0, 2, 9]]),
        expected
    );
    assert_eq!(
        video(&[
            &[0x96, 0x21],
            b"av01",
            &[1, 0, 0, 1, 8],
            b"hvc1",
            &[0, 0, 0, 4, 0, 0, 2, 9]
        ]),
        expected
    );
    let start = AudioTagBody::SequenceHeader {
        codec: AudioCodec::Aac,
        record: Bytes::from_static(&[0x11, 0x90]),
    };
    assert_eq!(
        audio(&[&[0x95, 0x10], b"mp4a", &[0, 0, 0, 2, 0x11, 0x90, 1, 0, 0, 1, 5]]),
        Ok(start)
    );
    assert_eq!(
        video(&[&[0x96, 0x11], b"hvc1", &[1, 0, 0, 1, 8]]),
        Err(FlvError::NoDefaultTrack)
    );
    assert_eq!(
        video(&[&[0x96, 0x31], b"hvc1"]),
        Err(FlvError::UnsupportedMultitrackType(3))
    );
    assert_eq!(
        video(&[&[0x96, 0x06], b"hvc1"]),
        Err(FlvError::UnsupportedPacketType(6))
    );
    assert_eq!(
        video(&[&[0x96, 0x07], b"hvc1"]),
        Err(FlvError::UnsupportedPacketType(7))
    );
    assert_eq!(
        video(&[&[0x96, 0x11], b"hvc1", &[0, 0xFF, 0xFF, 0xFF, 8]]),
        Err(FlvError::Truncated {
            position: 11,
            field: "track data"
        })
    );
}

#[test]
fn legacy_and_enhanced_audio() {
    let aac = AudioCodec::Aac;
    let start = |codec, record| {
        Ok(AudioTagBody::SequenceHeader {
            codec,
            record: Bytes::from_static(record),
        })
    };
    assert_eq!(audio(&[&[0xAF, 0, 0x12, 0x10]]), start(aac, &[0x12, 0x10]));
    assert_eq!(audio(&[&[0xAF, 1, 9]]), Ok(sound(aac, &[9])));
    assert_eq!(audio(&[&[0x2E, 9]]), Ok(sound(AudioCodec::Mp3, &[9])));
    assert_eq!(audio(&[&[0xE2, 9]]), Ok(sound(AudioCodec::Mp3, &[9])));
    assert_eq!(audio(&[&[0x90], b"Opus", &[1]]), start(AudioCodec::Opus, &[1]));
    assert_eq!(audio(&[&[0x91], b".mp3", &[9]]), Ok(sound(AudioCodec::Mp3, &[9])));
    assert_eq!(
        audio(&[&[0x92], b"mp4a"]),
        Ok(AudioTagBody::EndOfSequence { codec: aac })
    );
    assert_eq!(
        audio(&[&[0x94], b"mp4a", &[1, 6, 0, 0, 0, 0]]),
        Ok(AudioTagBody::ChannelLayout {
            codec: aac,
            order: 1,
            channels: 6
        })
    );
}

/// R-A4: packets without a byte of sound are packets.
#[test]
fn empty_packets_are_packets() {
    assert_eq!(audio(&[&[0xAF, 1]]), Ok(sound(AudioCodec::Aac, &[])));
    assert_eq!(audio(&[&[0x91], b"Opus"]), Ok(sound(AudioCodec::Opus, &[])));
}

#[test]
fn unusable_audio_is_named() {
    assert_eq!(
        audio(&[]),
        Err(FlvError::Truncated {
            position: 0,
            field: "audio header"
        })
    );
    assert_eq!(
        audio(&[&[0xAF]]),
        Err(FlvError::Truncated {
            position: 1,
            field: "AAC packet type"
        })
    );
    assert_eq!(audio(&[&[0xAF, 2]]), Err(FlvError::UnsupportedPacketType(2)));
    for (id, name) in [
        (11, "Speex"),
        (6, "Nellymoser"),
        (7, "G.711 A-law"),
        (8, "G.711 mu-law"),
        (12, "reserved"),
    ] {
        assert_eq!(
            audio(&[&[id << 4, 1]]),
            Err(FlvError::UnsupportedSoundFormat { id, name })
        );
    }
    let error = audio(&[&[0x91], b"ac-3", &[1]]).unwrap_err();
    assert_eq!(error.to_string(), "audio codec 'ac-3' is not supported");
    assert_eq!(
        audio(&[&[0x94], b"mp4a", &[1]]),
        Err(FlvError::Truncated {
            position: 6,
            field: "channel layout"
        })
    );
}

fn frame(kind: TrackKind, keyframe: bool, composition_ms: i64) -> Frame {
    Frame {
        kind,
        dts: MediaTime::from_millis(0),
        composition: MediaDuration::from_millis(composition_ms),
        keyframe,
        payload: Bytes::from_static(b"payload"),
    }
}

const VIDEO_CODECS: [VideoCodec; 5] = [
    VideoCodec::H264,
    VideoCodec::H265,
    VideoCodec::Av1,
    VideoCodec::Vp8,
    VideoCodec::Vp9,
];

fn bare(codec: VideoCodec) -> VideoConfig {
    VideoConfig {
        codec,
        record: Bytes::from_static(b"record"),
        width: 0,
        height: 0,
        profile: 0,
        level: 0,
        reorder_depth: None,
    }
}

fn bare_audio(codec: AudioCodec, sample_rate: u32, channels: u8) -> AudioConfig {
    AudioConfig {
        codec,
        record: Bytes::from_static(b"record"),
        sample_rate,
        channels,
    }
}

/// R-P7: what is written as sequence headers is what players know.
#[test]
fn written_configurations_are_read_back() {
    for codec in VIDEO_CODECS {
        let record = Bytes::from_static(b"record");
        let body = video_config_body(&bare(codec));
        assert_eq!(
            parse_video(body),
            Ok(VideoTagBody::SequenceHeader { codec, record })
        );
        assert_eq!(
            parse_video(video_end_body(codec)),
            Ok(VideoTagBody::EndOfSequence { codec })
        );
    }
    for codec in [AudioCodec::Aac, AudioCodec::Opus] {
        let record = Bytes::from_static(b"record");
        let body = audio_config_body(&bare_audio(codec, 48_000, 2)).unwrap();
        assert_eq!(
            parse_audio(body),
            Ok(AudioTagBody::SequenceHeader { codec, record })
        );
    }
    let opus_end = audio_end_body(AudioCodec::Opus).unwrap();
    assert_eq!(
        parse_audio(opus_end),
        Ok(AudioTagBody::EndOfSequence {
            codec: AudioCodec::Opus
        })
    );
    assert_eq!(audio_end_body(AudioCodec::Aac), None);
    assert_eq!(audio_config_body(&bare_audio(AudioCodec::Mp3, 44_100, 2)), None);
    assert_eq!(
        video_config_body(&bare(VideoCodec::H264))[..5],
        [0x17, 0, 0, 0, 0]
    );
}

#[test]
fn written_audio_headers() {
    let header = |codec, rate, channels| {
        audio_frame_header(&bare_audio(codec, rate, channels))
            .as_slice()
            .to_vec()
    };
    assert_eq!(header(AudioCodec::Aac, 16_000, 1), [0xAF, 1]);
    assert_eq!(header(AudioCodec::Opus, 48_000, 2), *b"\x91Opus");
    assert_eq!(header(AudioCodec::Mp3, 44_100, 2), [0x2F]);
    assert_eq!(header(AudioCodec::Mp3, 22_050, 1), [0x2A]);
    assert_eq!(header(AudioCodec::Mp3, 11_025, 2), [0x27]);
    assert_eq!(header(AudioCodec::Mp3, 8_000, 1), [0xE2]);
    let error_free = parse_audio([&header(AudioCodec::Mp3, 8_000, 1)[..], &[9]].concat().into());
    assert_eq!(error_free, Ok(sound(AudioCodec::Mp3, &[9])));
}

#[test]
fn compositions_are_milliseconds_and_cut_to_24_bits() {
    let mut late = frame(TrackKind::Video, false, 0);
    late.composition = MediaDuration::new(7_200, Timescale::RTP_VIDEO);
    assert_eq!(
        video_frame_header(VideoCodec::H264, &late).as_slice(),
        [0x27, 1, 0, 0, 80]
    );
    late.composition = MediaDuration::from_millis(i64::MAX);
    assert_eq!(
        video_frame_header(VideoCodec::H264, &late).as_slice(),
        [0x27, 1, 0x7F, 0xFF, 0xFF]
    );
    late.composition = MediaDuration::from_millis(i64::MIN);
    assert_eq!(
        video_frame_header(VideoCodec::H264, &late).as_slice(),
        [0x27, 1, 0x80, 0, 0]
    );
    let header = video_frame_header(VideoCodec::H265, &late);
    assert_eq!((header.len(), header.is_empty()), (8, false));
}

/// R-P7: tag bodies are written byte for byte as FFmpeg writes them.
#[test]
fn bodies_of_ffmpeg_are_rewritten_exactly() {
    for name in [
        "av.flv",
        "mp3.flv",
        "h264_main_360x202.flv",
        "h264_baseline_368x640.flv",
    ] {
        let mut audio_config = bare_audio(AudioCodec::Mp3, 44_100, 1);
        for Tag { kind, body, .. } in tags(fixture(name)) {
            let written = match kind {
                TagKind::Script => continue,
                TagKind::Audio => match parse_audio(body.clone()).unwrap() {
                    AudioTagBody::SequenceHeader { codec, record } => {
                        audio_config = AudioConfig::from_record(codec, record).unwrap();
                        audio_config_body(&audio_config).unwrap()
                    }
                    AudioTagBody::CodedFrame { payload, .. } => {
                        [audio_frame_header(&audio_config).as_slice(), &payload]
                            .concat()
                            .into()
                    }
                    other => panic!("{other:?}"),
                },
                TagKind::Video => match parse_video(body.clone()).unwrap() {
                    VideoTagBody::SequenceHeader { codec, record } => {
                        video_config_body(&VideoConfig::from_record(codec, record).unwrap())
                    }
                    VideoTagBody::CodedFrame {
                        codec,
                        keyframe,
                        composition_ms,
                        payload,
                    } => {
                        let frame = frame(TrackKind::Video, keyframe, i64::from(composition_ms));
                        [video_frame_header(codec, &frame).as_slice(), &payload]
                            .concat()
                            .into()
                    }
                    VideoTagBody::EndOfSequence { codec } => video_end_body(codec),
                    other => panic!("{other:?}"),
                },
            };
            assert_eq!(written, body, "{name}");
        }
    }
}

proptest! {
    #[test]
    fn written_frames_are_read_back(
        codec in prop::sample::select(VIDEO_CODECS.to_vec()),
        keyframe: bool,
        composition_ms in -8_388_608_i32..8_388_608,
    ) {
        let composed = matches!(codec, VideoCodec::H264 | VideoCodec::H265);
        let composition_ms = if composed { composition_ms } else { 0 };
        let frame = frame(TrackKind::Video, keyframe, i64::from(composition_ms));
        let header = video_frame_header(codec, &frame);
        let body = [header.as_slice(), &frame.payload].concat();
        prop_assert_eq!(parse_video(body.into()), Ok(coded(codec, keyframe, composition_ms, b"payload")));
    }
}
