//! Turning pictures by quarters: a phone held upright sends them lying, with a number saying so.

use ffmpeg_next::frame;

use super::{CodecError, Size, raw};

/// How far a picture is to be turned clockwise to stand upright.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Rotation {
    /// Not at all.
    #[default]
    None,
    /// 90°.
    Quarter,
    /// 180°.
    Half,
    /// 270°.
    ThreeQuarters,
}

impl Rotation {
    /// From degrees clockwise, to the nearest quarter; what is no angle is no rotation.
    pub(crate) fn from_degrees(degrees: f64) -> Rotation {
        if !degrees.is_finite() {
            return Rotation::None;
        }
        match (degrees.rem_euclid(360.0) / 90.0).round() as u32 % 4 {
            1 => Rotation::Quarter,
            2 => Rotation::Half,
            3 => Rotation::ThreeQuarters,
            _ => Rotation::None,
        }
    }

    /// The size of a picture of `size` after turning.
    pub(crate) fn size(self, size: Size) -> Size {
        match self {
            Rotation::None | Rotation::Half => size,
            Rotation::Quarter | Rotation::ThreeQuarters => size.turned(),
        }
    }
}

/// One plane of bytes.
struct Plane<'a> {
    bytes: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

/// Turns a 4:2:0 picture.
///
/// # Errors
/// [`CodecError`].
pub(crate) fn rotate(picture: &frame::Video, rotation: Rotation) -> Result<frame::Video, CodecError> {
    let size = Size {
        width: picture.width(),
        height: picture.height(),
    };
    let mut turned = raw::new_picture_frame(rotation.size(size))?;
    if picture.format() != turned.format() {
        return Err(CodecError::Shape("turning pixels of this format"));
    }
    for plane in 0..3 {
        let source = Plane {
            bytes: picture.data(plane),
            stride: picture.stride(plane),
            width: picture.plane_width(plane) as usize,
            height: picture.plane_height(plane) as usize,
        };
        let stride = turned.stride(plane);
        turn_plane(&source, turned.data_mut(plane), stride, rotation);
    }
    Ok(turned)
}

fn turn_plane(source: &Plane<'_>, target: &mut [u8], stride: usize, rotation: Rotation) {
    let row = |y: usize| {
        let start = y * source.stride;
        source.bytes.get(start..start + source.width).unwrap_or_default()
    };
    match rotation {
        Rotation::None | Rotation::Half => {
            for (y, line) in target.chunks_mut(stride.max(1)).take(source.height).enumerate() {
                if rotation == Rotation::None {
                    line.iter_mut().zip(row(y)).for_each(|(to, from)| *to = *from);
                } else {
                    let from = row(source.height - 1 - y).iter().rev();
                    line.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
            }
        }
        Rotation::Quarter | Rotation::ThreeQuarters => {
            for y in 0..source.height {
                // Clockwise: the first row becomes the last column.
                let column = match rotation {
                    Rotation::Quarter => source.height - 1 - y,
                    _ => y,
                };
                for (x, byte) in row(y).iter().enumerate() {
                    let line = match rotation {
                        Rotation::Quarter => x,
                        _ => source.width - 1 - x,
                    };
                    if let Some(place) = target.get_mut(line * stride + column) {
                        *place = *byte;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(rotation: Rotation) -> Vec<u8> {
        // 1 2 3
        // 4 5 6
        let source = Plane {
            bytes: &[1, 2, 3, 0, 4, 5, 6, 0],
            stride: 4,
            width: 3,
            height: 2,
        };
        let stride = if rotation.size(Size { width: 3, height: 2 }).width == 3 {
            3
        } else {
            2
        };
        let mut target = vec![0; 6];
        turn_plane(&source, &mut target, stride, rotation);
        target
    }

    #[test]
    fn quarters_turn_clockwise() {
        assert_eq!(turned(Rotation::None), [1, 2, 3, 4, 5, 6]);
        assert_eq!(turned(Rotation::Quarter), [4, 1, 5, 2, 6, 3]);
        assert_eq!(turned(Rotation::Half), [6, 5, 4, 3, 2, 1]);
        assert_eq!(turned(Rotation::ThreeQuarters), [3, 6, 2, 5, 1, 4]);
    }

    #[test]
    fn angles_are_taken_to_the_nearest_quarter() {
        let table = [
            (0.0, Rotation::None),
            (90.0, Rotation::Quarter),
            (-90.0, Rotation::ThreeQuarters),
            (540.0, Rotation::Half),
            (359.9, Rotation::None),
            (f64::NAN, Rotation::None),
        ];
        for (degrees, rotation) in table {
            assert_eq!(Rotation::from_degrees(degrees), rotation, "{degrees}");
        }
    }
}
