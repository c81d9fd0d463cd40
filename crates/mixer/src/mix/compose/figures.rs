//! What is drawn besides members' pictures: labels, clocks, badges, logos. Each is drawn once and kept while it is used.

use std::collections::HashMap;
use std::rc::Rc;

use image::{Rgba, RgbaImage};
use lianmai_rooms::layout::{Badge, Colour, Label};

use super::assets::{Assets, covering, stretched};
use super::sprite::Sprite;
use super::text::{Fonts, Ink};

/// Figures that are kept.
const MAX_KEPT: usize = 256;
/// How much of what is behind a label shows through its background.
const LABEL_OPACITY: u8 = 128;

/// Draws figures.
pub(super) struct Figures {
    fonts: Fonts,
    pub(super) assets: Assets,
    kept: HashMap<Key, Option<Rc<Sprite>>>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Label(Label, u32),
    Badge(Badge, u32),
    Image(String, u32, u32, bool),
}

impl Figures {
    pub(super) fn new(fonts: Fonts) -> Figures {
        Figures {
            fonts,
            assets: Assets::default(),
            kept: HashMap::new(),
        }
    }

    /// Takes other files; figures made of the old ones are drawn anew.
    pub(super) fn set_assets(&mut self, assets: Assets) {
        self.assets = assets;
        self.kept.clear();
    }

    /// A line of text at most `most` pixels wide; `None` when there is nothing to see.
    pub(super) fn label(&mut self, label: &Label, most: u32) -> Option<Rc<Sprite>> {
        let key = Key::Label(label.clone(), most);
        self.keep(key, |this| {
            let edge = (label.size / 4).clamp(2, 16);
            let ink = this
                .fonts
                .line(&label.text, label.size, most.saturating_sub(2 * edge));
            (ink.width > 0).then(|| written(&ink, edge, label))
        })
    }

    /// What stands for a member, about `side` pixels wide and high.
    pub(super) fn badge(&mut self, badge: &Badge, side: u32) -> Option<Rc<Sprite>> {
        let key = Key::Badge(badge.clone(), side);
        self.keep(key, |this| {
            let image = badge.image.as_ref().and_then(|still| this.assets.get(&still.0));
            let face = match image {
                Some(image) => covering(image, side, side),
                None => this.letters(badge, side),
            };
            Some(disc(face))
        })
    }

    /// A file's picture at this size: stretched to it, or covering it.
    pub(super) fn image(&mut self, name: &str, width: u32, height: u32, cover: bool) -> Option<Rc<Sprite>> {
        let key = Key::Image(name.to_owned(), width, height, cover);
        self.keep(key, |this| {
            let image = this.assets.get(name)?;
            Some(match cover {
                true => covering(image, width, height),
                false => stretched(image, width, height),
            })
        })
    }

    fn keep(&mut self, key: Key, draw: impl FnOnce(&mut Figures) -> Option<RgbaImage>) -> Option<Rc<Sprite>> {
        if let Some(known) = self.kept.get(&key) {
            return known.clone();
        }
        let sprite = draw(self).map(|image| Rc::new(Sprite::of(&image)));
        if self.kept.len() >= MAX_KEPT {
            self.kept.clear();
        }
        self.kept.insert(key, sprite.clone());
        sprite
    }

    fn letters(&mut self, badge: &Badge, side: u32) -> RgbaImage {
        let Colour { r, g, b } = badge.colour;
        let mut face = RgbaImage::from_pixel(side, side, Rgba([r, g, b, 255]));
        let light = u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b) > 1_700;
        let colour = if light { Colour::BLACK } else { Colour::WHITE };
        let two: String = badge.letters.chars().take(2).collect();
        let ink = self.fonts.line(&two, side * 2 / 5, side);
        draw_ink(
            &mut face,
            &ink,
            side.saturating_sub(ink.width) / 2,
            side.saturating_sub(ink.height) / 2,
            colour,
        );
        face
    }
}

fn written(ink: &Ink, edge: u32, label: &Label) -> RgbaImage {
    let back = label.background.map_or(Rgba([0; 4]), |colour| {
        Rgba([colour.r, colour.g, colour.b, LABEL_OPACITY])
    });
    let mut image = RgbaImage::from_pixel(ink.width + 2 * edge, ink.height + edge, back);
    draw_ink(&mut image, ink, edge, edge / 2, label.colour);
    image
}

/// Letters over what is there.
fn draw_ink(image: &mut RgbaImage, ink: &Ink, left: u32, top: u32, colour: Colour) {
    for y in 0..ink.height {
        for x in 0..ink.width {
            let cover = u32::from(ink.at(x, y));
            let Some(pixel) = image.get_pixel_mut_checked(left + x, top + y) else {
                continue;
            };
            if cover == 0 {
                continue;
            }
            let [r, g, b, a] = pixel.0.map(u32::from);
            let opacity = cover + a * (255 - cover) / 255;
            let mix = |new: u8, old: u32| {
                ((u32::from(new) * cover + old * a * (255 - cover) / 255) / opacity.max(1)).min(255) as u8
            };
            pixel.0 = [
                mix(colour.r, r),
                mix(colour.g, g),
                mix(colour.b, b),
                opacity.min(255) as u8,
            ];
        }
    }
}

/// Only what lies in the largest disc.
fn disc(mut face: RgbaImage) -> RgbaImage {
    let radius = face.width().min(face.height()) as f32 / 2.0;
    let (middle_x, middle_y) = (face.width() as f32 / 2.0, face.height() as f32 / 2.0);
    for (x, y, pixel) in face.enumerate_pixels_mut() {
        let (dx, dy) = (x as f32 + 0.5 - middle_x, y as f32 + 0.5 - middle_y);
        let inside = (radius - dx.hypot(dy) + 0.5).clamp(0.0, 1.0);
        pixel.0[3] = (f32::from(pixel.0[3]) * inside) as u8;
    }
    face
}
