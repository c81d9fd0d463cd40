//! One track on its way from the stream to the recording's timeline.

use std::sync::Arc;

use lianmai_hub::{Delivery, EndReason, Feed, FileCodecs, Headers, Hub, Item, PublishError, StreamKey};
use lianmai_media::{AudioCodec, Frame, MediaDuration, TrackKind, VideoCodec};

use crate::Format;
use crate::sample::TrackConfig;

/// What a container can hold.
pub(crate) fn codecs(format: Format) -> FileCodecs {
    let mut video = vec![
        VideoCodec::H264,
        VideoCodec::H265,
        VideoCodec::Av1,
        VideoCodec::Vp9,
    ];
    if format == Format::Flv {
        video.push(VideoCodec::Vp8);
    }
    FileCodecs {
        video,
        audio: vec![AudioCodec::Aac, AudioCodec::Opus, AudioCodec::Mp3],
    }
}

/// One of the stream's tracks.
pub(crate) struct Intake {
    pub(crate) kind: TrackKind,
    pub(crate) feed: Feed,
    pub(crate) batch: Vec<Delivery>,
    pub(crate) ended: Option<EndReason>,
    headers: Option<Arc<Headers>>,
    track: Option<Arc<TrackConfig>>,
}

/// What came of a track.
pub(crate) enum News {
    Frame(Frame, Arc<TrackConfig>),
    Gap(u64),
}

impl Intake {
    pub(crate) fn new(
        hub: &Hub,
        key: &StreamKey,
        kind: TrackKind,
        format: Format,
    ) -> Result<Intake, PublishError> {
        Ok(Intake {
            kind,
            feed: hub.follow_for_file(key, kind, codecs(format))?,
            batch: Vec::new(),
            ended: None,
            headers: None,
            track: None,
        })
    }

    /// Times of the first and last frames of the batch.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let mut times = self.batch.iter().filter_map(|delivery| match delivery {
            Delivery::Item(item) => Some(item.millis()),
            _ => None,
        });
        let first = times.next()?;
        Some((first, times.next_back().unwrap_or(first)))
    }

    /// Takes the batch apart, its frames moved by `offset` milliseconds.
    pub(crate) fn take(&mut self, offset: i64) -> Vec<News> {
        let batch = std::mem::take(&mut self.batch);
        let mut news = Vec::with_capacity(batch.len());
        for delivery in &batch {
            match delivery {
                Delivery::Item(item) => {
                    if let Some(frame) = item.frame().and_then(|frame| moved(frame, offset))
                        && let Some(track) = self.track_of(item)
                    {
                        news.push(News::Frame(frame, track));
                    }
                }
                Delivery::Gap { dropped } => news.push(News::Gap(*dropped)),
                Delivery::End(reason) => self.ended = Some(*reason),
                // Items bring their headers.
                Delivery::Headers(_) | Delivery::Run(_) => {}
            }
        }
        self.batch = batch;
        self.batch.clear();
        news
    }

    fn track_of(&mut self, item: &Item) -> Option<Arc<TrackConfig>> {
        let known = self
            .headers
            .as_ref()
            .is_some_and(|headers| Arc::ptr_eq(headers, &item.headers));
        if !known {
            self.headers = Some(item.headers.clone());
            let track = match self.kind {
                TrackKind::Video => item.headers.video.clone().map(|config| TrackConfig::Video {
                    config,
                    rotation: item.headers.rotation,
                }),
                TrackKind::Audio => item.headers.audio.clone().map(TrackConfig::Audio),
            };
            if self.track.as_deref() != track.as_ref() {
                self.track = track.map(Arc::new);
            }
        }
        self.track.clone()
    }
}

/// The frame moved; nothing where there is nothing in it, or its time cannot be expressed.
fn moved(frame: &Frame, offset: i64) -> Option<Frame> {
    if frame.payload.is_empty() {
        return None;
    }
    let by = MediaDuration::from_millis(offset)
        .rebase(frame.dts.scale())
        .ok()?;
    Some(Frame {
        dts: frame.dts.checked_add(by).ok()?,
        ..frame.clone()
    })
}
