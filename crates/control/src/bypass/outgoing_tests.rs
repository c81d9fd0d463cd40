use std::time::Duration;

use lianmai_hub::{Hub, HubConfig, Publication, PublishOptions, ReadOptions, Reader, StreamKey};
use lianmai_media::flv::{AudioTagBody, ScriptData, VideoTagBody, parse_audio, parse_script, parse_video};
use lianmai_media::{AudioConfig, MediaDuration, MediaTime, VideoCodec, VideoConfig};
use lianmai_rtmp::protocol::{ChunkLimits, ChunkReader, Message, type_id};

use super::*;

/// The size of chunks before another is announced.
const CHUNK: u32 = 128;

fn video(width: u32) -> VideoConfig {
    VideoConfig {
        codec: VideoCodec::H264,
        record: Bytes::copy_from_slice(&width.to_be_bytes()),
        width,
        height: 360,
        profile: 66,
        level: 30,
        reorder_depth: Some(0),
    }
}

fn frame(kind: TrackKind, millis: i64, keyframe: bool) -> Frame {
    Frame {
        kind,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe,
        payload: Bytes::from(vec![7; 300]),
    }
}

struct Rig {
    publication: Publication,
    reader: Reader,
    outgoing: Outgoing,
    chunks: ChunkReader,
}

fn rig() -> Rig {
    let hub = Hub::new(HubConfig::default());
    let key = StreamKey::new("a", "s");
    let publication = hub.publish(key.clone(), PublishOptions::default()).unwrap();
    let options = ReadOptions {
        coalesce: Some(Duration::ZERO),
        skip_gop_cache: true,
        ..ReadOptions::default()
    };
    Rig {
        publication,
        reader: hub.subscribe(key, options).unwrap(),
        outgoing: Outgoing::new(1, CHUNK),
        chunks: ChunkReader::new(ChunkLimits::after_login()),
    }
}

impl Rig {
    fn push(&self, kind: TrackKind, millis: i64, keyframe: bool) {
        self.publication.push(frame(kind, millis, keyframe)).unwrap();
    }

    /// What went out for all that was pushed.
    async fn sent(&mut self) -> Vec<Message> {
        let mut batch = Vec::new();
        self.reader.next_batch(&mut batch).await;
        for delivery in batch {
            self.outgoing.take(delivery, &StreamStats::default());
        }
        let mut messages = Vec::new();
        for part in self.outgoing.drain() {
            self.chunks.push(&part);
            while let Some(message) = self.chunks.poll_message().unwrap() {
                messages.push(message);
            }
        }
        messages
    }
}

/// One word per message, with its time: what a target sees.
fn seen(messages: &[Message]) -> Vec<(&'static str, u32)> {
    let name = |message: &Message| match message.type_id {
        type_id::AUDIO => match parse_audio(message.payload.clone()).unwrap() {
            AudioTagBody::SequenceHeader { .. } => "audio header",
            AudioTagBody::CodedFrame { .. } if message.payload.len() < 300 => "silence",
            _ => "sound",
        },
        type_id::VIDEO => match parse_video(message.payload.clone()).unwrap() {
            VideoTagBody::SequenceHeader { .. } => "video header",
            VideoTagBody::CodedFrame { keyframe: true, .. } => "key frame",
            _ => "picture",
        },
        _ => "metadata",
    };
    messages.iter().map(|m| (name(m), m.timestamp)).collect()
}

/// R-P7: metadata, sequence headers, then a key frame, at times that begin with 0.
#[tokio::test]
async fn a_target_gets_metadata_then_headers_then_a_key_frame() {
    let mut rig = rig();
    rig.publication.set_video(video(640)).unwrap();
    rig.publication
        .set_audio(AudioConfig::aac_lc(44_100, 2).unwrap())
        .unwrap();
    rig.push(TrackKind::Audio, 90_000, true);
    rig.push(TrackKind::Video, 90_010, false);
    rig.push(TrackKind::Video, 90_050, true);
    rig.push(TrackKind::Audio, 90_060, true);
    rig.push(TrackKind::Video, 90_090, false);
    let sent = rig.sent().await;
    assert_eq!(
        seen(&sent),
        [
            ("metadata", 0),
            ("video header", 0),
            ("audio header", 0),
            ("key frame", 0),
            ("sound", 10),
            ("picture", 40),
        ]
    );
    assert!(sent.iter().all(|message| message.stream_id == 1));
    let mut name = Vec::new();
    amf0::encode(&amf0::Value::from("@setDataFrame"), &mut name);
    assert!(sent[0].payload.starts_with(&name));
    let ScriptData::Metadata(metadata) = parse_script(&sent[0].payload).unwrap() else {
        panic!("no metadata");
    };
    let number = |name| metadata.get(name).and_then(amf0::Value::as_number);
    assert_eq!(
        (number("width"), number("audiosamplerate")),
        (Some(640.0), Some(44_100.0))
    );
}

/// R-P6, and R-V6: sequence headers again when the codec changes.
#[tokio::test]
async fn a_stream_without_sound_gets_silence_until_it_has_some() {
    let mut rig = rig();
    rig.publication.set_video(video(640)).unwrap();
    rig.push(TrackKind::Video, 5_000, true);
    rig.push(TrackKind::Video, 5_040, false);
    let silent = [
        ("metadata", 0),
        ("video header", 0),
        ("audio header", 0),
        ("silence", 0),
        ("key frame", 0),
        ("silence", 21),
        ("picture", 40),
    ];
    assert_eq!(seen(&rig.sent().await), silent);
    rig.publication
        .set_audio(AudioConfig::aac_lc(44_100, 1).unwrap())
        .unwrap();
    rig.publication.set_video(video(320)).unwrap();
    rig.push(TrackKind::Video, 5_080, true);
    rig.push(TrackKind::Audio, 5_120, true);
    let told = seen(&rig.sent().await);
    let headers: Vec<_> = told.iter().filter(|(name, _)| name.ends_with("header")).collect();
    assert_eq!(headers, [&("video header", 80), &("audio header", 80)]);
    assert_eq!(told.last(), Some(&("sound", 120)));
}

#[tokio::test]
async fn sound_alone_stays_sound_alone() {
    let mut rig = rig();
    rig.publication
        .set_audio(AudioConfig::aac_lc(48_000, 2).unwrap())
        .unwrap();
    rig.push(TrackKind::Audio, 700, true);
    rig.push(TrackKind::Audio, 721, true);
    let expected = [("metadata", 0), ("audio header", 0), ("sound", 0), ("sound", 21)];
    assert_eq!(seen(&rig.sent().await), expected);
}
