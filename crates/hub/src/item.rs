//! One entry of a ring, with the wire forms that protocols have built of it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use lianmai_media::Frame;

use crate::Headers;

/// What an item carries.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    /// A coded picture or packet of sound.
    Frame(Frame),
    /// A timed script data message other than metadata (`onTextData`, `onCuePoint`): its AMF0 body and its
    /// time in milliseconds.
    Data {
        /// Milliseconds on the stream's timeline.
        millis: i64,
        /// AMF0 values, starting with the handler's name.
        body: Bytes,
    },
}

/// A ready-made form of an item, shared by all readers of one protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WireForm {
    /// RTMP chunks with a full first header, on message stream 1.
    RtmpChunks,
    /// An FLV tag with its trailing size.
    FlvTag,
    /// RTP payloads (RFC 3550 §5.1, without the packet header), one part each.
    RtpPayloads,
}

pub(crate) const WIRE_FORMS: usize = 3;

/// A numbered entry of a stream's ring. Shared, never changed.
#[derive(Debug)]
pub struct Item {
    /// Position in the stream; consecutive, starting at 0.
    pub sequence: u64,
    /// Headers in force for this item.
    pub headers: Arc<Headers>,
    /// The media.
    pub content: Content,
    wire: [OnceLock<Box<[Bytes]>>; WIRE_FORMS],
}

impl Item {
    pub(crate) fn new(sequence: u64, headers: Arc<Headers>, content: Content) -> Item {
        Item {
            sequence,
            headers,
            content,
            wire: Default::default(),
        }
    }

    /// The item's wire form, as parts to send one after the other; made by `build` when nobody has asked for it
    /// before. Parts should share the payload where they can, or it is in memory once more per form.
    pub fn wire(&self, form: WireForm, build: impl FnOnce(&Item) -> Vec<Bytes>) -> &[Bytes] {
        self.wire[form as usize].get_or_init(|| build(self).into_boxed_slice())
    }

    /// The frame, unless this is script data.
    pub fn frame(&self) -> Option<&Frame> {
        match &self.content {
            Content::Frame(frame) => Some(frame),
            Content::Data { .. } => None,
        }
    }

    /// Decoding time in milliseconds on the stream's timeline.
    pub fn millis(&self) -> i64 {
        match &self.content {
            Content::Frame(frame) => frame.dts.as_millis(),
            Content::Data { millis, .. } => *millis,
        }
    }

    /// Bytes of media.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::Frame(frame) => frame.payload.len(),
            Content::Data { body, .. } => body.len(),
        }
    }
}
