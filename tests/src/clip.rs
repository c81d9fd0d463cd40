//! Short encodes as lists of FLV tags, for publishers that send chosen tags at chosen times.

use std::path::Path;

use bytes::Bytes;
use lianmai_media::Metadata;
use lianmai_media::amf0::Value;
use lianmai_media::flv::{self, ScriptData};
use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::MediaKind;

use crate::media::Source;
use crate::rtmp::flv_tags;

/// An FLV tag: kind, time in milliseconds, body.
pub type Tag = (MediaKind, u32, Bytes);

/// A short encode, taken apart.
#[derive(Clone)]
pub struct Clip {
    pub metadata: Tag,
    /// Sequence headers, at time 0.
    pub video_header: Option<Tag>,
    pub audio_header: Option<Tag>,
    /// Frames in order of time, both tracks.
    pub frames: Vec<Tag>,
}

impl Clip {
    pub async fn make(source: Source) -> Clip {
        assert!(source.seconds.is_some(), "a clip must end");
        Clip::read(&source.kept())
    }

    /// What is in an FLV file.
    pub fn read(file: &Path) -> Clip {
        let tags = flv_tags(&std::fs::read(file).unwrap());
        let header = |kind| {
            tags.iter()
                .find(|tag| tag.0 == kind && is_header(tag))
                .map(|(kind, _, body)| (*kind, 0, body.clone()))
        };
        Clip {
            metadata: tags.iter().find(|tag| tag.0 == MediaKind::Data).unwrap().clone(),
            video_header: header(MediaKind::Video),
            audio_header: header(MediaKind::Audio),
            frames: tags.iter().filter(|tag| is_frame(tag)).cloned().collect(),
        }
    }

    /// Two seconds of a small picture with one key frame a second, and sound.
    pub async fn small() -> Clip {
        Clip::make(Source {
            size: "160x120",
            seconds: Some(2.0),
            ..Source::default()
        })
        .await
    }

    /// The frames of one track.
    pub fn track(&self, kind: MediaKind) -> Vec<Tag> {
        self.frames.iter().filter(|tag| tag.0 == kind).cloned().collect()
    }

    /// Metadata and sequence headers.
    pub fn headers(&self) -> Vec<Tag> {
        let headers = [
            Some(&self.metadata),
            self.video_header.as_ref(),
            self.audio_header.as_ref(),
        ];
        headers.into_iter().flatten().cloned().collect()
    }

    /// Everything.
    pub fn all(&self) -> Vec<Tag> {
        [self.headers(), self.frames.clone()].concat()
    }
}

/// The same tags `millis` later.
pub fn later(tags: &[Tag], millis: u32) -> Vec<Tag> {
    tags.iter()
        .map(|(kind, time, body)| (*kind, time + millis, body.clone()))
        .collect()
}

/// Whether this is a sequence header of H.264 or AAC.
pub fn is_header(tag: &Tag) -> bool {
    tag.0 != MediaKind::Data && tag.2.get(1) == Some(&0)
}

/// Whether this is a picture or a packet of sound.
pub fn is_frame(tag: &Tag) -> bool {
    tag.0 != MediaKind::Data && tag.2.get(1) == Some(&1)
}

pub fn is_key(tag: &Tag) -> bool {
    tag.0 == MediaKind::Video && is_frame(tag) && tag.2[0] >> 4 == 1
}

/// The metadata in a tag, when it holds some.
pub fn metadata(tag: &Tag) -> Option<Metadata> {
    if tag.0 != MediaKind::Data {
        return None;
    }
    match flv::parse_script(&tag.2).unwrap() {
        ScriptData::Metadata(metadata) => Some(metadata),
        ScriptData::Other { .. } => None,
    }
}

/// A number of a metadata tag.
pub fn number(metadata: &Metadata, key: &str) -> Option<f64> {
    metadata.get(key).and_then(Value::as_number)
}

/// Sends tags at once, with the times they have.
pub async fn send(publisher: &mut RtmpClient, tags: &[Tag]) {
    for (kind, time, body) in tags {
        publisher.send_media(*kind, *time, body).unwrap();
    }
    publisher.flush().await.unwrap();
}

/// The bodies of the tags that are wanted.
pub fn bodies(tags: &[Tag], wanted: impl Fn(&Tag) -> bool) -> Vec<Bytes> {
    tags.iter()
        .filter(|tag| wanted(tag))
        .map(|tag| tag.2.clone())
        .collect()
}
