//! The playing side of a connection: items of the hub as RTMP chunks.
//!
//! Chunks of an item are made once with full headers and shared by every player on message stream 1, which is
//! nearly all of them; others get their own copy.

use std::sync::Arc;

use bytes::Bytes;
use lianmai_hub::{
    Announcer, Delivery, DirectWrite, Grant, Headers, Hub, Item, PublishError, ReadOptions, Reader,
    StreamKey, Wire, WireForm, item_body,
};
use lianmai_media::TrackKind;
use lianmai_media::flv::TagKind;

use crate::protocol::{MediaKind, media_chunk_parts, media_chunks};
use crate::transport::OutQueue;

const SHARED_STREAM_ID: u32 = 1;

/// How items go to players on message stream 1: the same for all of them.
pub(super) struct PlayWire {
    chunk_size: u32,
    shared: Wire,
}

impl PlayWire {
    pub(super) fn new(chunk_size: u32) -> PlayWire {
        let parts = Arc::new(move |item: &Item| item_chunks(item, SHARED_STREAM_ID, chunk_size));
        PlayWire {
            chunk_size,
            shared: Wire {
                form: WireForm::RtmpChunks,
                parts,
            },
        }
    }
}

pub(super) struct Playout {
    key: StreamKey,
    hub: Hub,
    options: ReadOptions,
    /// `None` while paused.
    reader: Option<Reader>,
    announcer: Announcer,
    /// Headers not told yet; they go out before the next item.
    news: Option<Arc<Headers>>,
    stream_id: u32,
    chunk_size: u32,
    wants_audio: bool,
    wants_video: bool,
}

impl Playout {
    pub(super) fn start(
        hub: &Hub,
        grant: Grant,
        query: &str,
        stream_id: u32,
        wire: &PlayWire,
        direct: Option<Arc<dyn DirectWrite>>,
    ) -> Result<Playout, PublishError> {
        let options = ReadOptions {
            holder: grant.holder,
            internal: grant.internal,
            // A worker that asks for the plain form needs it, whatever the member speaks.
            composed: grant.internal,
            wire: (stream_id == SHARED_STREAM_ID).then(|| wire.shared.clone()),
            direct,
            ..ReadOptions::from_query(query)
        };
        let reader = hub.subscribe(grant.key.clone(), options.clone())?;
        Ok(Playout {
            key: grant.key,
            hub: hub.clone(),
            announcer: Announcer::new(options.tracks),
            options,
            news: None,
            reader: Some(reader),
            stream_id,
            chunk_size: wire.chunk_size,
            wants_audio: true,
            wants_video: true,
        })
    }

    pub(super) fn key(&self) -> &StreamKey {
        &self.key
    }

    pub(super) fn stream_id(&self) -> u32 {
        self.stream_id
    }

    /// A paused player reads nothing; going on, it starts at the newest key frame.
    pub(super) fn pause(&mut self, paused: bool) {
        if paused {
            self.reader = None;
        } else if self.reader.is_none() {
            self.reader = self.hub.subscribe(self.key.clone(), self.options.clone()).ok();
        }
    }

    pub(super) fn receive_audio(&mut self, enabled: bool) {
        self.wants_audio = enabled;
        self.pick_items();
    }

    pub(super) fn receive_video(&mut self, enabled: bool) {
        self.wants_video = enabled;
        self.pick_items();
    }

    /// A player that wants less than everybody gets its items one by one, for good.
    fn pick_items(&mut self) {
        self.options.wire = None;
        if let Some(reader) = &mut self.reader {
            reader.forgo_runs();
        }
    }

    pub(super) async fn next_batch(&mut self, batch: &mut Vec<Delivery>) {
        match &mut self.reader {
            Some(reader) => reader.next_batch(batch).await,
            None => std::future::pending().await,
        }
    }

    /// Waits until the player's right to play is taken back.
    pub(super) async fn revoked(&self) {
        match &self.reader {
            Some(reader) => reader.revoked().await,
            None => std::future::pending().await,
        }
    }

    /// Stops the hub's own writing; what it cut off there is to be written before anything else.
    pub(super) fn reclaim(&mut self) -> Option<Bytes> {
        self.reader.as_mut()?.reclaim()
    }

    /// The player is cut off because it takes nothing: what waits for it is lost.
    pub(super) fn give_up(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.give_up();
        }
    }

    /// Puts the bytes of one delivery into `out`.
    pub(super) fn write(&mut self, delivery: Delivery, out: &mut OutQueue) {
        match delivery {
            Delivery::Item(item) => {
                self.announce(&item, out);
                let unwanted = item.frame().is_some_and(|frame| match frame.kind {
                    TrackKind::Audio => !self.wants_audio,
                    TrackKind::Video => !self.wants_video,
                });
                if !unwanted {
                    self.put(&item, out);
                }
            }
            Delivery::Run(bytes) => out.push(bytes),
            Delivery::Headers(headers) => self.news = Some(headers),
            // The key frame that follows heals the picture; the loss is counted in the hub.
            Delivery::Gap { dropped } => tracing::debug!(dropped, "player too slow"),
            Delivery::End(_) => {}
        }
    }

    /// Tells what the player must know for `item`.
    fn announce(&mut self, item: &Item, out: &mut OutQueue) {
        let (Some(headers), Some(reader)) = (self.news.take(), &self.reader) else {
            return;
        };
        for (kind, body) in self.announcer.announce(&headers, &reader.stream_stats()) {
            let kind = media_kind(kind);
            out.push(media_chunks(
                kind.csid(),
                kind.type_id(),
                announcement_millis(kind, item),
                self.stream_id,
                self.chunk_size,
                &[],
                &body,
            ));
        }
    }

    fn put(&self, item: &Item, out: &mut OutQueue) {
        let build = |item: &Item| item_chunks(item, self.stream_id, self.chunk_size);
        if self.stream_id == SHARED_STREAM_ID {
            for part in item.wire(WireForm::RtmpChunks, build) {
                out.push(part.clone());
            }
        } else {
            for part in build(item) {
                out.push(part);
            }
        }
    }
}

fn item_chunks(item: &Item, stream_id: u32, chunk_size: u32) -> Vec<Bytes> {
    let Some((kind, header, payload)) = item_body(item) else {
        return Vec::new();
    };
    let kind = media_kind(kind);
    // RTMP time is 32 bits of milliseconds and wraps (RTMP 1.0 §5.3.1).
    let millis = item.millis() as u32;
    media_chunk_parts(
        kind.csid(),
        kind.type_id(),
        millis,
        stream_id,
        chunk_size,
        header.as_slice(),
        payload,
    )
}

/// Sequence headers have the time of the item they are for, as a player's clock must not jump. Metadata has 0: players
/// that build on FFmpeg take later metadata for a subtitle track.
fn announcement_millis(kind: MediaKind, item: &Item) -> u32 {
    match kind {
        MediaKind::Data => 0,
        MediaKind::Audio | MediaKind::Video => item.millis() as u32,
    }
}

fn media_kind(kind: TagKind) -> MediaKind {
    match kind {
        TagKind::Audio => MediaKind::Audio,
        TagKind::Video => MediaKind::Video,
        TagKind::Script => MediaKind::Data,
    }
}
