//! H.264 payloads to access units.

use bytes::Bytes;
use lianmai_media::h264::NalType;

use super::super::PayloadError;
use super::super::access_unit::{Assemble, Picture};
use super::super::nal::aggregated_units;
use super::super::nal_buffer::NalBuffer;
use super::parameter_sets::ParameterSets;
use super::{END, FU_A, STAP_A, START, TYPE};

/// Puts one access unit together. Parameter sets may be anywhere; a picture may have any number of slices (R-V1).
#[derive(Debug, Default)]
pub(in super::super) struct Assembler {
    sets: ParameterSets,
    slices: Slices,
    buffer: NalBuffer,
    /// Key frames bring their parameter sets, so one that begins without them is not whole.
    sets_come_along: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Slices {
    #[default]
    None,
    Some,
    Idr,
}

/// What a payload begins with.
enum Beginning {
    /// What only comes first: a delimiter or an SPS.
    Start,
    /// What comes before the slices: SEI and PPS.
    Prelude,
    FirstSlice {
        idr: bool,
    },
    Other,
}

impl Beginning {
    fn of(payload: &[u8]) -> Beginning {
        let first = match payload.first().map(|header| header & TYPE) {
            Some(STAP_A) => aggregated_units(payload.get(1..).unwrap_or_default())
                .next()
                .flatten()
                .unwrap_or_default(),
            Some(FU_A) => {
                let Some([_, header, rest @ ..]) = payload.get(..3) else {
                    return Beginning::Other;
                };
                if header & START == 0 {
                    return Beginning::Other;
                }
                return Beginning::of_unit(NalType::of(&[header & TYPE]), rest.first());
            }
            _ => payload,
        };
        Beginning::of_unit(NalType::of(first), first.get(1))
    }

    /// `content` is the first byte behind the unit's header.
    fn of_unit(kind: Option<NalType>, content: Option<&u8>) -> Beginning {
        // first_mb_in_slice is 0 when the first bit of its ue(v) is 1 (H.264 §7.3.3).
        let is_first_slice = content.is_some_and(|byte| byte & 0x80 != 0);
        match kind {
            Some(NalType::Aud | NalType::Sps) => Beginning::Start,
            Some(NalType::Sei | NalType::Pps) => Beginning::Prelude,
            Some(kind @ (NalType::Slice | NalType::Idr | NalType::Other(2))) if is_first_slice => {
                Beginning::FirstSlice {
                    idr: kind == NalType::Idr,
                }
            }
            _ => Beginning::Other,
        }
    }
}

impl Assembler {
    fn unit(&mut self, unit: &[u8]) -> Result<(), PayloadError> {
        if take_note(unit, &mut self.slices, &mut self.sets) {
            self.buffer.push(unit)?;
        }
        Ok(())
    }

    fn fragment(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let Some(([indicator, header], fragment)) = payload.split_first_chunk::<2>() else {
            return Err(PayloadError::Truncated {
                part: "FU header",
                length: payload.len(),
            });
        };
        let kind = header & TYPE;
        if kind == 0 || kind >= STAP_A {
            return Err(PayloadError::Unsupported(kind));
        }
        let starts = header & START != 0;
        if starts == self.buffer.is_open() {
            return Err(PayloadError::Fragment);
        }
        if starts {
            self.buffer.open(&[indicator & !TYPE | kind])?;
        }
        self.buffer.extend(fragment)?;
        if header & END != 0 {
            let (slices, sets) = (&mut self.slices, &mut self.sets);
            self.buffer.close(|unit| take_note(unit, slices, sets))?;
        }
        Ok(())
    }
}

/// Notes what kind of unit has come; `false` if it does not belong into a frame's payload.
fn take_note(unit: &[u8], slices: &mut Slices, sets: &mut ParameterSets) -> bool {
    match NalType::of(unit) {
        Some(NalType::Idr) => *slices = Slices::Idr,
        Some(NalType::Slice | NalType::Other(2..=4)) if *slices == Slices::None => *slices = Slices::Some,
        Some(kind @ (NalType::Sps | NalType::Pps)) => {
            sets.push(kind, unit);
            return false;
        }
        Some(NalType::Aud | NalType::Filler | NalType::EndOfSequence | NalType::EndOfStream) => return false,
        Some(NalType::Other(0)) | None => return false,
        Some(NalType::Slice | NalType::Sei | NalType::Other(_)) => {}
    }
    true
}

impl Assemble for Assembler {
    fn surely_starts(&self, payload: &[u8]) -> bool {
        match Beginning::of(payload) {
            Beginning::Start => true,
            Beginning::FirstSlice { idr } => idr && !self.sets_come_along,
            Beginning::Prelude | Beginning::Other => false,
        }
    }

    fn may_start(&self, payload: &[u8]) -> bool {
        !matches!(Beginning::of(payload), Beginning::Other)
    }

    fn push(&mut self, payload: &Bytes) -> Result<(), PayloadError> {
        let kind = payload.first().map_or(0, |header| header & TYPE);
        if self.buffer.is_open() && kind != FU_A {
            return Err(PayloadError::Fragment);
        }
        match kind {
            1..STAP_A => self.unit(payload),
            STAP_A => {
                for unit in aggregated_units(payload.get(1..).unwrap_or_default()) {
                    let unit = unit.ok_or(PayloadError::Truncated {
                        part: "STAP-A",
                        length: payload.len(),
                    })?;
                    if unit.first().is_some_and(|header| header & TYPE >= STAP_A) {
                        return Err(PayloadError::Malformed("STAP-A"));
                    }
                    self.unit(unit)?;
                }
                Ok(())
            }
            FU_A => self.fragment(payload),
            other => Err(PayloadError::Unsupported(other)),
        }
    }

    fn finish(&mut self) -> Result<Option<Picture>, PayloadError> {
        if self.buffer.is_open() {
            return Err(PayloadError::Fragment);
        }
        let keyframe = self.slices == Slices::Idr;
        if keyframe {
            self.sets_come_along = self.sets.has_pending();
        }
        self.sets.apply();
        if self.slices == Slices::None {
            return Ok(None);
        }
        let config = self.sets.news(keyframe)?;
        self.slices = Slices::None;
        Ok(Some(Picture {
            keyframe,
            payload: self.buffer.take(),
            config,
        }))
    }

    /// Whole parameter sets stay: a sender may send them only once.
    fn abandon(&mut self) {
        self.sets_come_along |= self.sets.has_pending();
        self.sets.apply();
        self.slices = Slices::None;
        self.buffer.take();
    }
}
