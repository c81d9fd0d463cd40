//! The conference WebSocket: JSON texts, requests with `op` and `tsxId`, answers with `op` 1001, events with `sessId`.
//!
//! A connection belongs to a session of the gateway that outlives it (`sessId`), like that of `/v1/ws`. Per connection
//! there is a cursor into the room's events and no queue: a client that does not keep up is closed and comes back.

mod connect;
mod connection;
mod enter;
mod frame;
mod ops;
mod peers;
mod remote;

pub(super) use connect::connect;
