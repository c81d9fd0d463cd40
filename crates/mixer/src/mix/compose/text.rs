//! Lines of text as ink: how much of each pixel a letter covers.
//!
//! The font files are opened before the process gives its files up, and read when a mix begins. A letter comes from the
//! first font that has it; letters that no font has are left out, and so is all text where there is no font.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::rc::Rc;

use ab_glyph::{Font, FontVec, PxScale, ScaleFont};

/// Where Debian's packages put fonts: first those with Latin letters, then those with Chinese ones.
const PATHS: &[&[&str]] = &[
    &[
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    ],
    &[
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    ],
];
/// Bytes of the largest font file that is read.
const MAX_FILE: u64 = 32 << 20;
/// Letters that are kept.
const MAX_GLYPHS: usize = 4_096;
/// Longest line looked at, in letters.
const MAX_LETTERS: usize = 512;

/// Font files that are open.
#[derive(Debug, Default)]
pub(crate) struct FontFiles(Vec<File>);

impl FontFiles {
    /// Opens what this machine has.
    pub(crate) fn open() -> FontFiles {
        let first = |paths: &&[&str]| paths.iter().find_map(|path| File::open(path).ok());
        FontFiles(PATHS.iter().filter_map(first).collect())
    }

    /// Reads them.
    pub(crate) fn read(self) -> Fonts {
        let read = |file: File| {
            let mut bytes = Vec::new();
            file.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
            FontVec::try_from_vec_and_index(bytes, 0).ok()
        };
        Fonts {
            faces: self.0.into_iter().filter_map(read).collect(),
            glyphs: HashMap::new(),
        }
    }
}

/// Fonts, and the letters drawn lately.
#[derive(Default)]
pub(crate) struct Fonts {
    faces: Vec<FontVec>,
    glyphs: HashMap<(char, u32), Option<Rc<Glyph>>>,
}

/// One letter at one size.
struct Glyph {
    advance: f32,
    left: i32,
    /// Below the baseline is positive.
    top: i32,
    ink: Ink,
}

/// How much of each pixel is covered, 0 to 255.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ink {
    /// Pixels of a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Row by row.
    pub(crate) cover: Vec<u8>,
}

impl Ink {
    fn new(width: u32, height: u32) -> Ink {
        Ink {
            width,
            height,
            cover: vec![0; width as usize * height as usize],
        }
    }

    /// How much of a pixel is covered.
    pub(crate) fn at(&self, x: u32, y: u32) -> u8 {
        if x >= self.width {
            return 0;
        }
        let place = y as usize * self.width as usize + x as usize;
        self.cover.get(place).copied().unwrap_or(0)
    }

    fn add(&mut self, x: i64, y: i64, cover: u8) {
        if (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y) {
            let place = y as usize * self.width as usize + x as usize;
            if let Some(byte) = self.cover.get_mut(place) {
                *byte = byte.saturating_add(cover);
            }
        }
    }
}

impl Fonts {
    /// One line, `size` pixels high and at most `most` wide; what does not fit is cut. Empty where there is nothing to
    /// draw.
    pub(crate) fn line(&mut self, text: &str, size: u32, most: u32) -> Ink {
        let size = size.clamp(4, 512);
        let mut at = 0.0_f32;
        let mut letters = Vec::new();
        for letter in text
            .chars()
            .filter(|letter| !letter.is_control())
            .take(MAX_LETTERS)
        {
            let Some(glyph) = self.glyph(letter, size) else {
                continue;
            };
            if at as u32 >= most {
                break;
            }
            letters.push((at, glyph.clone()));
            at += glyph.advance;
        }
        if letters.is_empty() {
            return Ink::default();
        }
        let mut ink = Ink::new((at.ceil() as u32).clamp(1, most.max(1)), size);
        let baseline = (size as f32 * 0.79).round() as i64;
        for (at, glyph) in letters {
            let left = at.round() as i64 + i64::from(glyph.left);
            let top = baseline + i64::from(glyph.top);
            for y in 0..glyph.ink.height {
                for x in 0..glyph.ink.width {
                    ink.add(left + i64::from(x), top + i64::from(y), glyph.ink.at(x, y));
                }
            }
        }
        ink
    }

    fn glyph(&mut self, letter: char, size: u32) -> Option<Rc<Glyph>> {
        if let Some(known) = self.glyphs.get(&(letter, size)) {
            return known.clone();
        }
        if self.glyphs.len() >= MAX_GLYPHS {
            self.glyphs.clear();
        }
        let drawn = self.draw(letter, size).map(Rc::new);
        self.glyphs.insert((letter, size), drawn.clone());
        drawn
    }

    fn draw(&self, letter: char, size: u32) -> Option<Glyph> {
        let face = self.faces.iter().find(|face| face.glyph_id(letter).0 != 0)?;
        let id = face.glyph_id(letter);
        let scale = PxScale::from(size as f32);
        let advance = face.as_scaled(scale).h_advance(id);
        let Some(outline) = face.outline_glyph(id.with_scale(scale)) else {
            return Some(Glyph {
                advance,
                left: 0,
                top: 0,
                ink: Ink::default(),
            });
        };
        let bounds = outline.px_bounds();
        let side = |length: f32| (length.ceil().max(0.0) as u32).min(2_048);
        let mut ink = Ink::new(side(bounds.width()), side(bounds.height()));
        outline.draw(|x, y, cover| {
            ink.add(i64::from(x), i64::from(y), (cover.clamp(0.0, 1.0) * 255.0) as u8);
        });
        Some(Glyph {
            advance,
            left: bounds.min.x.floor() as i32,
            top: bounds.min.y.floor() as i32,
            ink,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(ink: &Ink) -> u64 {
        ink.cover.iter().map(|cover| u64::from(*cover)).sum()
    }

    /// Chinese and Latin letters have ink, and different ones; what does not fit is cut.
    #[test]
    fn text_has_ink() {
        let mut fonts = FontFiles::open().read();
        assert!(!fonts.faces.is_empty(), "scripts/install.sh installs fonts");
        let chinese = fonts.line("连麦", 32, 1_000);
        assert!(chinese.width >= 50 && chinese.width <= 80, "{}", chinese.width);
        assert!(amount(&chinese) > 255 * 150, "{}", amount(&chinese));
        let other = fonts.line("直播", 32, 1_000);
        assert_ne!(chinese, other);
        let mixed = fonts.line("Ann 连麦", 32, 1_000);
        assert!(mixed.width > chinese.width + 40);
        assert_eq!(fonts.line("连麦连麦", 32, 50).width, 50);
        // Nothing is cut off above or below.
        for text in ["Agj", "连麦國"] {
            let ink = fonts.line(text, 40, 1_000);
            let row = |y| (0..ink.width).map(|x| u32::from(ink.at(x, y))).sum::<u32>();
            assert!(row(0) < 400 && row(39) < 400, "{text}: {} {}", row(0), row(39));
        }
    }

    #[test]
    fn without_fonts_there_is_no_text() {
        let mut fonts = FontFiles::default().read();
        assert_eq!(fonts.line("连麦 Ann", 32, 1_000), Ink::default());
        let mut fonts = FontFiles::open().read();
        assert_eq!(fonts.line("", 32, 1_000), Ink::default());
        assert_eq!(fonts.line("\u{1}\u{F0000}", 32, 1_000), Ink::default());
        assert_eq!(fonts.line("x", u32::MAX, 0).width, 0);
    }
}
