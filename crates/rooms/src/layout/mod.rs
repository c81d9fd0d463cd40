//! How the streams of a room are put into one picture and one sound.
//!
//! A layout says it in terms of the room (presets, roles, order of joining); arranging it gives a [`Scene`]: rectangles in
//! pixels and gains, which is all that a compositor has to know.

mod scene;

pub use scene::{
    Badge, Border, Canvas, Cell, Colour, Fit, Label, Overlay, OverlayKind, Quality, Rect, Scene, SceneError,
    Still, Voice,
};
