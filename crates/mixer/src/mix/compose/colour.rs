//! Colours as the encoder takes them: BT.601 in limited range, which players assume of pictures that do not say.

use lianmai_rooms::layout::Colour;

/// A colour in the three planes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Yuv {
    /// Brightness.
    pub(crate) y: u8,
    /// Blue against brightness.
    pub(crate) u: u8,
    /// Red against brightness.
    pub(crate) v: u8,
}

impl From<Colour> for Yuv {
    fn from(colour: Colour) -> Yuv {
        Yuv::of(colour.r, colour.g, colour.b)
    }
}

impl Yuv {
    /// From red, green and blue (BT.601, in 1/256).
    pub(crate) fn of(r: u8, g: u8, b: u8) -> Yuv {
        let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
        let sum = |of_r: i32, of_g: i32, of_b: i32, base: i32| {
            (((of_r * r + of_g * g + of_b * b + 128) >> 8) + base).clamp(0, 255) as u8
        };
        Yuv {
            y: sum(66, 129, 25, 16),
            u: sum(-38, -74, 112, 128),
            v: sum(112, -94, -18, 128),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_bt_601() {
        let table = [
            (Colour::BLACK, (16, 128, 128)),
            (Colour::WHITE, (235, 128, 128)),
            (Colour::new(255, 0, 0), (82, 90, 240)),
            (Colour::new(0, 0, 255), (41, 240, 110)),
        ];
        for (colour, (y, u, v)) in table {
            assert_eq!(Yuv::from(colour), Yuv { y, u, v });
        }
    }
}
