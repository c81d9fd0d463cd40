//! The client side of a connection: publish to, or play from, another server.

mod answers;
mod config;
mod event;
mod login;
mod session;

pub use config::{ClientConfig, Purpose};
pub use event::{ClientEvent, NotReady};
pub use session::ClientSession;
