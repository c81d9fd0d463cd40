//! The HTTP face over real sockets: a server on a loopback port, a service on a database in a temporary folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod document;
mod emedia;
#[path = "../support/ends.rs"]
mod ends;
mod harness;
mod hostile;
mod limits;
mod netcall;
mod refusals;
mod secrets;
mod sockets;
mod tokens;
mod walk;
mod webrtc;
