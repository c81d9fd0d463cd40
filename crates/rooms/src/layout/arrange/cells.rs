//! One participant's cell: how its picture, its name and what stands for it are shown.

use crate::layout::{Cell, Colour, Fit, Label, Layout, Look, Participant, Rect, WhenOff, names};

pub(super) struct Painter<'a> {
    pub(super) layout: &'a Layout,
}

impl Painter<'_> {
    /// A cell with the layout's look; `fit` is the preset's own.
    pub(super) fn place(&self, who: &Participant, rect: Rect, z: i32, fit: Fit) -> Cell {
        self.cell(Some(who), rect, z, fit, self.layout.look)
    }

    pub(super) fn cell(&self, who: Option<&Participant>, rect: Rect, z: i32, fit: Fit, look: Look) -> Cell {
        let dark = |p: &Participant| look.badge_only || p.is_dark();
        let who = who.filter(|p| look.badge_only || look.when_off != WhenOff::Nothing || !dark(p));
        let with_badge = look.badge_only || look.when_off == WhenOff::Badge;
        Cell {
            input: who.map(|p| p.stream.to_string()),
            rect,
            z,
            fit: look.fit.unwrap_or(fit),
            background: look.background,
            border: look.border,
            label: who.filter(|_| look.label).map(|p| self.label(p, rect)),
            badge: who
                .filter(|_| with_badge)
                .map(|p| names::badge(p, self.layout.member(&p.account).avatar)),
            off: with_badge && who.is_some_and(dark),
        }
    }

    /// Letters fit the cell, and are not larger than in a whole picture.
    fn label(&self, who: &Participant, rect: Rect) -> Label {
        Label {
            text: names::name(who).to_owned(),
            size: (self.layout.canvas.height / 30).min(rect.h / 6).max(8),
            colour: Colour::WHITE,
            background: Some(Colour::BLACK),
        }
    }
}
