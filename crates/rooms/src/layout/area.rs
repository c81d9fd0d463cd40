//! A part of the canvas, in pixels or in fractions of it.

use serde::{Deserialize, Serialize};

use super::{Canvas, Rect};

/// A number that is not a fraction of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fraction must be 0 to 1")]
pub struct FractionError;

/// A part of a width or height: 0 to 1 in steps of 1/10 000, written as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Fraction(u16);

impl Fraction {
    /// None of it.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ONE: Self = Self(10_000);

    /// From ten-thousandths; what is above the whole is the whole.
    #[must_use]
    pub const fn from_ten_thousandths(parts: u16) -> Self {
        if parts > 10_000 { Self::ONE } else { Self(parts) }
    }

    /// In ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> u16 {
        self.0
    }
}

impl TryFrom<f64> for Fraction {
    type Error = FractionError;

    fn try_from(value: f64) -> Result<Self, FractionError> {
        if !(0.0..=1.0).contains(&value) {
            return Err(FractionError);
        }
        // From 0 to 10 000: nothing is lost.
        Ok(Self((value * 10_000.0).round() as u16))
    }
}

impl From<Fraction> for f64 {
    fn from(fraction: Fraction) -> Self {
        Self::from(fraction.0) / 10_000.0
    }
}

/// A rectangle of the canvas. It starts inside the canvas; what reaches beyond is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "unit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Area {
    /// In pixels of the canvas.
    Pixels {
        /// Left edge.
        x: u32,
        /// Upper edge.
        y: u32,
        /// Width.
        w: u32,
        /// Height.
        h: u32,
    },
    /// In fractions of the canvas's width and height.
    Fraction {
        /// Left edge.
        x: Fraction,
        /// Upper edge.
        y: Fraction,
        /// Width.
        w: Fraction,
        /// Height.
        h: Fraction,
    },
}

impl Area {
    /// The whole canvas.
    pub const WHOLE: Self = Self::Fraction {
        x: Fraction::ZERO,
        y: Fraction::ZERO,
        w: Fraction::ONE,
        h: Fraction::ONE,
    };

    /// The rectangle on this canvas: inside it, with even edges, so that colour samples are whole. `None` if it is
    /// empty or starts outside.
    #[must_use]
    pub fn on(self, canvas: &Canvas) -> Option<Rect> {
        let (width, height) = (canvas.width, canvas.height);
        let ((x, w), (y, h)) = match self {
            Self::Pixels { x, y, w, h } => (span(x, w, width)?, span(y, h, height)?),
            Self::Fraction { x, y, w, h } => (part(x, w, width)?, part(y, h, height)?),
        };
        Some(Rect {
            x: i32::try_from(x).ok()?,
            y: i32::try_from(y).ok()?,
            w,
            h,
        })
    }
}

/// Start and length of a span in pixels, both even, inside `whole`.
fn span(start: u32, length: u32, whole: u32) -> Option<(u32, u32)> {
    if length == 0 {
        return None;
    }
    let from = even(start);
    let to = even(start.saturating_add(length))
        .max(from.saturating_add(2))
        .min(even(whole));
    (from < to).then(|| (from, to - from))
}

/// As [`span`], of fractions: areas that touch in fractions touch in pixels.
fn part(start: Fraction, length: Fraction, whole: u32) -> Option<(u32, u32)> {
    if length == Fraction::ZERO {
        return None;
    }
    let edge = |parts: u32| u32::try_from(u64::from(parts) * u64::from(whole) / 10_000).unwrap_or(whole);
    let from = edge(u32::from(start.0));
    let to = edge(u32::from(start.0) + u32::from(length.0));
    span(from, to.saturating_sub(from).max(1), whole)
}

/// The next even number below.
pub(crate) const fn even(value: u32) -> u32 {
    value & !1
}
