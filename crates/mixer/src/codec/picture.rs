//! Sizes of pictures.

/// Width and height in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    /// Pixels from left to right.
    pub(crate) width: u32,
    /// Pixels from top to bottom.
    pub(crate) height: u32,
}

impl Size {
    /// The same turned by a quarter.
    pub(crate) fn turned(self) -> Size {
        Size {
            width: self.height,
            height: self.width,
        }
    }
}

/// Smaller sides than this no encoder takes.
const MIN_SIDE: u32 = 16;

/// `size` shrunk so that its longer side is at most `max_side`, with the shape kept and both sides even, as 4:2:0 needs.
pub(crate) fn fit(size: Size, max_side: u32) -> Size {
    let longer = size.width.max(size.height).max(1);
    let most = max_side.clamp(MIN_SIDE, 1 << 14).min(longer);
    let scale = |side: u32| {
        let scaled = (u64::from(side) * u64::from(most) + u64::from(longer) / 2) / u64::from(longer);
        // Down to even, so that the limit holds.
        (scaled as u32 & !1).max(MIN_SIDE)
    };
    Size {
        width: scale(size.width),
        height: scale(size.height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fitted(width: u32, height: u32, max_side: u32) -> (u32, u32) {
        let size = fit(Size { width, height }, max_side);
        (size.width, size.height)
    }

    #[test]
    fn sizes_shrink_and_keep_their_shape() {
        assert_eq!(fitted(1_280, 720, 1_920), (1_280, 720));
        assert_eq!(fitted(1_920, 1_080, 1_280), (1_280, 720));
        assert_eq!(fitted(1_080, 1_920, 1_280), (720, 1_280));
        assert_eq!(fitted(641, 361, 4_096), (640, 360));
        assert_eq!(fitted(4_000, 2, 1_280), (1_280, 16));
        assert_eq!(fitted(2, 2, 1_280), (16, 16));
    }

    proptest! {
        #[test]
        fn sizes_are_even_and_bounded(width in 1..20_000_u32, height in 1..20_000_u32, max in 0..20_000_u32) {
            let (w, h) = fitted(width, height, max);
            prop_assert!(w % 2 == 0 && h % 2 == 0 && w >= 16 && h >= 16);
            prop_assert!(w.max(h) <= max.max(16));
        }
    }
}
