//! NetEase netcall clients of mini programs: look-ups, the gateway's WebSocket, and calls with real media
//! (docs/netcall.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod call;
mod ends;
mod entry;
mod hostile;
mod live;
mod reconnect;
