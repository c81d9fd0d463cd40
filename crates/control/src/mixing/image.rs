//! What kind of picture some bytes are, and how large: the little that is read of them here. They are decoded by
//! workers alone.

/// Longer side of a picture at most, in pixels.
const MAX_SIDE: u32 = 4_096;

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl ImageKind {
    /// `png` or `jpeg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
        }
    }
}

/// Kind, width and height; `None`: no PNG or JPEG, or larger than 4096 × 4096.
pub(crate) fn measure(bytes: &[u8]) -> Option<(ImageKind, u32, u32)> {
    let (kind, width, height) = png(bytes).or_else(|| jpeg(bytes))?;
    let fits = |side| (1..=MAX_SIDE).contains(&side);
    (fits(width) && fits(height)).then_some((kind, width, height))
}

/// PNG specification §5: signature, then the chunk IHDR, which begins with width and height.
fn png(bytes: &[u8]) -> Option<(ImageKind, u32, u32)> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
    Some((ImageKind::Png, number(0)?, number(4)?))
}

/// ITU-T T.81 §B.1: markers with lengths up to the frame header, which has height and width.
fn jpeg(bytes: &[u8]) -> Option<(ImageKind, u32, u32)> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    loop {
        let (&[0xff, marker], after) = rest.split_first_chunk::<2>()? else {
            return None;
        };
        if marker == 0xff {
            // Fill bytes.
            rest = rest.get(1..)?;
            continue;
        }
        if marker == 0x01 || (0xd0..=0xd7).contains(&marker) {
            rest = after;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?));
        let is_frame = (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            let &[_, h1, h0, w1, w0] = after.get(2..length)?.first_chunk::<5>()?;
            let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
            return Some((ImageKind::Jpeg, side(w1, w0), side(h1, h0)));
        }
        if matches!(marker, 0xd8..=0xda) || length < 2 {
            return None;
        }
        rest = after.get(length..)?;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn small_png() -> Vec<u8> {
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x08\x08\x06\0\0\0".to_vec()
    }

    fn small_jpeg() -> Vec<u8> {
        b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x0b\x08\x00\x20\x00\x40\x01\x01\x11\x00".to_vec()
    }

    #[test]
    fn size_and_kind_are_read() {
        assert_eq!(measure(&small_png()), Some((ImageKind::Png, 16, 8)));
        assert_eq!(measure(&small_jpeg()), Some((ImageKind::Jpeg, 64, 32)));
    }

    #[test]
    fn other_things_are_no_pictures() {
        let mut huge = small_png();
        huge[16] = 1;
        for bad in [&b""[..], b"GIF89a", b"\xff\xd8\xff\xda\0\x02", b"<svg/>", &huge] {
            assert_eq!(measure(bad), None, "{bad:?}");
        }
        for cut in 0..small_jpeg().len() - 4 {
            assert_eq!(measure(&small_jpeg()[..cut]), None, "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(mut bytes in prop::collection::vec(any::<u8>(), 0..200), jpeg: bool) {
            if jpeg {
                bytes.splice(0..0, *b"\xff\xd8\xff");
            }
            if let Some((_, width, height)) = measure(&bytes) {
                prop_assert!(width <= MAX_SIDE && height <= MAX_SIDE);
            }
        }
    }
}
