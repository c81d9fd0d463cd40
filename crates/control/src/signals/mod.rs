//! What passes in a room without changing it: who speaks, how loud members are, how good their connections are.
//!
//! Signals are told to those who watch the room at that moment and are not kept: they have no number, are in no
//! journal, no database and no webhook, and whoever is slow misses some. Only the newest speaker, qualities and state of
//! the mix are remembered, for those who come later.

mod arrival;
mod board;
mod hear;
mod home;
mod sound;
mod watch;

pub(crate) use board::{Board, Listener, Signal};
pub(crate) use hear::hear;
#[cfg(test)]
pub(crate) use watch::Look;
pub(crate) use watch::watch;
