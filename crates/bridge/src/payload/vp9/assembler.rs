//! VP9 payloads to frames.

use bytes::{BufMut, Bytes, BytesMut};

use super::super::PayloadError;
use super::super::access_unit::{Assemble, Picture};
use super::super::limits::MAX_ACCESS_UNIT;
use super::descriptor::Descriptor;
use super::header::{Format, Header};

/// Puts one frame together. Of several spatial layers only the lowest is taken.
#[derive(Debug, Default)]
pub(in super::super) struct Assembler {
    frame: BytesMut,
    format: Option<Format>,
}

impl Assemble for Assembler {
    fn surely_starts(&self, payload: &[u8]) -> bool {
        Descriptor::parse(payload)
            .is_some_and(|descriptor| descriptor.starts && descriptor.spatial_layer == 0)
    }

    fn push(&mut self, payload: &Bytes) -> Result<(), PayloadError> {
        let descriptor = Descriptor::parse(payload).ok_or(PayloadError::Truncated {
            part: "VP9 payload descriptor",
            length: payload.len(),
        })?;
        if descriptor.spatial_layer > 0 {
            return Ok(());
        }
        let content = payload.get(descriptor.length..).unwrap_or_default();
        if descriptor.starts != self.frame.is_empty() {
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
        if self.frame.is_empty() {
            return Ok(None);
        }
        let header = Header::parse(&self.frame).ok_or(PayloadError::Malformed("VP9 frame header"))?;
        let mut config = None;
        if let Header::Key(format) = header
            && self.format.replace(format) != Some(format)
        {
            config = Some(format.config());
        }
        Ok(Some(Picture {
            keyframe: matches!(header, Header::Key(_)),
            payload: std::mem::take(&mut self.frame).freeze(),
            config,
        }))
    }

    fn abandon(&mut self) {
        self.frame.clear();
    }
}
