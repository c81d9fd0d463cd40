//! The files under `tests/fixtures` and what they are made of.

use bytes::Bytes;
use lianmai_media::flv::{AudioTagBody, FlvReader, ReaderLimits, Tag, TagKind, VideoTagBody};
use lianmai_media::flv::{parse_audio, parse_video};

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        /// Every fixture with its content.
        pub(crate) const ALL: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../fixtures/", $name)))),*];
    };
}
fixtures![
    "h264_baseline_368x640.flv",
    "h264_main_360x202.flv",
    "h264_high_1920x1080.flv",
    "h264_interlaced_720x480.flv",
    "h264_444_64x36.flv",
    "h264_annexb.h264",
    "hevc_352x202.hvcc",
    "av1_368x208.av1c",
    "vp9.vpcc",
    "aac_48000_2.adts",
    "aac_44100_2.adts",
    "aac_16000_1.adts",
    "av.flv",
    "mp3.flv",
    "opus.head",
    "opus_60ms.packets",
];

pub(crate) fn fixture(name: &str) -> &'static [u8] {
    ALL.iter().find(|(known, _)| *known == name).unwrap().1
}

/// All tags of an FLV file.
pub(crate) fn tags(file: &[u8]) -> Vec<Tag> {
    let mut reader = FlvReader::new(ReaderLimits::default());
    reader.push(file);
    std::iter::from_fn(|| reader.poll().unwrap()).collect()
}

/// The first video record of an FLV file.
pub(crate) fn video_record(name: &str) -> Bytes {
    let record = tags(fixture(name)).into_iter().find_map(|tag| match tag.kind {
        TagKind::Video => match parse_video(tag.body).unwrap() {
            VideoTagBody::SequenceHeader { record, .. } => Some(record),
            _ => None,
        },
        _ => None,
    });
    record.unwrap()
}

/// The payloads, key frame flags and composition times of the video frames of an FLV file.
pub(crate) fn video_frames(name: &str) -> Vec<(Bytes, bool, i32)> {
    let frames = tags(fixture(name))
        .into_iter()
        .filter(|tag| tag.kind == TagKind::Video);
    let frames = frames.filter_map(|tag| match parse_video(tag.body).unwrap() {
        VideoTagBody::CodedFrame {
            payload,
            keyframe,
            composition_ms,
            ..
        } => Some((payload, keyframe, composition_ms)),
        _ => None,
    });
    frames.collect()
}

/// What the audio tags of an FLV file say.
pub(crate) fn audio_bodies(name: &str) -> Vec<AudioTagBody> {
    let audio = tags(fixture(name))
        .into_iter()
        .filter(|tag| tag.kind == TagKind::Audio);
    audio.map(|tag| parse_audio(tag.body).unwrap()).collect()
}
