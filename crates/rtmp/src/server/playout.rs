//! The playing side of a connection: items of the hub as RTMP chunks.
//!
//! Chunks of an item are made once with full headers and shared by every player on message stream 1, which is
//! nearly all of them; others get their own copy.

use bytes::Bytes;
use lianmai_hub::{
    Announcer, Delivery, Grant, Hub, Item, PublishError, ReadOptions, Reader, StreamKey, WireForm, item_body,
};
use lianmai_media::TrackKind;
use lianmai_media::flv::TagKind;

use crate::protocol::{MediaKind, media_chunk_parts, media_chunks};
use crate::transport::OutQueue;

const SHARED_STREAM_ID: u32 = 1;

pub(super) struct Playout {
    key: StreamKey,
    hub: Hub,
    options: ReadOptions,
    /// `None` while paused.
    reader: Option<Reader>,
    announcer: Announcer,
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
        chunk_size: u32,
    ) -> Result<Playout, PublishError> {
        let options = ReadOptions {
            holder: grant.holder,
            ..ReadOptions::from_query(query)
        };
        let reader = hub.subscribe(grant.key.clone(), options.clone())?;
        Ok(Playout {
            key: grant.key,
            hub: hub.clone(),
            announcer: Announcer::new(options.tracks),
            options,
            reader: Some(reader),
            stream_id,
            chunk_size,
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
    }

    pub(super) fn receive_video(&mut self, enabled: bool) {
        self.wants_video = enabled;
    }

    pub(super) async fn next_batch(&mut self, batch: &mut Vec<Delivery>) {
        match &mut self.reader {
            Some(reader) => reader.next_batch(batch).await,
            None => std::future::pending().await,
        }
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
                let unwanted = item.frame().is_some_and(|frame| match frame.kind {
                    TrackKind::Audio => !self.wants_audio,
                    TrackKind::Video => !self.wants_video,
                });
                if !unwanted {
                    self.put(&item, out);
                }
            }
            Delivery::Headers(headers) => {
                let Some(reader) = &self.reader else { return };
                let stats = reader.stream_stats();
                // Their time is that of the item that follows; 0 keeps players from waiting for it.
                for (kind, body) in self.announcer.announce(&headers, &stats) {
                    let kind = media_kind(kind);
                    let (csid, type_id) = (kind.csid(), kind.type_id());
                    out.push(media_chunks(
                        csid,
                        type_id,
                        0,
                        self.stream_id,
                        self.chunk_size,
                        &[],
                        &body,
                    ));
                }
            }
            // The key frame that follows heals the picture; the loss is counted in the hub.
            Delivery::Gap { dropped } => tracing::debug!(dropped, "player too slow"),
            Delivery::End(_) => {}
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

fn media_kind(kind: TagKind) -> MediaKind {
    match kind {
        TagKind::Audio => MediaKind::Audio,
        TagKind::Video => MediaKind::Video,
        TagKind::Script => MediaKind::Data,
    }
}
