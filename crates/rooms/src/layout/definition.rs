//! A layout as plain data: what a client sends and what is stored with the room.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Area, Border, Canvas, Colour, Fit, MemberMix, OverlayKind, Source, Still};
use crate::AccountId;

/// How the streams of a room become one picture and one sound. Check it with [`Layout::check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layout {
    /// Size and rates of the output.
    pub canvas: Canvas,
    /// Behind everything.
    pub background: Colour,
    /// Behind everything, scaled to cover; instead of the colour.
    pub background_image: Option<Still>,
    /// Where the pictures are.
    pub arrangement: Arrangement,
    /// Whose picture is the main one; `None` = as the arrangement has it, see [`Preset`]. One that is not there:
    /// as `None`.
    pub main: Option<Source>,
    /// How pictures are shown, unless their region says otherwise.
    pub look: Look,
    /// What is drawn over the pictures.
    pub overlays: Vec<LayoutOverlay>,
    /// What is special about single accounts.
    pub members: BTreeMap<AccountId, MemberMix>,
    /// How long pictures take to move to their new places, in milliseconds; 0 = at once.
    pub transition_ms: u32,
    /// After how long without a picture the badge takes its place, in milliseconds (R-M4).
    pub hold_ms: u32,
}

impl Default for Layout {
    /// A grid on black, 1280 × 720, with names and initials.
    fn default() -> Self {
        Self {
            canvas: Canvas::default(),
            background: Colour::BLACK,
            background_image: None,
            arrangement: Arrangement::default(),
            main: None,
            look: Look::default(),
            overlays: Vec::new(),
            members: BTreeMap::new(),
            transition_ms: 0,
            hold_ms: 3_000,
        }
    }
}

impl Layout {
    /// Defaults with this preset.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        Self {
            arrangement: Arrangement::Preset { preset },
            ..Self::default()
        }
    }

    /// What is said about an account.
    #[must_use]
    pub fn member(&self, account: &AccountId) -> MemberMix {
        self.members.get(account).cloned().unwrap_or_default()
    }
}

/// Where the pictures are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrangement {
    /// A well-known one, for any number of members.
    Preset {
        /// Which.
        preset: Preset,
    },
    /// Regions one by one.
    Custom {
        /// In order of drawing, where their `z` is equal.
        regions: Vec<Region>,
    },
}

impl Default for Arrangement {
    fn default() -> Self {
        Self::Preset { preset: Preset::Grid }
    }
}

/// Well-known arrangements. Rows fill from the left, so that a member who joins or leaves moves as few as possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Equal places of the canvas's shape, pictures whole.
    Grid,
    /// Equal places that fill the canvas, edges of pictures cut off.
    GridCropped,
    /// One large, the others in a strip below. Large is who speaks.
    SpeakerBottom,
    /// One large, the others in a strip above. Large is who speaks.
    SpeakerTop,
    /// One on the whole canvas, the others in windows over it, at the bottom. The whole: the first admin, else the
    /// first member.
    Floating,
    /// As floating, windows at the top.
    FloatingTop,
    /// One in the left half, the others in the right half.
    SideBySide,
    /// One on the whole canvas, one other in a window at the lower right.
    PictureInPicture,
    /// A shared screen large, cameras in a strip at the right; without a screen, who speaks.
    ScreenShare,
    /// No pictures: badges in a grid.
    AudioOnly,
    /// Only who speaks.
    SingleSpeaker,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Grid,
        Self::GridCropped,
        Self::SpeakerBottom,
        Self::SpeakerTop,
        Self::Floating,
        Self::FloatingTop,
        Self::SideBySide,
        Self::PictureInPicture,
        Self::ScreenShare,
        Self::AudioOnly,
        Self::SingleSpeaker,
    ];

    /// Whether one picture is the main one; it is then the first cell of the scene.
    #[must_use]
    pub const fn has_main(self) -> bool {
        !matches!(self, Self::Grid | Self::GridCropped | Self::AudioOnly)
    }
}

/// What is shown while a camera is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenOff {
    /// The avatar, else initials.
    #[default]
    Badge,
    /// The last picture.
    LastPicture,
    /// Nothing; presets give the place to others.
    Nothing,
}

/// How pictures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// How a picture meets its place; `None` = as the preset has it, whole in regions.
    pub fit: Option<Fit>,
    /// Behind a picture: bars, and an empty place.
    pub background: Option<Colour>,
    /// A frame.
    pub border: Option<Border>,
    /// With the name.
    pub label: bool,
    /// While the camera is off.
    pub when_off: WhenOff,
    /// Never a picture, always the badge.
    pub badge_only: bool,
}

impl Look {
    /// The default, without names.
    pub const UNNAMED: Self = Self {
        fit: None,
        background: None,
        border: None,
        label: false,
        when_off: WhenOff::Badge,
        badge_only: false,
    };
}

impl Default for Look {
    fn default() -> Self {
        Self {
            label: true,
            ..Self::UNNAMED
        }
    }
}

/// A place of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Whose picture.
    pub source: Source,
    /// Where.
    pub area: Area,
    /// Higher is in front, −1000 to 1000.
    #[serde(default)]
    pub z: i32,
    /// How it is shown; `None` = as the layout says.
    #[serde(default)]
    pub look: Option<Look>,
}

/// Something drawn over the pictures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutOverlay {
    /// Where; text is cut at its edges.
    pub area: Area,
    /// Higher is in front, counted together with the regions.
    #[serde(default)]
    pub z: i32,
    /// What.
    pub kind: OverlayKind,
}
