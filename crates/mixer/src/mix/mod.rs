//! Many streams into one: pictures composed on a canvas, sound summed, both on one fixed clock.
//!
//! `clock` says where an input's stamps lie on the mix's own timeline, for its sound and its pictures alike (R-M1, R-M2);
//! `sound` and `compose` do the work without I/O. Times are positions: samples at 48 kHz since the mix began.

pub(crate) mod clock;
pub(crate) mod compose;
pub mod measure;
pub(crate) mod sound;
