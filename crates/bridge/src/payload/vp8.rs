//! RTP payload format for VP8 (RFC 7741), and the frame header (RFC 6386 §9.1).

use bytes::{BufMut, Bytes, BytesMut};
use lianmai_media::{VideoCodec, VideoConfig};

use super::PayloadError;
use super::access_unit::{Assemble, Picture};
use super::fragments::equal_pieces;
use super::limits::MAX_ACCESS_UNIT;

const EXTENDED: u8 = 0x80;
const START: u8 = 0x10;
const PARTITION: u8 = 0x07;

/// The payloads of a frame. The descriptor is one byte: a relay knows nothing of layers.
pub(super) fn packetise(frame: &Bytes, limit: usize) -> Vec<Bytes> {
    let pieces = equal_pieces(frame, limit - 1);
    let mut out = BytesMut::with_capacity(frame.len() + pieces.len());
    pieces
        .enumerate()
        .map(|(index, piece)| {
            out.put_u8(if index == 0 { START } else { 0 });
            out.put_slice(piece);
            out.split().freeze()
        })
        .collect()
}

/// The payload descriptor (RFC 7741 §4.2): whether a frame starts, and how long the descriptor is.
fn descriptor(payload: &[u8]) -> Option<(bool, usize)> {
    let first = *payload.first()?;
    let mut length = 1;
    if first & EXTENDED != 0 {
        let extensions = *payload.get(1)?;
        length += 1;
        if extensions & 0x80 != 0 {
            let is_long = payload.get(length)? & 0x80 != 0;
            length += 1 + usize::from(is_long);
        }
        length += usize::from(extensions & 0x40 != 0);
        length += usize::from(extensions & 0x30 != 0);
    }
    let starts = first & START != 0 && first & PARTITION == 0;
    (length <= payload.len()).then_some((starts, length))
}

/// Puts one frame together.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    frame: BytesMut,
    /// Width, height and version of the last key frame.
    format: Option<(u32, u32, u8)>,
}

impl Assemble for Assembler {
    fn surely_starts(&self, payload: &[u8]) -> bool {
        descriptor(payload).is_some_and(|(starts, _)| starts)
    }

    fn push(&mut self, payload: &Bytes) -> Result<(), PayloadError> {
        let (starts, length) = descriptor(payload).ok_or(PayloadError::Truncated {
            part: "VP8 payload descriptor",
            length: payload.len(),
        })?;
        let content = payload.get(length..).unwrap_or_default();
        if starts != self.frame.is_empty() {
            return Err(PayloadError::Fragment);
        }
        if self.frame.len() + content.len() > MAX_ACCESS_UNIT {
            return Err(PayloadError::TooLong {
                limit: MAX_ACCESS_UNIT,
            });
        }
        self.frame.put_slice(content);
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<Picture>, PayloadError> {
        let Some(first) = self.frame.first() else {
            return Ok(None);
        };
        let keyframe = first & 1 == 0;
        let mut config = None;
        if keyframe {
            let (width, height) =
                key_frame_size(&self.frame).ok_or(PayloadError::Malformed("VP8 key frame header"))?;
            let profile = first >> 1 & 7;
            let format = (width, height, profile);
            if self.format.replace(format) != Some(format) {
                config = Some(VideoConfig {
                    codec: VideoCodec::Vp8,
                    record: Bytes::new(),
                    width,
                    height,
                    profile,
                    level: 0,
                    reorder_depth: Some(0),
                });
            }
        }
        Ok(Some(Picture {
            keyframe,
            payload: std::mem::take(&mut self.frame).freeze(),
            config,
        }))
    }

    fn abandon(&mut self) {
        self.frame.clear();
    }
}

/// Width and height without scaling (RFC 6386 §9.1).
fn key_frame_size(frame: &[u8]) -> Option<(u32, u32)> {
    let [
        _,
        _,
        _,
        0x9D,
        0x01,
        0x2A,
        width_low,
        width_high,
        height_low,
        height_high,
    ] = *frame.first_chunk()?
    else {
        return None;
    };
    let number = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    Some((number(width_low, width_high), number(height_low, height_high)))
}
