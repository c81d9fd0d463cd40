//! A hub with publishers, workers and readers to play with.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{
    Accept, Delivery, EndReason, Feed, FeedOptions, Form, Headers, Hub, Protocol, Publication,
    PublishOptions, ReadOptions, Reader, StreamKey,
};
use lianmai_media::{
    AudioCodec, AudioConfig, Frame, MediaDuration, MediaTime, TrackKind, VideoCodec, VideoConfig,
};

pub(crate) fn key() -> StreamKey {
    StreamKey::new("demo", "camera")
}

pub(crate) fn video_config(codec: VideoCodec, reorder_depth: Option<u8>) -> VideoConfig {
    VideoConfig {
        codec,
        record: Bytes::from_static(b"record"),
        width: 640,
        height: 360,
        profile: 66,
        level: 30,
        reorder_depth,
    }
}

pub(crate) fn audio_config(codec: AudioCodec) -> AudioConfig {
    match codec {
        AudioCodec::Opus => AudioConfig::opus(2).unwrap(),
        _ => AudioConfig::aac_lc(48_000, 2).unwrap(),
    }
}

pub(crate) fn frame(kind: TrackKind, millis: i64, keyframe: bool) -> Frame {
    Frame {
        kind,
        dts: MediaTime::from_millis(millis),
        composition: MediaDuration::from_millis(0),
        keyframe,
        payload: Bytes::from(vec![7; 100]),
    }
}

pub(crate) fn publish_as(hub: &Hub, key: StreamKey, epoch: u64, protocol: Protocol) -> Publication {
    hub.publish(key, PublishOptions::new(protocol, epoch, Some("ann".into())))
        .unwrap()
}

/// An RTMP publisher of H.264 and AAC.
pub(crate) fn publish_rtmp(hub: &Hub, epoch: u64) -> Publication {
    let publication = publish_as(hub, key(), epoch, Protocol::Rtmp);
    publication
        .set_video(video_config(VideoCodec::H264, Some(0)))
        .unwrap();
    publication.set_audio(audio_config(AudioCodec::Aac)).unwrap();
    publication
}

/// A WebRTC publisher of Opus and `codec`.
pub(crate) fn publish_rtc(hub: &Hub, epoch: u64, codec: VideoCodec) -> Publication {
    let publication = publish_as(hub, key().form(Form::Rtc), epoch, Protocol::Webrtc);
    publication.set_video(video_config(codec, Some(0))).unwrap();
    publication.set_audio(audio_config(AudioCodec::Opus)).unwrap();
    publication
}

/// A worker's rendition.
pub(crate) fn publish_rendition(hub: &Hub, form: Form) -> Publication {
    let publication = publish_as(hub, key().form(form), 0, Protocol::Rtmp);
    match form {
        Form::Opus => publication.set_audio(audio_config(AudioCodec::Opus)),
        Form::Aac => publication.set_audio(audio_config(AudioCodec::Aac)),
        _ => publication.set_video(video_config(VideoCodec::H264, Some(0))),
    }
    .unwrap();
    publication
}

/// Video frames `frames` at 25 frames per second, from `base` milliseconds on, with a key frame every second.
pub(crate) fn push_video(publication: &Publication, base: i64, frames: Range<i64>) {
    for n in frames {
        let frame = frame(TrackKind::Video, base + n * 40, n % 25 == 0);
        publication.push(frame).unwrap();
    }
}

/// Sound packets `packets` of 20 ms, from `base` milliseconds on.
pub(crate) fn push_audio(publication: &Publication, base: i64, packets: Range<i64>) {
    for n in packets {
        publication
            .push(frame(TrackKind::Audio, base + n * 20, true))
            .unwrap();
    }
}

/// What a browser takes.
pub(crate) fn browser(kind: TrackKind) -> FeedOptions {
    FeedOptions {
        kind,
        accept: Accept {
            video: vec![VideoCodec::H264, VideoCodec::Vp8],
            b_frames: false,
        },
        coalesce: Duration::ZERO,
        holder: Some("bob".into()),
    }
}

pub(crate) fn follow(hub: &Hub, kind: TrackKind) -> Feed {
    hub.follow(&key(), browser(kind)).unwrap()
}

pub(crate) fn play(hub: &Hub) -> Reader {
    let options = ReadOptions {
        coalesce: Some(Duration::ZERO),
        ..ReadOptions::default()
    };
    hub.subscribe(key(), options).unwrap()
}

/// Lets all tasks do what they can without time passing.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// What a reader or feed has got.
#[derive(Default, Debug)]
pub(crate) struct Got {
    pub(crate) deliveries: Vec<Delivery>,
}

impl Got {
    pub(crate) fn times_of(&self, kind: TrackKind) -> Vec<i64> {
        let of_kind = |d: &Delivery| match d {
            Delivery::Item(item) if item.frame().is_some_and(|f| f.kind == kind) => Some(item.millis()),
            _ => None,
        };
        self.deliveries.iter().filter_map(of_kind).collect()
    }

    pub(crate) fn times(&self) -> Vec<i64> {
        let time = |d: &Delivery| match d {
            Delivery::Item(item) => Some(item.millis()),
            _ => None,
        };
        self.deliveries.iter().filter_map(time).collect()
    }

    pub(crate) fn headers(&self) -> Vec<&Headers> {
        let mut all = Vec::new();
        for delivery in &self.deliveries {
            if let Delivery::Headers(headers) = delivery {
                all.push(&**headers);
            }
        }
        all
    }

    pub(crate) fn codecs(&self) -> Vec<VideoCodec> {
        self.headers()
            .iter()
            .filter_map(|h| Some(h.video.as_ref()?.codec))
            .collect()
    }

    pub(crate) fn starts_with_headers(&self) -> bool {
        matches!(self.deliveries.first(), Some(Delivery::Headers(_)))
    }

    pub(crate) fn end(&self) -> Option<EndReason> {
        match self.deliveries.last() {
            Some(Delivery::End(reason)) => Some(*reason),
            _ => None,
        }
    }
}

async fn drain(mut next: impl AsyncFnMut(&mut Vec<Delivery>)) -> Got {
    let mut got = Got::default();
    loop {
        settle().await;
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            () = next(&mut batch) => {}
            () = settle() => return got,
        }
        got.deliveries.append(&mut batch);
        if got.end().is_some() {
            return got;
        }
    }
}

/// Everything there is for `feed` now.
pub(crate) async fn read(feed: &mut Feed) -> Got {
    drain(async |batch| feed.next_batch(batch).await).await
}

/// Everything there is for `reader` now.
pub(crate) async fn read_player(reader: &mut Reader) -> Got {
    drain(async |batch| reader.next_batch(batch).await).await
}

/// What `feed` gets next, whenever that is.
pub(crate) async fn read_next(feed: &mut Feed) -> Got {
    let mut deliveries = Vec::new();
    feed.next_batch(&mut deliveries).await;
    Got { deliveries }
}

pub(crate) async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Whether a key frame is asked of `publication` now.
pub(crate) async fn is_asked(publication: &Publication) -> bool {
    tokio::select! {
        biased;
        () = publication.keyframe_wanted() => true,
        () = settle() => false,
    }
}
