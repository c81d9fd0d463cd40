//! Small pictures with transparency, ready to be laid on the canvas: labels, badges, logos.

use image::RgbaImage;

use super::colour::Yuv;
use crate::codec::Size;

/// A picture in 4:2:0 with transparency; both sides are even.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sprite {
    pub(super) size: Size,
    pub(super) y: Plane,
    pub(super) u: Plane,
    pub(super) v: Plane,
}

/// One plane: value and opacity side by side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) samples: Vec<[u8; 2]>,
}

impl Sprite {
    /// From red, green, blue and opacity.
    pub(crate) fn of(image: &RgbaImage) -> Sprite {
        let even = |side: u32| (side.saturating_add(1) & !1).max(2);
        let size = Size {
            width: even(image.width()),
            height: even(image.height()),
        };
        let (width, height) = (size.width as usize, size.height as usize);
        let pixel = |x: usize, y: usize| -> (Yuv, u8) {
            let rgba = image.get_pixel_checked(x as u32, y as u32);
            rgba.map_or(
                (
                    Yuv {
                        y: 16,
                        u: 128,
                        v: 128,
                    },
                    0,
                ),
                |rgba| {
                    let [r, g, b, a] = rgba.0;
                    (Yuv::of(r, g, b), a)
                },
            )
        };
        let mut luma = Vec::with_capacity(width * height);
        let mut blue = Vec::with_capacity(width * height / 4);
        let mut red = Vec::with_capacity(width * height / 4);
        for row in (0..height).step_by(2) {
            for line in row..row + 2 {
                luma.extend((0..width).map(|x| {
                    let (yuv, a) = pixel(x, line);
                    [yuv.y, a]
                }));
            }
            for column in (0..width).step_by(2) {
                let (mut u, mut v, mut weight) = (0_u32, 0_u32, 0_u32);
                for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let (yuv, a) = pixel(column + x, row + y);
                    u += u32::from(yuv.u) * u32::from(a);
                    v += u32::from(yuv.v) * u32::from(a);
                    weight += u32::from(a);
                }
                let mean = |sum: u32| sum.checked_div(weight).unwrap_or(128) as u8;
                blue.push([mean(u), (weight / 4) as u8]);
                red.push([mean(v), (weight / 4) as u8]);
            }
        }
        let plane = |width, samples| Plane { width, samples };
        Sprite {
            size,
            y: plane(width, luma),
            u: plane(width / 2, blue),
            v: plane(width / 2, red),
        }
    }

    /// Whether nothing behind it can be seen.
    pub(crate) fn is_opaque(&self) -> bool {
        self.y.samples.iter().all(|[_, opacity]| *opacity == 255)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn sprites_are_even_and_keep_their_transparency() {
        let mut image = RgbaImage::from_pixel(3, 1, Rgba([255, 0, 0, 255]));
        image.put_pixel(2, 0, Rgba([0, 0, 255, 100]));
        let sprite = Sprite::of(&image);
        assert_eq!((sprite.size.width, sprite.size.height), (4, 2));
        assert_eq!(sprite.y.samples[..4], [[82, 255], [82, 255], [41, 100], [16, 0]]);
        // Transparent neighbours do not change the colour, only how much of it is seen.
        assert_eq!(sprite.v.samples, [[240, 127], [110, 25]]);
        assert!(!sprite.is_opaque());
        assert!(Sprite::of(&RgbaImage::from_pixel(2, 2, Rgba([1, 2, 3, 255]))).is_opaque());
    }
}
