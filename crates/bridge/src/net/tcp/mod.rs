//! Peers without UDP: passive ICE-TCP (RFC 6544) with frames of RFC 4571.

mod connection;
mod frames;
mod listener;
mod unsent;

pub(super) use listener::Listener;
pub(super) use unsent::Unsent;
