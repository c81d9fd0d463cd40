//! Events of rooms on their way to whoever listens: a bounded journal per room, read by cursors.
//!
//! A listener costs a cursor. One that is too slow, or comes back too late, is told so ([`Next::Lagged`]) and starts
//! again from a view of the room. An event appears here only when it is durable, or when its writing has failed.

mod journal;
mod journals;
mod viewer;

pub(crate) use journal::Journal;
pub use journal::{Next, RoomEvent, Subscription};
pub(crate) use journals::Journals;
pub use viewer::{Verdict, Viewer};
