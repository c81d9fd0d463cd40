//! Places on the canvas. Edges are even, as 4:2:0 needs, and rounded alike, so that neighbours stay neighbours.

use lianmai_rooms::layout::{Fit, Rect};

use crate::codec::Size;

/// A part of the canvas, with even edges; the right and lower ones do not belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Area {
    /// Left edge.
    pub(crate) x0: i32,
    /// Upper edge.
    pub(crate) y0: i32,
    /// Right edge.
    pub(crate) x1: i32,
    /// Lower edge.
    pub(crate) y1: i32,
}

impl Area {
    /// The whole of something of this size.
    pub(crate) fn whole(size: Size) -> Area {
        Area::at(0, 0, size)
    }

    /// Something of this size with its corner at (`x`, `y`).
    pub(crate) fn at(x: i32, y: i32, size: Size) -> Area {
        Area {
            x0: x,
            y0: y,
            x1: x.saturating_add_unsigned(size.width),
            y1: y.saturating_add_unsigned(size.height),
        }
    }

    /// The even area nearest to a rectangle; at least 2 × 2.
    pub(crate) fn of(rect: Rect) -> Area {
        let edges = |start: i32, length: u32| {
            let (from, to) = (start & !1, start.saturating_add_unsigned(length) & !1);
            (from, to.max(from + 2))
        };
        let ((x0, x1), (y0, y1)) = (edges(rect.x, rect.w), edges(rect.y, rect.h));
        Area { x0, y0, x1, y1 }
    }

    /// What is in both; may be empty.
    pub(crate) fn and(self, other: Area) -> Area {
        Area {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(self) -> bool {
        self.x0 >= self.x1 || self.y0 >= self.y1
    }

    /// Whether all of `other` is in it.
    pub(crate) fn covers(self, other: Area) -> bool {
        self.and(other) == other
    }

    /// Its size.
    pub(crate) fn size(self) -> Size {
        Size {
            width: self.x1.saturating_sub(self.x0).max(0).cast_unsigned(),
            height: self.y1.saturating_sub(self.y0).max(0).cast_unsigned(),
        }
    }

    /// Its shorter side.
    pub(crate) fn short_side(self) -> u32 {
        self.size().width.min(self.size().height)
    }

    /// Something of this size in its middle, at an even place.
    pub(crate) fn centred(self, size: Size) -> Area {
        let middle = |from: i32, to: i32, length: u32| {
            (from + (to - from).saturating_sub(length.cast_signed()) / 2) & !1
        };
        Area::at(
            middle(self.x0, self.x1, size.width),
            middle(self.y0, self.y1, size.height),
            size,
        )
    }
}

/// Where a picture goes and how much of it is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    /// Where on the canvas.
    pub(crate) area: Area,
    /// Which part of the picture, from its middle.
    pub(crate) part: Size,
}

/// How a picture of size `picture` meets `cell`.
pub(crate) fn place(fit: Fit, cell: Area, picture: Size) -> Placed {
    let space = cell.size();
    let (pw, ph) = (u64::from(picture.width.max(1)), u64::from(picture.height.max(1)));
    let (cw, ch) = (u64::from(space.width.max(2)), u64::from(space.height.max(2)));
    let even = |value: u64, most: u32| ((value as u32).saturating_add(1) & !1).clamp(2, most.max(2));
    match fit {
        Fit::Fill => Placed {
            area: cell,
            part: picture,
        },
        Fit::Fit => {
            let size = if pw * ch >= ph * cw {
                Size {
                    width: space.width,
                    height: even(ph * cw / pw, space.height),
                }
            } else {
                Size {
                    width: even(pw * ch / ph, space.width),
                    height: space.height,
                }
            };
            Placed {
                area: cell.centred(size),
                part: picture,
            }
        }
        Fit::Crop => {
            let part = if pw * ch >= ph * cw {
                Size {
                    width: even(ph * cw / ch, picture.width),
                    height: picture.height,
                }
            } else {
                Size {
                    width: picture.width,
                    height: even(pw * ch / cw, picture.height),
                }
            };
            Placed { area: cell, part }
        }
    }
}

/// A rectangle on its way: `done` runs from 0 to 1, and it starts and stops gently.
pub(crate) fn between(from: Rect, to: Rect, done: f32) -> Rect {
    let done = done.clamp(0.0, 1.0);
    let done = done * done * (3.0 - 2.0 * done);
    let mix = |a: f32, b: f32| (a + (b - a) * done).round();
    Rect {
        x: mix(from.x as f32, to.x as f32) as i32,
        y: mix(from.y as f32, to.y as f32) as i32,
        w: mix(from.w as f32, to.w as f32).max(1.0) as u32,
        h: mix(from.h as f32, to.h as f32).max(1.0) as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    #[test]
    fn pictures_meet_their_cells() {
        let cell = Area::at(100, 50, size(640, 360));
        let fitted = place(Fit::Fit, cell, size(480, 640));
        assert_eq!(fitted.area, Area::at(284, 50, size(270, 360)));
        assert_eq!(fitted.part, size(480, 640));
        let cropped = place(Fit::Crop, cell, size(480, 640));
        assert_eq!((cropped.area, cropped.part), (cell, size(480, 270)));
        let wide = place(Fit::Crop, cell, size(1_280, 360));
        assert_eq!(wide.part, size(640, 360));
        assert_eq!(place(Fit::Fill, cell, size(3, 9)).area, cell);
        assert_eq!(place(Fit::Fit, cell, size(1_280, 720)).area, cell);
    }

    #[test]
    fn neighbours_stay_neighbours() {
        let rect = |x, w| Rect { x, y: 0, w, h: 721 };
        let (left, right) = (Area::of(rect(0, 427)), Area::of(rect(427, 427)));
        assert_eq!(left.x1, right.x0);
        assert_eq!(Area::of(rect(-3, 1)).x0, -4);
    }

    proptest! {
        #[test]
        fn places_are_even_and_inside(
            x in -500..500_i32, y in -500..500_i32, w in 1..3_000_u32, h in 1..3_000_u32,
            pw in 1..5_000_u32, ph in 1..5_000_u32,
        ) {
            let cell = Area::of(Rect { x, y, w, h });
            for fit in [Fit::Fit, Fit::Crop, Fit::Fill] {
                let placed = place(fit, cell, size(pw, ph));
                prop_assert!(cell.covers(placed.area), "{:?} {:?}", cell, placed);
                for edge in [placed.area.x0, placed.area.y0, placed.area.x1, placed.area.y1] {
                    prop_assert_eq!(edge & 1, 0);
                }
                prop_assert!(placed.part.width <= pw.max(2) && placed.part.height <= ph.max(2));
            }
        }
    }
}
