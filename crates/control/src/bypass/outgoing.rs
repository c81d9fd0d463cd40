//! What goes to one connection: metadata, sequence headers, a key frame, and media at times of the connection's own
//! (R-P7), as RTMP chunks that share the media of the ring.

use std::sync::Arc;

use bytes::Bytes;
use lianmai_hub::{Announcer, Content, Delivery, EndReason, Headers, Item, StreamStats, TrackFilter};
use lianmai_media::flv::{self, TagKind};
use lianmai_media::{Frame, TrackKind, amf0};
use lianmai_rtmp::protocol::{MediaKind, media_chunk_parts};

use super::silence::Filler;
use super::times::Times;

/// The chunks of one connection.
pub(super) struct Outgoing {
    stream_id: u32,
    chunk_size: u32,
    announcer: Announcer,
    times: Times,
    filler: Filler,
    /// Headers not told yet; they go out before the next item.
    news: Option<Arc<Headers>>,
    /// The headers last told, with the track that is filled in.
    told: Headers,
    started: bool,
    out: Vec<Bytes>,
}

impl Outgoing {
    pub(super) fn new(stream_id: u32, chunk_size: u32) -> Self {
        Self {
            stream_id,
            chunk_size,
            announcer: Announcer::new(TrackFilter::All),
            times: Times::default(),
            filler: Filler::default(),
            news: None,
            told: Headers::default(),
            started: false,
            out: Vec::new(),
        }
    }

    /// Takes what the reader delivered; says so when it was the last.
    pub(super) fn take(&mut self, delivery: Delivery, stats: &StreamStats) -> Option<EndReason> {
        match delivery {
            Delivery::Headers(headers) => self.news = Some(headers),
            Delivery::Item(item) => self.item(&item, stats),
            // The key frame that follows heals the picture; the loss is counted by the reader.
            Delivery::Gap { .. } | Delivery::Run(_) => {}
            Delivery::End(reason) => return Some(reason),
        }
        None
    }

    /// What is to be sent now.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, Bytes> {
        self.out.drain(..)
    }

    fn item(&mut self, item: &Item, stats: &StreamStats) {
        let Content::Frame(frame) = &item.content else {
            // Script data of the publisher is between it and its players.
            return;
        };
        if !self.started {
            let is_picture = frame.kind == TrackKind::Video;
            if item.headers.video.is_some() && !(is_picture && frame.keyframe) {
                return;
            }
            self.started = true;
        }
        let millis = self.times.place(frame.kind, item.millis());
        self.announce(millis, stats);
        match frame.kind {
            TrackKind::Audio if !self.filler.sound(millis) => {
                metrics::counter!("lianmai_push_late_sound_total").increment(1);
            }
            TrackKind::Audio => self.frame(frame, millis),
            TrackKind::Video => {
                self.silence(millis);
                self.frame(frame, millis);
            }
        }
    }

    /// Tells what the target must know for the next item.
    fn announce(&mut self, millis: i64, stats: &StreamStats) {
        let Some(news) = self.news.take() else { return };
        let audio = self.filler.track(news.audio.as_ref());
        self.told = Headers {
            audio,
            ..(*news).clone()
        };
        for (kind, body) in self.announcer.announce(&self.told, stats) {
            match kind {
                TagKind::Script => self.put(MediaKind::Data, 0, &[], &set_data_frame(&body)),
                TagKind::Audio => self.put(MediaKind::Audio, millis, &[], &body),
                TagKind::Video => self.put(MediaKind::Video, millis, &[], &body),
            }
        }
    }

    fn silence(&mut self, until: i64) {
        let times = self.filler.before_picture(until);
        let Some((config, payload)) = self.filler.frame() else {
            return;
        };
        let header = flv::audio_frame_header(config);
        let payload = payload.clone();
        metrics::counter!("lianmai_push_silent_frames_total").increment(times.len() as u64);
        for millis in times {
            self.put(MediaKind::Audio, millis, header.as_slice(), &payload);
        }
    }

    fn frame(&mut self, frame: &Frame, millis: i64) {
        match frame.kind {
            TrackKind::Audio => {
                let Some(config) = &self.told.audio else { return };
                let header = flv::audio_frame_header(config);
                self.put(MediaKind::Audio, millis, header.as_slice(), &frame.payload);
            }
            TrackKind::Video => {
                let Some(config) = &self.told.video else { return };
                let header = flv::video_frame_header(config.codec, frame);
                self.put(MediaKind::Video, millis, header.as_slice(), &frame.payload);
            }
        }
    }

    fn put(&mut self, kind: MediaKind, millis: i64, header: &[u8], payload: &Bytes) {
        // RTMP time is 32 bits of milliseconds and wraps (RTMP 1.0 §5.3.1).
        let parts = media_chunk_parts(
            kind.csid(),
            kind.type_id(),
            millis as u32,
            self.stream_id,
            self.chunk_size,
            header,
            payload,
        );
        self.out.extend(parts);
    }
}

/// Metadata as publishers send it: servers keep it for later players.
fn set_data_frame(metadata: &[u8]) -> Bytes {
    let mut body = Vec::with_capacity(metadata.len() + 16);
    amf0::encode(&amf0::Value::from("@setDataFrame"), &mut body);
    body.extend_from_slice(metadata);
    body.into()
}

#[cfg(test)]
#[path = "outgoing_tests.rs"]
mod tests;
