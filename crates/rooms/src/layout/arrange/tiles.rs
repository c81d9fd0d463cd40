//! Rectangles of grids and strips. All edges are even and inside the canvas.

use crate::layout::Rect;
use crate::layout::area::even;

/// A part of the canvas that is divided. Its edges are even.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) w: u32,
    pub(super) h: u32,
}

impl Space {
    pub(super) fn rect(self) -> Rect {
        Rect {
            x: i32::try_from(self.x).unwrap_or_default(),
            y: i32::try_from(self.y).unwrap_or_default(),
            w: self.w,
            h: self.h,
        }
    }
}

/// Columns and rows for this many places: the fewest that do, more columns than rows only where it is wide.
fn shape(count: usize, space: Space) -> (u32, u32) {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    let side = (1..=64).find(|side| side * side >= count).unwrap_or(64);
    let rest = count.div_ceil(side);
    if space.w >= space.h {
        (side, rest)
    } else {
        (rest, side)
    }
}

/// Equal places of the shape of `canvas`, as large as they can be, in the middle of `space`. Rows fill from the left.
pub(super) fn whole(count: usize, space: Space, canvas: (u32, u32)) -> Vec<Rect> {
    let (columns, rows) = shape(count, space);
    let (w, h) = inscribed((space.w / columns, space.h / rows), canvas);
    let x = space.x + even((space.w - columns * w) / 2);
    let y = space.y + even((space.h - rows * h) / 2);
    let at = |(column, row): (u32, u32)| {
        Space {
            x: x + column * w,
            y: y + row * h,
            w,
            h,
        }
        .rect()
    };
    places(columns).take(count).map(at).collect()
}

/// Places that fill `space`, equal but for rounding. Rows fill from the left.
pub(super) fn filled(count: usize, space: Space) -> Vec<Rect> {
    let (columns, rows) = shape(count, space);
    let edge = |whole: u32, n: u32, of: u32| even(whole * n / of);
    let at = |(column, row): (u32, u32)| {
        let (x, right) = (edge(space.w, column, columns), edge(space.w, column + 1, columns));
        let (y, bottom) = (edge(space.h, row, rows), edge(space.h, row + 1, rows));
        Space {
            x: space.x + x,
            y: space.y + y,
            w: right - x,
            h: bottom - y,
        }
        .rect()
    };
    places(columns).take(count).map(at).collect()
}

fn places(columns: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..).map(move |n| (n % columns, n / columns))
}

/// The largest even size of the shape of `canvas` inside `limit`.
fn inscribed(limit: (u32, u32), canvas: (u32, u32)) -> (u32, u32) {
    let by_width = (even(limit.0), even(limit.0 * canvas.1 / canvas.0));
    let by_height = (even(limit.1 * canvas.0 / canvas.1), even(limit.1));
    let (w, h) = if by_width.1 <= limit.1 {
        by_width
    } else {
        by_height
    };
    (w.max(2), h.max(2))
}

/// Where a strip runs along the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Top,
    Bottom,
    Right,
}

/// A strip of places of the canvas's shape along one of its sides.
pub(super) struct Strip {
    /// The places, from the left or from the top.
    pub(super) places: Vec<Rect>,
    /// What it leaves free.
    pub(super) rest: Space,
}

/// Most places in one line of a strip; then there is a second line.
const LINE: usize = 8;
/// Most places in a strip.
const MOST: usize = 2 * LINE;

/// At least `least` places fit side by side, so that few are not too large and adding one moves no other.
pub(super) fn strip(side: Side, count: usize, least: usize, canvas: (u32, u32)) -> Strip {
    let (width, height) = canvas;
    let whole = Space {
        x: 0,
        y: 0,
        w: width,
        h: height,
    };
    let count = count.min(MOST);
    if count == 0 {
        return Strip {
            places: Vec::new(),
            rest: whole,
        };
    }
    let lines = count.div_ceil(LINE);
    let in_line = u32::try_from(count.div_ceil(lines).max(least)).unwrap_or(1);
    let lines = u32::try_from(lines).unwrap_or(1);
    let (w, h) = (even(width / in_line), even(height / in_line));
    let rest = match side {
        Side::Top => Space {
            y: lines * h,
            h: height - lines * h,
            ..whole
        },
        Side::Bottom => Space {
            h: height - lines * h,
            ..whole
        },
        Side::Right => Space {
            w: width - lines * w,
            ..whole
        },
    };
    let at = |(along, line): (u32, u32)| {
        let (x, y) = match side {
            Side::Top => (along * w, line * h),
            Side::Bottom => (along * w, rest.h + line * h),
            Side::Right => (rest.w + line * w, along * h),
        };
        Space { x, y, w, h }.rect()
    };
    Strip {
        places: places(in_line).take(count).map(at).collect(),
        rest,
    }
}
