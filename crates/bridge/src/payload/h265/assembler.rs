//! H.265 payloads: peers are not offered to send it.

use bytes::Bytes;

use super::super::PayloadError;
use super::super::access_unit::{Assemble, Picture};
use super::AGGREGATE;

/// Refuses everything.
#[derive(Debug, Default)]
pub(in super::super) struct Assembler {}

impl Assemble for Assembler {
    fn surely_starts(&self, _payload: &[u8]) -> bool {
        true
    }

    fn push(&mut self, _payload: &Bytes) -> Result<(), PayloadError> {
        Err(PayloadError::Unsupported(AGGREGATE))
    }

    fn finish(&mut self) -> Result<Option<Picture>, PayloadError> {
        Ok(None)
    }

    fn abandon(&mut self) {}
}
