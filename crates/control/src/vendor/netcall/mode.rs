//! Modes: which of picture and sound a member sends.

use lianmai_rooms::Stream;

/// A mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mode {
    /// Picture off.
    pub(super) voff: bool,
    /// Sound off.
    pub(super) aoff: bool,
}

impl Mode {
    /// 0 both, 1 sound only, 2 picture only, 3 neither.
    pub(super) const fn of(number: i64) -> Option<Self> {
        let (voff, aoff) = match number {
            0 => (false, false),
            1 => (true, false),
            2 => (false, true),
            3 => (true, true),
            _ => return None,
        };
        Some(Self { voff, aoff })
    }

    /// The number on the wire.
    pub(super) const fn number(self) -> u8 {
        match (self.voff, self.aoff) {
            (false, false) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (true, true) => 3,
        }
    }
}

impl From<&Stream> for Mode {
    fn from(stream: &Stream) -> Self {
        Self {
            voff: stream.voff,
            aoff: stream.aoff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for number in 0..4 {
            assert_eq!(
                Mode::of(number).map(|mode| i64::from(mode.number())),
                Some(number)
            );
        }
        assert_eq!(Mode::of(4), None);
        assert_eq!(Mode::of(-1), None);
    }
}
