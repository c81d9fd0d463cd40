//! The well-known arrangements. The main picture, where there is one, is the first cell; the others follow by seat.

use super::cast::Cast;
use super::cells::Painter;
use super::tiles::{Side, Space, filled, strip, whole};
use crate::layout::area::even;
use crate::layout::{Cell, Fit, Look, Participant, Preset, Rect, Scene};

pub(super) fn cells(preset: Preset, painter: &Painter<'_>, cast: &Cast<'_>) -> Vec<Cell> {
    let canvas = (painter.layout.canvas.width, painter.layout.canvas.height);
    let everything = Space {
        x: 0,
        y: 0,
        w: canvas.0,
        h: canvas.1,
    };
    let others = cast.others();
    let seats = others.get(..Scene::MAX_CELLS).unwrap_or(others);
    let tiled = |places: Vec<Rect>, fit| row(painter, seats, &places, 0, fit);
    let with_strip = |side, least| {
        let strip = strip(side, others.len(), least, canvas);
        let mut cells = main(painter, cast, strip.rest);
        cells.extend(row(painter, others, &strip.places, 0, Fit::Fit));
        cells
    };
    let windows = |side| {
        let mut cells = main(painter, cast, everything);
        cells.extend(row(
            painter,
            others,
            &strip(side, others.len(), 4, canvas).places,
            1,
            Fit::Crop,
        ));
        cells
    };
    match preset {
        Preset::Grid => tiled(whole(seats.len(), everything, canvas), Fit::Fit),
        Preset::GridCropped => tiled(filled(seats.len(), everything), Fit::Crop),
        Preset::AudioOnly => {
            let look = Look {
                badge_only: true,
                ..painter.layout.look
            };
            let places = whole(seats.len(), everything, canvas);
            let placed = seats.iter().zip(places);
            placed
                .map(|(who, rect)| painter.cell(Some(who), rect, 0, Fit::Fit, look))
                .collect()
        }
        Preset::SpeakerBottom => with_strip(Side::Bottom, 4),
        Preset::SpeakerTop => with_strip(Side::Top, 4),
        Preset::ScreenShare => with_strip(Side::Right, 5),
        Preset::Floating => windows(Side::Bottom),
        Preset::FloatingTop => windows(Side::Top),
        Preset::SideBySide => side_by_side(painter, cast, canvas),
        Preset::PictureInPicture => {
            let mut cells = main(painter, cast, everything);
            cells.extend(row(painter, others, &[corner(canvas)], 1, Fit::Crop));
            cells
        }
        Preset::SingleSpeaker => main(painter, cast, everything),
    }
}

fn main(painter: &Painter<'_>, cast: &Cast<'_>, space: Space) -> Vec<Cell> {
    let cell = |who| painter.place(who, space.rect(), 0, Fit::Fit);
    cast.main().map(cell).into_iter().collect()
}

fn row(painter: &Painter<'_>, who: &[&Participant], places: &[Rect], z: i32, fit: Fit) -> Vec<Cell> {
    let placed = who.iter().zip(places);
    placed
        .map(|(who, rect)| painter.place(who, *rect, z, fit))
        .collect()
}

fn side_by_side(painter: &Painter<'_>, cast: &Cast<'_>, canvas: (u32, u32)) -> Vec<Cell> {
    let middle = even(canvas.0 / 2);
    let left = Space {
        x: 0,
        y: 0,
        w: middle,
        h: canvas.1,
    };
    let right = Space {
        x: middle,
        w: canvas.0 - middle,
        ..left
    };
    let seats = cast.others();
    let seats = seats.get(..Scene::MAX_CELLS - 1).unwrap_or(seats);
    let space = if seats.is_empty() {
        Space { w: canvas.0, ..left }
    } else {
        left
    };
    let mut cells = main(painter, cast, space);
    cells.extend(row(painter, seats, &filled(seats.len(), right), 0, Fit::Fit));
    cells
}

/// A quarter of the width and height, a little away from the lower right corner.
fn corner((width, height): (u32, u32)) -> Rect {
    let (w, h) = (even(width / 4), even(height / 4));
    let margin = even(width.min(height) / 36);
    Space {
        x: width - w - margin,
        y: height - h - margin,
        w,
        h,
    }
    .rect()
}
