//! Who may publish or play: the one decision for all protocols (R-K2).
//!
//! What is not granted is denied. A token is checked without a look-up first; then whether its stream, version and
//! holder are still there; then the app's limits; then, if the app wants to be asked, the app.

mod authorise;
mod connections;
mod hook;
mod internal;

pub use authorise::Access;
