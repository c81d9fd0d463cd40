//! The sockets of all peers, with real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod demux;
mod flood;
mod kit;
mod life;
mod send;
mod tcp;
mod tcp_limits;
