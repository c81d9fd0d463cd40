//! How a picture is to be turned for showing.

/// Coordination of video orientation (3GPP TS 26.114 §7.4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Orientation {
    /// Clockwise rotation that makes the picture upright: 0, 90, 180 or 270 degrees.
    pub degrees: u16,
    /// Whether it is to be mirrored from left to right.
    pub flip: bool,
}

impl Orientation {
    /// From the content of the header extension, its first byte.
    pub fn from_extension(byte: u8) -> Orientation {
        Orientation {
            degrees: u16::from(byte & 3) * 90,
            flip: byte & 4 != 0,
        }
    }

    /// The content of the header extension.
    pub fn to_extension(self) -> u8 {
        (self.degrees / 90 % 4) as u8 | u8::from(self.flip) << 2
    }

    /// Whether the picture is shown as it is coded.
    pub fn is_upright(self) -> bool {
        self == Orientation::default()
    }
}
