//! Pictures of many into one: a canvas, a list of what lies where, and only what changed drawn again.
//!
//! Everything here is pure but for FFmpeg's scaler: the scene, decoded pictures and the time come in, the canvas is looked
//! at by its owner. A picture is scaled once when it comes and kept at its cell's size, so that what lies over it can move
//! without scaling it again; one of the right size is not even copied before it is laid on the canvas.

mod assets;
mod canvas;
mod cell;
mod colour;
mod compositor;
mod damage;
mod figures;
mod geometry;
mod sprite;
#[cfg(test)]
mod tests;
mod text;
mod wall_clock;

pub(crate) use assets::Assets;
pub(crate) use compositor::{Compositor, Moment};
pub(crate) use text::FontFiles;
