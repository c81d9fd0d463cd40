//! One peer connection.
//!
//! [`Peer`] is the loop. [`link`] is the connection with its sockets, [`negotiate`] offers and answers, [`incoming`] what
//! the peer publishes, [`outgoing`] what it plays.

mod any;
#[cfg(test)]
mod drift;
mod drive;
pub(crate) mod engine;
mod incoming;
mod ladder;
mod lines;
pub(crate) mod link;
pub(crate) mod negotiate;
mod offered;
mod outgoing;
mod outlet;
mod pacer;
pub(crate) mod places;
pub(crate) mod sdp;
mod share;
mod sound_clock;
pub(crate) mod tap;
mod timeline;
mod trickle;
mod wait;
mod watch;

pub(crate) use drive::{Command, Peer};
pub(crate) use lines::{check, direction_of};
pub use offered::{OfferedLine, offered};
#[cfg(fuzzing)]
pub(crate) use trickle::{Fragment, fragment_of};
