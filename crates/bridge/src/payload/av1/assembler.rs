//! AV1 payloads to temporal units.

use bytes::{BufMut, Bytes, BytesMut};

use super::super::PayloadError;
use super::super::access_unit::{Assemble, Picture};
use super::super::limits::MAX_ACCESS_UNIT;
use super::obu::{FRAME, FRAME_HEADER, Obu, SEQUENCE_HEADER, TEMPORAL_DELIMITER, leb128};
use super::{CONTINUES, GOES_ON, NEW_SEQUENCE, header};

/// Longest size field that is written in front of a unit.
const OBU_OVERHEAD: usize = 5;

/// Puts one temporal unit together.
#[derive(Debug, Default)]
pub(in super::super) struct Assembler {
    unit: BytesMut,
    /// A unit that goes on in the next packet.
    open: Option<BytesMut>,
    /// Whether decoding can start with the first frame of the unit.
    key: Option<bool>,
    has_sequence: bool,
    reduced_headers: bool,
    config: Config,
}

/// The sequence header in force.
#[derive(Debug, Default)]
struct Config {
    /// As in `av1C`: the sequence header with its size.
    header: Bytes,
    changed: bool,
}

/// The elements of a payload (AV1 RTP §4.4), each with whether it is the last; an error ends them.
struct Elements<'a> {
    rest: &'a [u8],
    /// Elements to come; `None` when each has a length.
    left: Option<u8>,
}

impl<'a> Elements<'a> {
    fn new(payload: &'a [u8]) -> Option<(u8, Elements<'a>)> {
        let (&header, rest) = payload.split_first()?;
        let left = Some(header >> 4 & 3).filter(|&count| count > 0);
        Some((header, Elements { rest, left }))
    }

    fn next(&mut self) -> Option<Result<(&'a [u8], bool), PayloadError>> {
        if self.left == Some(0) || self.left.is_none() && self.rest.is_empty() {
            return None;
        }
        let element = if self.left == Some(1) {
            Some((self.rest, &[][..]))
        } else {
            leb128(self.rest).and_then(|(length, behind)| behind.split_at_checked(length))
        };
        self.left = self.left.map(|left| left - 1);
        let Some((element, behind)) = element else {
            let length = self.rest.len();
            (self.rest, self.left) = (&[], Some(0));
            return Some(Err(PayloadError::Truncated {
                part: "AV1 aggregate",
                length,
            }));
        };
        self.rest = behind;
        let is_last = match self.left {
            Some(left) => left == 0,
            None => behind.is_empty(),
        };
        Some(Ok((element, is_last)))
    }
}

impl Assembler {
    fn check(&self, more: usize) -> Result<(), PayloadError> {
        let open = self.open.as_ref().map_or(0, BytesMut::len);
        if self.unit.len() + open + more + OBU_OVERHEAD > MAX_ACCESS_UNIT {
            return Err(PayloadError::TooLong {
                limit: MAX_ACCESS_UNIT,
            });
        }
        Ok(())
    }

    /// Takes a whole unit.
    fn obu(&mut self, element: &[u8]) -> Result<(), PayloadError> {
        if element.is_empty() {
            return Ok(());
        }
        let (obu, behind) = Obu::parse(element).ok_or(PayloadError::Malformed("OBU"))?;
        if !behind.is_empty() {
            return Err(PayloadError::Malformed("OBU size"));
        }
        match obu.kind() {
            SEQUENCE_HEADER => {
                self.has_sequence = true;
                self.reduced_headers = header::has_reduced_headers(obu.content);
                let mut sized = BytesMut::with_capacity(element.len() + OBU_OVERHEAD);
                obu.put_with_size(&mut sized);
                if self.config.header != sized {
                    self.config.header = sized.freeze();
                    self.config.changed = true;
                }
            }
            FRAME | FRAME_HEADER if self.key.is_none() => {
                // Without a sequence header before it decoding cannot start, whatever the frame is.
                let is_key = header::is_key_frame(obu.content, self.reduced_headers);
                self.key = Some(is_key && self.has_sequence);
            }
            _ => {}
        }
        if !obu.is_left_out() {
            obu.put_with_size(&mut self.unit);
        }
        Ok(())
    }
}

impl Assemble for Assembler {
    /// Either the packet says that a sequence starts, or its first unit is one that only comes first.
    fn surely_starts(&self, payload: &[u8]) -> bool {
        let Some((flags, mut elements)) = Elements::new(payload) else {
            return false;
        };
        let first = elements
            .next()
            .and_then(Result::ok)
            .and_then(|(element, _)| element.first());
        let kind = first.map(|byte| byte >> 3 & 0x0F);
        flags & CONTINUES == 0
            && (flags & NEW_SEQUENCE != 0 || matches!(kind, Some(SEQUENCE_HEADER | TEMPORAL_DELIMITER)))
    }

    fn push(&mut self, payload: &Bytes) -> Result<(), PayloadError> {
        let Some((flags, mut elements)) = Elements::new(payload) else {
            return Ok(());
        };
        let mut continues = flags & CONTINUES != 0;
        if continues != self.open.is_some() {
            return Err(PayloadError::Fragment);
        }
        while let Some(element) = elements.next() {
            let (element, is_last) = element?;
            self.check(element.len())?;
            let goes_on = is_last && flags & GOES_ON != 0;
            let open = if continues { self.open.take() } else { None };
            continues = false;
            match (open, goes_on) {
                (None, false) => self.obu(element)?,
                (None, true) => self.open = Some(element.into()),
                (Some(mut open), goes_on) => {
                    open.put_slice(element);
                    if goes_on {
                        self.open = Some(open);
                    } else {
                        self.obu(&open)?;
                    }
                }
            }
        }
        if continues {
            return Err(PayloadError::Fragment);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<Picture>, PayloadError> {
        if self.open.is_some() {
            return Err(PayloadError::Fragment);
        }
        let Some(keyframe) = self.key else {
            return Ok(None);
        };
        let mut config = None;
        if keyframe && self.config.changed {
            let (obu, _) = Obu::parse(&self.config.header).ok_or(PayloadError::NoConfig)?;
            config = Some(header::config(&obu).ok_or(PayloadError::NoConfig)?);
            self.config.changed = false;
        }
        (self.key, self.has_sequence) = (None, false);
        Ok(Some(Picture {
            keyframe,
            payload: std::mem::take(&mut self.unit).freeze(),
            config,
        }))
    }

    fn abandon(&mut self) {
        self.unit.clear();
        (self.open, self.key, self.has_sequence) = (None, None, false);
    }
}
