//! The payload descriptor (RFC 9628 §4.2).

/// What matters of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Descriptor {
    /// A frame (of one spatial layer) starts with this payload.
    pub(super) starts: bool,
    /// Spatial layer, 0 without layers.
    pub(super) spatial_layer: u8,
    /// Its length in bytes.
    pub(super) length: usize,
}

pub(super) const PICTURE_ID: u8 = 0x80;
pub(super) const INTER: u8 = 0x40;
pub(super) const LAYERS: u8 = 0x20;
pub(super) const FLEXIBLE: u8 = 0x10;
pub(super) const START: u8 = 0x08;
pub(super) const END: u8 = 0x04;
pub(super) const STRUCTURE: u8 = 0x02;
/// At most so many references of one picture.
const MAX_REFERENCES: usize = 3;

impl Descriptor {
    /// Reads the descriptor at the start of `payload`; `None` when it is cut off or wrong.
    pub(super) fn parse(payload: &[u8]) -> Option<Descriptor> {
        let mut rest = payload.iter().copied();
        let first = rest.next()?;
        let has = |bit| first & bit != 0;
        let mut spatial_layer = 0;
        if has(PICTURE_ID) && rest.next()? & 0x80 != 0 {
            rest.next()?;
        }
        if has(LAYERS) {
            spatial_layer = rest.next()? >> 1 & 7;
            if !has(FLEXIBLE) {
                rest.next()?;
            }
        }
        if has(FLEXIBLE) && has(INTER) {
            let mut references = 0;
            while rest.next()? & 1 != 0 {
                references += 1;
                if references >= MAX_REFERENCES {
                    return None;
                }
            }
        }
        if has(STRUCTURE) {
            skip_structure(&mut rest)?;
        }
        Some(Descriptor {
            starts: has(START),
            spatial_layer,
            length: payload.len() - rest.len(),
        })
    }
}

fn skip_structure(rest: &mut impl Iterator<Item = u8>) -> Option<()> {
    let first = rest.next()?;
    if first & 0x10 != 0 {
        for _ in 0..4 * (usize::from(first >> 5) + 1) {
            rest.next()?;
        }
    }
    if first & 0x08 != 0 {
        for _ in 0..rest.next()? {
            for _ in 0..rest.next()? >> 2 & 3 {
                rest.next()?;
            }
        }
    }
    Some(())
}
