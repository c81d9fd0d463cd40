//! NAL units of one access unit as they come out of packets, with 4-byte lengths in front.

use bytes::{BufMut, Bytes, BytesMut};

use super::PayloadError;
use super::limits::MAX_ACCESS_UNIT;

const LENGTH: usize = 4;

/// An access unit that is being put together; every byte is copied once, into place.
#[derive(Debug, Default)]
pub(super) struct NalBuffer {
    out: BytesMut,
    /// Where the length of a unit is that comes in fragments.
    open: Option<usize>,
}

impl NalBuffer {
    /// Whether a unit is incomplete.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Adds a whole unit; empty ones are left out.
    pub(super) fn push(&mut self, unit: &[u8]) -> Result<(), PayloadError> {
        self.check(LENGTH + unit.len())?;
        if let Ok(length) = u32::try_from(unit.len())
            && length > 0
        {
            self.out.put_u32(length);
            self.out.put_slice(unit);
        }
        Ok(())
    }

    /// Begins a unit with `header`.
    pub(super) fn open(&mut self, header: &[u8]) -> Result<(), PayloadError> {
        self.check(LENGTH + header.len())?;
        self.open = Some(self.out.len());
        self.out.put_u32(0);
        self.out.put_slice(header);
        Ok(())
    }

    /// Goes on with the unit begun.
    pub(super) fn extend(&mut self, fragment: &[u8]) -> Result<(), PayloadError> {
        if self.open.is_none() {
            return Err(PayloadError::Fragment);
        }
        self.check(fragment.len())?;
        self.out.put_slice(fragment);
        Ok(())
    }

    /// Ends the unit begun, and gives it to `keep`, which says whether it stays.
    pub(super) fn close(&mut self, keep: impl FnOnce(&[u8]) -> bool) -> Result<(), PayloadError> {
        let start = self.open.take().ok_or(PayloadError::Fragment)?;
        let Some((prefix, unit)) = self
            .out
            .get_mut(start..)
            .and_then(<[u8]>::split_first_chunk_mut::<LENGTH>)
        else {
            return Err(PayloadError::Fragment);
        };
        // The limit keeps it below 4 GiB.
        *prefix = (unit.len() as u32).to_be_bytes();
        if !keep(unit) {
            self.out.truncate(start);
        }
        Ok(())
    }

    /// The access unit; the buffer is empty afterwards.
    pub(super) fn take(&mut self) -> Bytes {
        self.open = None;
        std::mem::take(&mut self.out).freeze()
    }

    fn check(&self, more: usize) -> Result<(), PayloadError> {
        if self.out.len() + more > MAX_ACCESS_UNIT {
            return Err(PayloadError::TooLong {
                limit: MAX_ACCESS_UNIT,
            });
        }
        Ok(())
    }
}
