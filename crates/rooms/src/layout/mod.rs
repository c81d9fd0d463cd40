//! How the streams of a room are put into one picture and one sound.
//!
//! A [`Layout`] says it in terms of the room (presets, roles, order of joining); [`arrange`] turns it, for those who
//! publish at the moment, into a [`Scene`]: rectangles in pixels and gains, which is all that a compositor has to know.
//! [`vendor`] translates the layouts of the vendors' grammars.

mod area;
mod arrange;
mod check;
mod definition;
mod names;
mod participant;
mod scene;
mod sound;
mod source;
pub mod vendor;

pub use area::{Area, Fraction, FractionError};
pub use arrange::arrange;
pub use check::LayoutError;
pub use definition::{Arrangement, Layout, LayoutOverlay, Look, Preset, Region, WhenOff};
pub use participant::Participant;
pub use scene::{
    Badge, Border, Canvas, Cell, Colour, Fit, Label, Overlay, OverlayKind, Quality, Rect, Scene, SceneError,
    Still, Voice,
};
pub use sound::{Gain, GainError, MemberMix};
pub use source::Source;
