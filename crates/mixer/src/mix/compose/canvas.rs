//! The picture that is encoded, and what can be done to a part of it.

use ffmpeg_next::frame;

use super::colour::Yuv;
use super::geometry::Area;
use super::sprite::{Plane, Sprite};
use crate::codec::{CodecError, Size, new_picture, plane_bytes, plane_bytes_mut};

/// The picture. One stays in use for the whole mix: what does not change is not drawn again.
pub(crate) struct Canvas {
    frame: frame::Video,
    whole: Area,
}

impl Canvas {
    /// A black picture.
    ///
    /// # Errors
    /// [`CodecError::OutOfMemory`].
    pub(crate) fn new(size: Size) -> Result<Canvas, CodecError> {
        let mut canvas = Canvas {
            frame: new_picture(size)?,
            whole: Area::whole(size),
        };
        canvas.fill(
            canvas.whole,
            Yuv {
                y: 16,
                u: 128,
                v: 128,
            },
        );
        Ok(canvas)
    }

    /// All of it.
    pub(crate) fn area(&self) -> Area {
        self.whole
    }

    /// For the encoder.
    pub(crate) fn frame_mut(&mut self) -> &mut frame::Video {
        &mut self.frame
    }

    /// For looking at.
    #[cfg(test)]
    pub(crate) fn frame(&self) -> &frame::Video {
        &self.frame
    }

    /// One colour all over `area`.
    pub(crate) fn fill(&mut self, area: Area, colour: Yuv) {
        let area = area.and(self.whole);
        for (plane, value) in [(0, colour.y), (1, colour.u), (2, colour.v)] {
            let part = Part::of(area, plane);
            let (bytes, stride) = plane_bytes_mut(&mut self.frame, plane);
            for line in part.y..part.y + part.height {
                if let Some(row) = row_mut(bytes, line * stride + part.x, part.width) {
                    row.fill(value);
                }
            }
        }
    }

    /// The part of a 4:2:0 picture that lies in `clip` when its corner is at `place`'s.
    pub(crate) fn lay(&mut self, picture: &frame::Video, place: Area, clip: Area) {
        let size = Size {
            width: picture.width(),
            height: picture.height(),
        };
        let area = Area::at(place.x0, place.y0, size)
            .and(place)
            .and(clip)
            .and(self.whole);
        if area.is_empty() {
            return;
        }
        for plane in 0..3 {
            let part = Part::of(area, plane);
            let from = Part::of(area.moved(-place.x0, -place.y0), plane);
            let (source, source_stride) = plane_bytes(picture, plane);
            let (target, stride) = plane_bytes_mut(&mut self.frame, plane);
            for line in 0..part.height {
                let row = source.get((from.y + line) * source_stride + from.x..);
                let place = row_mut(target, (part.y + line) * stride + part.x, part.width);
                if let (Some(row), Some(place)) = (row.and_then(|row| row.get(..part.width)), place) {
                    place.copy_from_slice(row);
                }
            }
        }
    }

    /// The part of a sprite that lies in `clip` when its corner is at (`x`, `y`), which are even.
    pub(crate) fn stamp(&mut self, sprite: &Sprite, x: i32, y: i32, clip: Area) {
        let area = Area::at(x, y, sprite.size).and(clip).and(self.whole);
        if area.is_empty() {
            return;
        }
        for (plane, source) in [&sprite.y, &sprite.u, &sprite.v].into_iter().enumerate() {
            let part = Part::of(area, plane);
            let from = Part::of(area.moved(-x, -y), plane);
            let (target, stride) = plane_bytes_mut(&mut self.frame, plane);
            for line in 0..part.height {
                let place = row_mut(target, (part.y + line) * stride + part.x, part.width);
                blend(source, &from, line, place.unwrap_or_default());
            }
        }
    }
}

fn blend(source: &Plane, from: &Part, line: usize, place: &mut [u8]) {
    let start = (from.y + line) * source.width + from.x;
    let row = source.samples.get(start..).unwrap_or_default();
    for (byte, [value, opacity]) in place.iter_mut().zip(row) {
        match opacity {
            0 => {}
            255 => *byte = *value,
            _ => {
                let (a, old, new) = (u32::from(*opacity), u32::from(*byte), u32::from(*value));
                *byte = ((new * a + old * (255 - a) + 127) / 255) as u8;
            }
        }
    }
}

fn row_mut(bytes: &mut [u8], start: usize, length: usize) -> Option<&mut [u8]> {
    bytes.get_mut(start..start.checked_add(length)?)
}

impl Area {
    fn moved(self, x: i32, y: i32) -> Area {
        Area {
            x0: self.x0 + x,
            y0: self.y0 + y,
            x1: self.x1 + x,
            y1: self.y1 + y,
        }
    }
}

/// An area in the samples of one plane; empty when the area has negative edges.
struct Part {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Part {
    fn of(area: Area, plane: usize) -> Part {
        let shift = u32::from(plane > 0);
        let length = |value: i32| usize::try_from(value >> shift).unwrap_or(0);
        Part {
            x: length(area.x0),
            y: length(area.y0),
            width: length(area.x1 - area.x0),
            height: length(area.y1 - area.y0),
        }
    }
}
