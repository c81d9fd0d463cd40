//! How a file is cut for a multipart upload.

use std::ops::Range;

/// Most pieces of one object.
const MAX_PIECES: u64 = 10_000;

/// The pieces of a file: all of one size but the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pieces {
    size: u64,
    piece: u64,
}

impl Pieces {
    /// Cuts `size` bytes into pieces of `wanted` bytes, or larger ones when there would be too many.
    pub fn new(size: u64, wanted: u64) -> Pieces {
        Pieces {
            size,
            piece: wanted.max(size.div_ceil(MAX_PIECES)).max(1),
        }
    }

    /// Bytes of each but the last.
    pub fn piece(self) -> u64 {
        self.piece
    }

    /// How many there are. An empty file is one empty piece.
    pub fn count(self) -> u32 {
        u32::try_from(self.size.div_ceil(self.piece).max(1)).unwrap_or(u32::MAX)
    }

    /// Whether the file is put at once.
    pub fn is_whole(self) -> bool {
        self.size <= self.piece
    }

    /// Where piece `index`, from 0, is in the file.
    pub fn range(self, index: u32) -> Range<u64> {
        let start = u64::from(index).saturating_mul(self.piece).min(self.size);
        start..start.saturating_add(self.piece).min(self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_is_the_rest() {
        let pieces = Pieces::new(11, 5);
        let all: Vec<_> = (0..pieces.count()).map(|index| pieces.range(index)).collect();
        assert_eq!(all, [0..5, 5..10, 10..11]);
        assert_eq!(Pieces::new(10, 5).count(), 2);
        assert_eq!((Pieces::new(0, 5).count(), Pieces::new(0, 5).range(0)), (1, 0..0));
        assert!(Pieces::new(5, 5).is_whole() && !Pieces::new(6, 5).is_whole());
    }

    proptest! {
        #[test]
        fn pieces_cover_the_file(size in 0_u64..1 << 50, wanted in 1_u64..1 << 30) {
            let pieces = Pieces::new(size, wanted);
            prop_assert!(u64::from(pieces.count()) <= MAX_PIECES);
            let last = pieces.count() - 1;
            prop_assert_eq!(pieces.range(last).end, size);
            prop_assert_eq!(pieces.range(0).start, 0);
            if last > 0 {
                prop_assert_eq!(pieces.range(last - 1).end, pieces.range(last).start);
                prop_assert!(!pieces.range(last).is_empty());
            }
        }
    }
}
