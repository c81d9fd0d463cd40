//! Bounds of a layout, so that whatever was accepted can be drawn.

use super::{
    Area, Arrangement, Border, Canvas, Label, Layout, LayoutOverlay, OverlayKind, Region, SceneError, Source,
    Still,
};

/// What a layout may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The canvas cannot be encoded.
    #[error(transparent)]
    Canvas(#[from] SceneError),
    /// More than may be.
    #[error("at most {max} {what}")]
    TooMany {
        /// `regions`, `overlays` or `members`.
        what: &'static str,
        /// How many may be.
        max: usize,
    },
    /// A place is empty or starts outside the canvas.
    #[error("the area of {what} {index} is empty or outside the canvas")]
    Area {
        /// `region` or `overlay`.
        what: &'static str,
        /// Which, from 0.
        index: usize,
    },
    /// A text is too long, has line breaks, or its letters are too small or too large.
    #[error("the text of overlay {index} must be one line of at most {max} bytes, its size 8 to 512", max = Layout::MAX_TEXT)]
    Text {
        /// Which overlay, from 0.
        index: usize,
    },
    /// A number out of bounds.
    #[error("{field} is out of bounds")]
    Number {
        /// Which.
        field: &'static str,
    },
    /// A name of a picture file is empty, too long, or has other characters than `A-Z a-z 0-9 . _ -`.
    #[error("the name of a picture must be 1 to {max} of A-Z a-z 0-9 . _ -", max = Layout::MAX_STILL)]
    Still,
    /// The main picture is named by itself.
    #[error("the main picture cannot be named by itself")]
    Main,
}

impl Layout {
    /// Most regions.
    pub const MAX_REGIONS: usize = 64;
    /// Most overlays.
    pub const MAX_OVERLAYS: usize = 32;
    /// Most accounts of which something special is said.
    pub const MAX_MEMBERS: usize = 256;
    /// Longest text of an overlay in bytes.
    pub const MAX_TEXT: usize = 512;
    /// Longest name of a picture file in bytes.
    pub const MAX_STILL: usize = 128;
    /// Longest transition in milliseconds.
    pub const MAX_TRANSITION_MS: u32 = 5_000;
    /// Longest time without a picture before the badge, in milliseconds.
    pub const MAX_HOLD_MS: u32 = 600_000;

    /// Whether it can be arranged and drawn.
    ///
    /// # Errors
    /// Says what is out of bounds.
    pub fn check(&self) -> Result<(), LayoutError> {
        self.canvas.check()?;
        let none: &[Region] = &[];
        let regions = match &self.arrangement {
            Arrangement::Preset { .. } => none,
            Arrangement::Custom { regions } => regions,
        };
        count("regions", regions.len(), Self::MAX_REGIONS)?;
        count("overlays", self.overlays.len(), Self::MAX_OVERLAYS)?;
        count("members", self.members.len(), Self::MAX_MEMBERS)?;
        number("transition_ms", self.transition_ms <= Self::MAX_TRANSITION_MS)?;
        number("hold_ms", self.hold_ms <= Self::MAX_HOLD_MS)?;
        border(self.look.border)?;
        self.background_image.as_ref().map_or(Ok(()), still)?;
        for (index, region) in regions.iter().enumerate() {
            area("region", index, region.area, &self.canvas)?;
            number("z", depth(region.z))?;
            border(region.look.and_then(|look| look.border))?;
        }
        for (index, overlay) in self.overlays.iter().enumerate() {
            area("overlay", index, overlay.area, &self.canvas)?;
            number("z", depth(overlay.z))?;
            drawn(index, overlay)?;
        }
        let mut avatars = self.members.values().filter_map(|member| member.avatar.as_ref());
        avatars.try_for_each(still)?;
        if self.main.as_ref().is_none_or(Source::can_be_main) {
            Ok(())
        } else {
            Err(LayoutError::Main)
        }
    }
}

fn count(what: &'static str, number: usize, max: usize) -> Result<(), LayoutError> {
    if number > max {
        return Err(LayoutError::TooMany { what, max });
    }
    Ok(())
}

fn number(field: &'static str, good: bool) -> Result<(), LayoutError> {
    if good {
        Ok(())
    } else {
        Err(LayoutError::Number { field })
    }
}

fn depth(z: i32) -> bool {
    (-1_000..=1_000).contains(&z)
}

fn border(border: Option<Border>) -> Result<(), LayoutError> {
    number("border", border.is_none_or(|border| border.width <= 64))
}

fn area(what: &'static str, index: usize, area: Area, canvas: &Canvas) -> Result<(), LayoutError> {
    area.on(canvas)
        .map(|_| ())
        .ok_or(LayoutError::Area { what, index })
}

fn drawn(index: usize, overlay: &LayoutOverlay) -> Result<(), LayoutError> {
    let written = |label: &Label| {
        let line = label.text.len() <= Layout::MAX_TEXT && !label.text.chars().any(char::is_control);
        let good = line && (8..=512).contains(&label.size);
        good.then_some(()).ok_or(LayoutError::Text { index })
    };
    match &overlay.kind {
        OverlayKind::Text(label) => written(label),
        OverlayKind::Clock {
            label,
            offset_minutes,
        } => {
            written(label)?;
            number("offset_minutes", (-1_440..=1_440).contains(offset_minutes))
        }
        OverlayKind::Picture { image } => still(image),
    }
}

fn still(image: &Still) -> Result<(), LayoutError> {
    let name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    if (1..=Layout::MAX_STILL).contains(&image.0.len()) && image.0.bytes().all(name) {
        Ok(())
    } else {
        Err(LayoutError::Still)
    }
}
