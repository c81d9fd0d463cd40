//! The canvas of one mix, from frame to frame.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use ffmpeg_next::frame;
use lianmai_rooms::layout::{Cell, Colour, OverlayKind, Rect, Scene};

use super::assets::Assets;
use super::canvas::Canvas;
use super::cell::{CellPicture, Source};
use super::colour::Yuv;
use super::damage::{Drawn, damage};
use super::figures::Figures;
use super::geometry::{Area, between};
use super::sprite::Sprite;
use super::text::Fonts;
use super::wall_clock;
use crate::codec::{CodecError, Rotation, Size};

/// Discs take this part of a cell's shorter side.
const BADGE_PERCENT: u32 = 50;

/// When a picture is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment {
    /// Milliseconds since the mix began.
    pub(crate) millis: i64,
    /// Seconds since 1970, UTC.
    pub(crate) unix: i64,
}

/// The canvas with what lies on it.
pub(crate) struct Compositor {
    canvas: Canvas,
    figures: Figures,
    scene: Arc<Scene>,
    cells: Vec<Place>,
    screens: HashMap<String, Screen>,
    drawn: Vec<Item>,
    /// When cells began to move.
    moving_since: i64,
    /// All of it is to be drawn again.
    stale: bool,
}

/// One cell of the scene with what is kept for it.
struct Place {
    name: Rc<str>,
    /// Which of the cells of the same input.
    nth: usize,
    cell: Rc<Cell>,
    from: Rect,
    picture: CellPicture,
}

/// What an input shows.
struct Screen {
    source: Source,
    at: i64,
}

/// Something that lies on the canvas.
#[derive(Clone)]
struct Item {
    key: Key,
    z: i32,
    area: Area,
    look: Look,
}

#[derive(Clone, PartialEq, Eq)]
enum Key {
    Cell(Rc<str>, usize),
    Overlay(usize),
}

#[derive(Clone)]
enum Look {
    Cell {
        index: usize,
        cell: Rc<Cell>,
        shown: Shown,
    },
    Figure(Rc<Sprite>),
}

/// What is seen in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shown {
    Nothing,
    Picture(u64),
    Badge,
}

impl PartialEq for Item {
    /// Whether they are the same to the eye.
    fn eq(&self, other: &Item) -> bool {
        self.area == other.area
            && match (&self.look, &other.look) {
                (
                    Look::Cell {
                        cell: a, shown: x, ..
                    },
                    Look::Cell {
                        cell: b, shown: y, ..
                    },
                ) => x == y && (Rc::ptr_eq(a, b) || looks_alike(a, b)),
                (Look::Figure(a), Look::Figure(b)) => Rc::ptr_eq(a, b),
                _ => false,
            }
    }
}

impl Drawn for Item {
    fn is(&self, other: &Item) -> bool {
        self.key == other.key
    }

    fn area(&self) -> Area {
        self.area
    }
}

fn looks_alike(a: &Cell, b: &Cell) -> bool {
    (a.fit, a.background, a.border, &a.label, &a.badge) == (b.fit, b.background, b.border, &b.label, &b.badge)
}

impl Compositor {
    /// A canvas for `scene`.
    ///
    /// # Errors
    /// [`CodecError::OutOfMemory`].
    pub(crate) fn new(scene: Arc<Scene>, assets: Assets, fonts: Fonts) -> Result<Compositor, CodecError> {
        let size = Size {
            width: scene.canvas.width,
            height: scene.canvas.height,
        };
        let mut compositor = Compositor {
            canvas: Canvas::new(size)?,
            figures: Figures::new(fonts),
            scene: Arc::new(Scene::empty(scene.canvas)),
            cells: Vec::new(),
            screens: HashMap::new(),
            drawn: Vec::new(),
            moving_since: i64::MIN / 2,
            stale: true,
        };
        compositor.set_scene(scene, assets, 0);
        compositor.moving_since = i64::MIN / 2;
        Ok(compositor)
    }

    /// From the next picture on it looks like this. Cells of the same input move from where they are.
    pub(crate) fn set_scene(&mut self, scene: Arc<Scene>, assets: Assets, now: i64) {
        let mut old: Vec<Place> = std::mem::take(&mut self.cells);
        let positions: Vec<Rect> = old.iter().map(|place| self.rect(place, now)).collect();
        let mut old: Vec<(Place, Rect)> = old.drain(..).zip(positions).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (index, cell) in scene.cells.iter().enumerate() {
            let name = cell.input.as_deref().unwrap_or_default();
            let count = counts.entry(name).or_default();
            let nth = *count;
            *count += 1;
            let before = old
                .iter()
                .position(|(place, _)| *place.name == *name && place.nth == nth);
            let before = before
                .filter(|_| cell.input.is_some())
                .map(|at| old.swap_remove(at));
            let (from, picture) = match before {
                Some((place, from)) => (from, place.picture),
                None => (cell.rect, CellPicture::default()),
            };
            let nth = if cell.input.is_some() { nth } else { index };
            self.cells.push(Place {
                name: name.into(),
                nth,
                cell: Rc::new(cell.clone()),
                from,
                picture,
            });
        }
        self.stale |= scene.background != self.scene.background
            || scene.background_image != self.scene.background_image;
        // Files are told anew with every scene; only others than before are a change.
        let named = scene.background_image.as_ref().map(|still| &still.0);
        if let Some(name) = named {
            let (old, new) = (self.figures.assets.get(name), assets.get(name));
            self.stale |= old.map(Arc::as_ptr) != new.map(Arc::as_ptr);
        }
        self.figures.set_assets(assets);
        self.moving_since = now;
        self.scene = scene;
    }

    /// Forgets what inputs show that are not among these.
    pub(crate) fn keep_inputs(&mut self, is_there: impl Fn(&str) -> bool) {
        self.screens.retain(|name, _| is_there(name));
    }

    /// An input shows another picture from now on.
    pub(crate) fn picture(&mut self, input: &str, frame: Arc<frame::Video>, rotation: Rotation, now: i64) {
        let serial = self
            .screens
            .get(input)
            .map_or(1, |screen| screen.source.serial + 1);
        let source = Source {
            frame,
            rotation,
            serial,
        };
        if let Some(screen) = self.screens.get_mut(input) {
            *screen = Screen { source, at: now };
        } else {
            self.screens.insert(input.to_owned(), Screen { source, at: now });
        }
    }

    /// Draws what changed; gives where. Nothing = the picture is the one before.
    pub(crate) fn compose(&mut self, moment: Moment) -> Vec<Area> {
        let mut items = self.items(moment);
        for item in &mut items {
            let Look::Cell { index, cell, shown } = &mut item.look else {
                continue;
            };
            let Shown::Picture(_) = shown else { continue };
            let source = cell.input.as_ref().and_then(|name| self.screens.get(name));
            let place = self.cells.get_mut(*index);
            let (Some(screen), Some(place)) = (source, place) else {
                continue;
            };
            let placed = screen.source.place(cell.fit, item.area);
            if place.picture.prepare(&screen.source, placed).is_err() {
                metrics::counter!("lianmai_worker_broken_pictures_total").increment(1);
                *shown = Shown::Nothing;
            }
        }
        let areas = if std::mem::take(&mut self.stale) {
            vec![self.canvas.area()]
        } else {
            damage(&self.drawn, &items, self.canvas.area())
        };
        for area in &areas {
            self.paint(&items, *area);
        }
        self.drawn = items;
        areas
    }

    /// The picture, for the encoder.
    pub(crate) fn frame_mut(&mut self) -> &mut frame::Video {
        self.canvas.frame_mut()
    }

    #[cfg(test)]
    pub(super) fn frame(&self) -> &frame::Video {
        self.canvas.frame()
    }

    fn rect(&self, place: &Place, now: i64) -> Rect {
        let length = i64::from(self.scene.transition_ms);
        let since = now.saturating_sub(self.moving_since);
        if since >= length || place.from == place.cell.rect {
            return place.cell.rect;
        }
        between(place.from, place.cell.rect, since as f32 / length as f32)
    }

    fn shown(&self, cell: &Cell, now: i64) -> Shown {
        let Some(name) = &cell.input else {
            return Shown::Nothing;
        };
        let screen = self.screens.get(name);
        match screen {
            _ if cell.off && cell.badge.is_some() => Shown::Badge,
            _ if cell.off => Shown::Nothing,
            None if cell.badge.is_some() => Shown::Badge,
            None => Shown::Nothing,
            Some(screen) => {
                let gone = now.saturating_sub(screen.at) > i64::from(self.scene.hold_ms);
                match cell.badge {
                    Some(_) if gone => Shown::Badge,
                    _ => Shown::Picture(screen.source.serial),
                }
            }
        }
    }

    /// What lies on the canvas, in drawing order.
    fn items(&mut self, moment: Moment) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::with_capacity(self.cells.len() + self.scene.overlays.len());
        for (index, place) in self.cells.iter().enumerate() {
            items.push(Item {
                key: Key::Cell(place.name.clone(), place.nth),
                z: place.cell.z,
                area: Area::of(self.rect(place, moment.millis)),
                look: Look::Cell {
                    index,
                    cell: place.cell.clone(),
                    shown: self.shown(&place.cell, moment.millis),
                },
            });
        }
        let scene = self.scene.clone();
        for (index, overlay) in scene.overlays.iter().enumerate() {
            let area = Area::of(overlay.rect);
            let Size { width, height } = area.size();
            let figure = match &overlay.kind {
                OverlayKind::Text(label) => self.figures.label(label, width),
                OverlayKind::Clock {
                    label,
                    offset_minutes,
                } => {
                    let mut label = label.clone();
                    label.text = wall_clock::written(moment.unix, *offset_minutes);
                    self.figures.label(&label, width)
                }
                OverlayKind::Picture { image } if width <= 4_096 && height <= 4_096 => {
                    self.figures.image(&image.0, width, height, false)
                }
                OverlayKind::Picture { .. } => None,
            };
            items.extend(figure.map(|sprite| Item {
                key: Key::Overlay(index),
                z: overlay.z,
                area,
                look: Look::Figure(sprite),
            }));
        }
        // Stable: equal ones keep the order of the list.
        items.sort_by_key(|item| item.z);
        items
    }

    /// Draws everything within `clip`, beginning with what hides all below it.
    fn paint(&mut self, items: &[Item], clip: Area) {
        let hides = |item: &Item| self.hides(item, clip);
        let first = items.iter().rposition(hides);
        if first.is_none() {
            self.background(clip);
        }
        for item in items.iter().skip(first.unwrap_or(0)) {
            let clip = clip.and(item.area);
            if clip.is_empty() {
                continue;
            }
            match &item.look {
                Look::Cell { index, cell, shown } => self.cell(*index, cell, *shown, item.area, clip),
                Look::Figure(sprite) => self.canvas.stamp(sprite, item.area.x0, item.area.y0, clip),
            }
        }
    }

    fn hides(&self, item: &Item, clip: Area) -> bool {
        let Look::Cell { index, cell, shown } = &item.look else {
            return false;
        };
        let picture = matches!(shown, Shown::Picture(_))
            .then(|| self.cells.get(*index)?.picture.picture())
            .flatten();
        let full = picture.is_some_and(|(_, area)| area.covers(clip));
        full || (cell.background.is_some() && item.area.covers(clip))
    }

    fn background(&mut self, clip: Area) {
        let Size { width, height } = self.canvas.area().size();
        let scene = self.scene.clone();
        let image = scene.background_image.as_ref();
        let image = image.and_then(|still| self.figures.image(&still.0, width, height, true));
        if !image.as_ref().is_some_and(|image| image.is_opaque()) {
            self.canvas.fill(clip, Yuv::from(scene.background));
        }
        if let Some(image) = image {
            self.canvas.stamp(&image, 0, 0, clip);
        }
    }

    fn cell(&mut self, index: usize, cell: &Cell, shown: Shown, area: Area, clip: Area) {
        let Some(place) = self.cells.get(index) else {
            return;
        };
        let picture = matches!(shown, Shown::Picture(_))
            .then(|| place.picture.picture())
            .flatten();
        if let Some(colour) = cell.background
            && !picture.is_some_and(|(_, laid)| laid.covers(clip))
        {
            self.canvas.fill(clip, Yuv::from(colour));
        }
        if let Some((picture, laid)) = picture {
            self.canvas.lay(picture, laid, clip);
        }
        if let (Shown::Badge, Some(badge)) = (shown, &cell.badge) {
            let side = (area.short_side() * BADGE_PERCENT / 100).clamp(8, 1_024) & !1;
            if let Some(sprite) = self.figures.badge(badge, side) {
                let middle = area.centred(sprite.size);
                self.canvas.stamp(&sprite, middle.x0, middle.y0, clip);
            }
        }
        if let Some(border) = cell.border.filter(|border| border.width > 0) {
            self.border(area, border.width, border.colour, clip);
        }
        if let Some(label) = &cell.label
            && let Some(sprite) = self.figures.label(label, area.size().width)
        {
            let edge = cell
                .border
                .map_or(0, |border| border.width.cast_signed().clamp(0, 64) & !1);
            let top = area.y1 - edge - sprite.size.height.cast_signed();
            self.canvas.stamp(&sprite, area.x0 + edge, top, clip);
        }
    }

    fn border(&mut self, area: Area, width: u32, colour: Colour, clip: Area) {
        let width = (width.saturating_add(1) & !1)
            .min((area.short_side() / 2 + 1) & !1)
            .cast_signed();
        let Area { x0, y0, x1, y1 } = area;
        let sides = [
            Area {
                y1: y0 + width,
                ..area
            },
            Area {
                y0: y1 - width,
                ..area
            },
            Area {
                x1: x0 + width,
                ..area
            },
            Area {
                x0: x1 - width,
                ..area
            },
        ];
        for side in sides {
            let side = side.and(clip);
            if !side.is_empty() {
                self.canvas.fill(side, Yuv::from(colour));
            }
        }
    }
}
