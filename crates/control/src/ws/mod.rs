//! The WebSocket `/v1/ws`: events of rooms, and the same commands as REST.
//!
//! Frames are JSON texts. A connection belongs to a session that outlives it; whoever comes back with the session id and
//! the sequences it saw gets what it missed, or a full view if that is no longer kept. Per connection the gateway holds
//! cursors, not queues: a client that does not keep up is closed and may resume.

mod close;
mod connect;
mod connection;
mod dispatch;
mod frame;
mod live;
pub(crate) mod session;
mod watch;

pub use close::CloseReason;
pub(crate) use connect::*;
pub(crate) use frame::max_message;
pub(crate) use live::{Hold, LiveSessions};
