//! Pictures that were looked at by people, to compare with.

use std::path::PathBuf;

use lianmai_rooms::layout::{OverlayKind, Rect, Scene};

use crate::support::{HEIGHT, WIDTH};

/// Sides of the blocks that are compared: what coding does to single pixels does not count.
const BLOCK: usize = 4;
/// How far a block's mean may be off, in each colour.
const NEAR: i32 = 24;
/// Blocks of all 3 600 that may be farther off. An edge of a place that is two pixels off its place is more.
const FAR: usize = 8;

/// A decoded picture of the canvas, three bytes a pixel.
pub(crate) struct Picture(Vec<u8>);

impl Picture {
    pub(crate) fn new(bytes: &[u8]) -> Picture {
        assert_eq!(bytes.len(), WIDTH * HEIGHT * 3);
        Picture(bytes.to_vec())
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let place = (y * WIDTH + x) * 3;
        [0, 1, 2].map(|part| self.0[place + part])
    }

    /// How many pixels of a rectangle are nearly white.
    pub(crate) fn bright(&self, rect: Rect) -> usize {
        let places = (rect.y..rect.y + rect.h as i32)
            .flat_map(|y| (rect.x..rect.x + rect.w as i32).map(move |x| (x as usize, y as usize)));
        places
            .filter(|(x, y)| self.at(*x, *y).iter().all(|part| *part > 180))
            .count()
    }

    fn mean(&self, column: usize, row: usize) -> [i32; 3] {
        let mut sum = [0; 3];
        for y in row * BLOCK..(row + 1) * BLOCK {
            for x in column * BLOCK..(column + 1) * BLOCK {
                let pixel = self.at(x, y);
                sum = [0, 1, 2].map(|part| sum[part] + i32::from(pixel[part]));
            }
        }
        sum.map(|sum| sum / (BLOCK * BLOCK) as i32)
    }

    /// The blocks that differ, but for those within `hidden`.
    fn far(&self, other: &Picture, hidden: &[Rect]) -> Vec<(usize, usize)> {
        let is_hidden = |column: usize, row: usize| {
            let (x, y) = ((column * BLOCK) as i32, (row * BLOCK) as i32);
            let block = BLOCK as i32;
            hidden
                .iter()
                .any(|r| x + block > r.x && x < r.x + r.w as i32 && y + block > r.y && y < r.y + r.h as i32)
        };
        let blocks = (0..HEIGHT / BLOCK).flat_map(|row| (0..WIDTH / BLOCK).map(move |column| (column, row)));
        let differs = |&(column, row): &(usize, usize)| {
            let (a, b) = (self.mean(column, row), other.mean(column, row));
            !is_hidden(column, row) && a.iter().zip(b).any(|(a, b)| (a - b).abs() > NEAR)
        };
        blocks.filter(differs).collect()
    }
}

/// A layout that was shown.
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) scene: Scene,
}

impl Shown {
    fn path(&self) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
        folder.join(format!("{}.png", self.name))
    }

    /// The first of `frames` from `from` on that is like the golden; `last` is the last one before the next layout.
    pub(crate) fn find(&self, frames: &[Picture], from: usize, last: usize) -> usize {
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            self.write(&frames[last]);
        }
        let golden = image::open(self.path()).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let golden = Picture::new(golden.to_rgb8().as_raw());
        let clocks = self.scene.overlays.iter();
        let clocks = clocks.filter(|overlay| matches!(overlay.kind, OverlayKind::Clock { .. }));
        let hidden: Vec<Rect> = clocks.map(|overlay| overlay.rect).collect();
        let differences = frames.iter().skip(from).map(|frame| frame.far(&golden, &hidden));
        let mut least: Option<Vec<(usize, usize)>> = None;
        for (n, far) in differences.enumerate() {
            if far.len() <= FAR {
                return from + n;
            }
            if least.as_ref().is_none_or(|least| far.len() < least.len()) {
                least = Some(far);
            }
        }
        panic!(
            "{} is not as it was in these blocks of {BLOCK} × {BLOCK}: {least:?}",
            self.name
        );
    }

    fn write(&self, picture: &Picture) {
        // Coarser, as it is small then.
        let bytes = picture.0.iter().map(|part| part.saturating_add(4) & !7).collect();
        let picture = image::RgbImage::from_raw(WIDTH as u32, HEIGHT as u32, bytes).unwrap();
        std::fs::create_dir_all(self.path().parent().unwrap()).unwrap();
        picture.save(self.path()).unwrap();
    }
}
