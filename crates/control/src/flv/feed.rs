//! One player's sequence of FLV bytes: file header, announcements, tags.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lianmai_hub::{Announcer, Delivery, EndReason, Headers, Item, Reader, WireForm, item_body};
use lianmai_media::TrackKind;
use lianmai_media::flv::{FileHeader, TagKind, tag};
use tokio::time::timeout;

/// How long after its start a publication may leave open which tracks it has (R-F1).
const TRACKS_SETTLE: Duration = Duration::from_secs(1);

/// Turns what a reader delivers into FLV. Media waits in the ring, not here: what is held is one batch.
pub(crate) struct FlvFeed {
    reader: Reader,
    announcer: Announcer,
    /// Headers not told yet; they go out before the next item.
    news: Option<Arc<Headers>>,
    batch: Vec<Delivery>,
    ready: VecDeque<Bytes>,
    started: bool,
    ended: Option<EndReason>,
}

impl FlvFeed {
    pub(crate) fn new(reader: Reader) -> FlvFeed {
        FlvFeed {
            announcer: Announcer::new(reader.tracks()),
            reader,
            news: None,
            batch: Vec::new(),
            ready: VecDeque::new(),
            started: false,
            ended: None,
        }
    }

    /// The next bytes; `None` at the end. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        self.fill().await;
        self.ready.pop_front()
    }

    /// The next bytes, all that are there in one piece; `None` at the end.
    pub(crate) async fn next_message(&mut self) -> Option<Bytes> {
        self.fill().await;
        match self.ready.len() {
            0 | 1 => self.ready.pop_front(),
            _ => Some(self.ready.drain(..).flatten().collect::<Vec<u8>>().into()),
        }
    }

    /// The player is cut off because it takes nothing: what waits for it is lost.
    pub(crate) fn give_up(&mut self) {
        self.reader.give_up();
    }

    /// Why it ended.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        self.ended
    }

    async fn fill(&mut self) {
        while self.ready.is_empty() && self.ended.is_none() {
            if self.batch.is_empty() {
                self.reader.next_batch(&mut self.batch).await;
            }
            if !self.started && !matches!(self.batch.first(), Some(Delivery::End(_))) {
                let header = self.file_header().await;
                self.ready.push_back(Bytes::copy_from_slice(&header.to_bytes()));
                self.started = true;
            }
            let batch = std::mem::take(&mut self.batch);
            for delivery in batch {
                self.write(delivery);
            }
        }
    }

    /// The flags of the tracks there are. A young publication gets a moment to show its second track.
    async fn file_header(&mut self) -> FileHeader {
        loop {
            let headers = self.reader.live_headers();
            let tracks = self.reader.tracks();
            let (wants_audio, wants_video) = (tracks.wants(TrackKind::Audio), tracks.wants(TrackKind::Video));
            let header = FileHeader {
                audio: wants_audio && headers.audio.is_some(),
                video: wants_video && headers.video.is_some(),
            };
            let complete = header.audio == wants_audio && header.video == wants_video;
            let age = self.reader.publication_age().unwrap_or(TRACKS_SETTLE);
            let Some(left) = TRACKS_SETTLE
                .checked_sub(age)
                .filter(|left| !left.is_zero() && !complete)
            else {
                return header;
            };
            // News is kept behind what waits already; without any, the time is up.
            let mut news = Vec::new();
            if timeout(left, self.reader.next_batch(&mut news)).await.is_ok() {
                let ended = matches!(news.last(), Some(Delivery::End(_)));
                self.batch.append(&mut news);
                if ended {
                    return header;
                }
            }
        }
    }

    fn write(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Run(bytes) => self.ready.push_back(bytes),
            Delivery::Item(item) => {
                self.announce(&item);
                self.ready
                    .extend(item.wire(WireForm::FlvTag, item_tag).iter().cloned());
            }
            Delivery::Headers(headers) => self.news = Some(headers),
            Delivery::Gap { dropped } => tracing::debug!(dropped, "player too slow"),
            Delivery::End(reason) => self.ended = Some(reason),
        }
    }

    /// Tells what the player must know for `item`. Sequence headers have its time, as a player's clock must not jump.
    /// Metadata has 0: players that build on FFmpeg take later metadata for a subtitle track.
    fn announce(&mut self, item: &Item) {
        let Some(headers) = self.news.take() else { return };
        let stats = self.reader.stream_stats();
        for (kind, body) in self.announcer.announce(&headers, &stats) {
            let millis = match kind {
                TagKind::Script => 0,
                TagKind::Audio | TagKind::Video => item.millis() as u32,
            };
            // A body over 24 bits cannot be an announcement of ours.
            self.ready.extend(tag(kind, millis, &[], &body).ok());
        }
    }
}

/// One part: an HTTP chunk per tag costs less than one per piece of it.
pub(super) fn item_tag(item: &Item) -> Vec<Bytes> {
    let made = item_body(item).and_then(|(kind, header, payload): (TagKind, _, _)| {
        // FLV time is 32 bits of milliseconds and wraps.
        tag(kind, item.millis() as u32, header.as_slice(), payload).ok()
    });
    made.into_iter().collect()
}
